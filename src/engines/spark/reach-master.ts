/** Asks before a start whether a standalone master can be reached: Spark itself tries for a minute before it says so. */
import { connect } from 'node:net'
import { MillraceError } from '../../core/error.ts'

const PATIENCE_MS = 5000

/** One of several masters is enough. Errors: BATCH_MASTER_UNREACHABLE. */
export async function reachMaster(master: string, patienceMs = PATIENCE_MS): Promise<void> {
  const addresses = addressesOf(master)
  if (addresses.length === 0) return
  const faults = await Promise.all(addresses.map((address) => tryConnect(address, patienceMs)))
  if (faults.includes(undefined)) return
  throw new MillraceError('BATCH_MASTER_UNREACHABLE', { master, why: [...new Set(faults)].join('; ') })
}

interface Address {
  readonly host: string
  readonly port: number
}

/** `spark://a:7077,b:7077`; other masters are found by their own clients. */
export function addressesOf(master: string): Address[] {
  if (!master.startsWith('spark://')) return []
  return master
    .slice('spark://'.length)
    .split(',')
    .map((address) => {
      const cut = address.lastIndexOf(':')
      return { host: address.slice(0, cut).replace(/^\[|\]$/g, ''), port: Number(address.slice(cut + 1)) }
    })
}

/** Undefined when the port is open. */
function tryConnect({ host, port }: Address, patienceMs: number): Promise<string | undefined> {
  if (!host || !Number.isInteger(port) || port < 1 || port > 65_535)
    return Promise.resolve('it has to be written as spark://host:port')
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs })
    const end = (fault?: string) => {
      socket.destroy()
      resolve(fault)
    }
    socket.once('connect', () => end())
    socket.once('timeout', () => end(`${host}:${port} did not answer within ${patienceMs / 1000} s`))
    socket.once('error', (error: NodeJS.ErrnoException) => end(describe(error, host, port)))
  })
}

function describe({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === 'ECONNREFUSED') return `nothing listens on port ${port} of ${host}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no host ${host}`
  return message || `${host}:${port} cannot be reached`
}
