/** What a standalone master says of its workers and applications, from the JSON of its page. */
import { MillraceError } from '../../core/error.ts'
import type { ClusterState } from '../../ports/batch-engine.ts'
import { APPLICATION_PREFIX } from './application-name.ts'
import { addressesOf, reachMaster } from './reach-master.ts'

const PATIENCE_MS = 3000
const PAGE_PORT = 8080
const MEBIBYTE = 1024 * 1024

/** As much of the page as is read here; memory in MiB. */
interface MasterPage {
  readonly status?: unknown
  readonly workers?: readonly Readonly<Record<string, unknown>>[]
  readonly activeapps?: readonly Readonly<Record<string, unknown>>[]
}

/**
 * `page` is the address of the master's page; without it, port 8080 of each master's host is asked. Undefined for
 * masters that are not standalone. Errors: BATCH_MASTER_UNREACHABLE, BATCH_MASTER_SILENT.
 */
export async function readMaster(
  master: string,
  page?: string,
  patienceMs = PATIENCE_MS,
): Promise<ClusterState | undefined> {
  const addresses = addressesOf(master)
  if (addresses.length === 0) return undefined
  await reachMaster(master, patienceMs)
  const pages = page
    ? [page.replace(/\/$/, '')]
    : addresses.map(({ host }) => `http://${bracketed(host)}:${PAGE_PORT}`)
  const answers = await Promise.all(pages.map((one) => askPage(one, patienceMs)))
  // Of several masters one is in charge; the others say STANDBY and know nobody.
  const found = answers.find((answer) => typeof answer !== 'string' && answer.status === 'ALIVE')
  if (found && typeof found !== 'string') return stateOf(found)
  const why = answers.map((answer) =>
    typeof answer === 'string' ? answer : `a master there is ${answer.status}`,
  )
  throw new MillraceError('BATCH_MASTER_SILENT', { master, why: why.join('; ') })
}

/** What the page holds, or why it cannot be read. */
async function askPage(page: string, patienceMs: number): Promise<MasterPage | string> {
  try {
    const answer = await fetch(`${page}/json/`, { signal: AbortSignal.timeout(patienceMs) })
    if (!answer.ok) return `${page} answers with status ${answer.status}`
    const found = (await answer.json()) as MasterPage | null
    return found && typeof found === 'object' && Array.isArray(found.workers)
      ? found
      : `${page} is no master's page`
  } catch (error) {
    const { name, message, cause } = error as Error
    if (name === 'TimeoutError') return `${page} did not answer within ${patienceMs / 1000} s`
    if (error instanceof SyntaxError) return `${page} is no master's page`
    return `${page}: ${(cause as Error | undefined)?.message || message}`
  }
}

function stateOf({ workers = [], activeapps = [] }: MasterPage): ClusterState {
  const alive = workers.filter(({ state }) => state === 'ALIVE')
  const sum = (name: string) => alive.reduce((total, worker) => total + numberOf(worker[name]), 0)
  const ours = activeapps.filter(({ name }) => String(name).startsWith(APPLICATION_PREFIX))
  return {
    workers: alive.length,
    cores: sum('cores'),
    freeCores: sum('coresfree'),
    memoryBytes: sum('memory') * MEBIBYTE,
    freeMemoryBytes: sum('memoryfree') * MEBIBYTE,
    applications: ours.map(({ name, state, cores, starttime }) => ({
      name: String(name),
      state: state === 'RUNNING' ? ('running' as const) : ('waiting' as const),
      cores: numberOf(cores),
      startedMs: numberOf(starttime),
    })),
    otherApplications: activeapps.length - ours.length,
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
