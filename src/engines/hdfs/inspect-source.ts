/** What manifests and names of files in HDFS tell of a source, without a block being read. */
import type { ArchiveFinding } from '../../ports/archive.ts'
import { type FoundManifest, lookForManifest } from './manifest-generations.ts'
import { manifestName, type RemoteFolder } from './remote-folder.ts'
import type { WebHdfs } from './web-hdfs.ts'
import { LEASE_MS } from './writer-lease.ts'

export interface Inspected {
  readonly found?: FoundManifest
  readonly findings: readonly ArchiveFinding[]
}

/** Errors: ARCHIVE_CORRUPT_MANIFEST. */
export async function inspectSource(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  leaseMs = LEASE_MS,
): Promise<Inspected> {
  // Before the manifest: whoever adds blocks now holds it, or has committed them by then.
  const isWritten = await hasWriter(hdfs, folder, leaseMs)
  const names = (await hdfs.list(folder.blocks)).map(({ pathSuffix }) => pathSuffix)
  const found = await lookForManifest(hdfs, folder)
  const { blocks = [], retired = [] } = found?.manifest ?? {}
  const known = new Set([...blocks, ...retired].map(({ name }) => name))
  const held = new Set(names)
  const unnamed = isWritten ? [] : names.filter((name) => name.endsWith('.parquet') && !known.has(name))
  return {
    ...(found && { found }),
    findings: [
      ...manifestFault(found),
      ...blocks.filter(({ name }) => !held.has(name)).map(({ name }) => finding(name, 'missing', 'lost')),
      ...unnamed.map((name) => finding(name, 'unnamed', 'left')),
    ],
  }
}

function manifestFault(found: FoundManifest | undefined): ArchiveFinding[] {
  if (!found?.fault) return []
  return [finding(manifestName(found.manifest.generation), found.fault, 'healed')]
}

function finding(
  block: string,
  fault: ArchiveFinding['fault'],
  outcome: ArchiveFinding['outcome'],
): ArchiveFinding {
  return { block, copy: 'primary', fault, outcome }
}

async function hasWriter(hdfs: WebHdfs, folder: RemoteFolder, leaseMs: number): Promise<boolean> {
  const lease = await hdfs.status(folder.lease)
  return lease !== undefined && hdfs.now() - lease.modificationTime < leaseMs
}
