/** What the NameNode says of itself and its DataNodes, from its JMX servlet. */
import type { StorageHealth } from '../../ports/archive.ts'

export type ReadBean = (name: string) => Promise<Readonly<Record<string, unknown>> | undefined>

interface NodeEntry {
  readonly infoAddr?: string
  readonly infoSecureAddr?: string
  readonly xferaddr?: string
}

/** `host:port` of its RPC service. */
export async function rpcAddressOf(read: ReadBean): Promise<string | undefined> {
  const found = (await read('NameNodeStatus'))?.HostAndPort
  return typeof found === 'string' && found.includes(':') ? found : undefined
}

export async function healthOf(read: ReadBean): Promise<StorageHealth | undefined> {
  const [system, state] = [await read('FSNamesystem'), await read('FSNamesystemState')]
  if (!system || !state) return undefined
  const number = (value: unknown) => (typeof value === 'number' ? value : 0)
  return {
    liveNodes: number(state.NumLiveDataNodes),
    deadNodes: number(state.NumDeadDataNodes),
    underReplicatedBlocks: number(system.UnderReplicatedBlocks),
    missingBlocks: number(system.MissingBlocks),
    corruptBlocks: number(system.CorruptBlocks),
    remainingBytes: number(system.CapacityRemaining),
    isSafeMode: state.FSState !== undefined && state.FSState !== 'Operational',
  }
}

/**
 * By the web address that a redirect names: the transfer address by which `excludedatanodes` knows a DataNode.
 * With several on one machine its host alone would not do.
 */
export async function transferAddressesOf(read: ReadBean): Promise<ReadonlyMap<string, string>> {
  const info = await read('NameNodeInfo')
  const addresses = new Map<string, string>()
  for (const key of ['LiveNodes', 'DeadNodes']) {
    const nodes = parseNodes(info?.[key])
    for (const [name, { infoAddr, infoSecureAddr, xferaddr }] of Object.entries(nodes)) {
      if (xferaddr === undefined) continue
      for (const web of [infoAddr, infoSecureAddr]) {
        if (web === undefined) continue
        addresses.set(web, xferaddr)
        // A redirect may name the host where the bean has its number.
        addresses.set(`${name.split(':')[0]}:${web.split(':').at(-1)}`, xferaddr)
      }
    }
  }
  return addresses
}

function parseNodes(text: unknown): Readonly<Record<string, NodeEntry>> {
  try {
    return JSON.parse(String(text)) as Record<string, NodeEntry>
  } catch {
    return {}
  }
}
