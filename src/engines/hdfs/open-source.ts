/** Opens a source in HDFS for writing: takes lock and lease, finds the manifest, clears what a crash left. */
import { mkdir, rm } from 'node:fs/promises'
import { digits } from '../../archive/block-name.ts'
import { takeLock } from '../../archive/lock.ts'
import type { PendingIngest } from '../../archive/source-writer.ts'
import { MillraceError } from '../../core/error.ts'
import { HdfsWriter, removableIn, type WriterPlace } from './hdfs-writer.ts'
import { commitManifest, findOrBegin, type RemoteManifest } from './manifest-generations.ts'
import type { RemoteFolder } from './remote-folder.ts'
import { UploadFolder } from './upload-folder.ts'
import type { WebHdfs } from './web-hdfs.ts'
import { overtaken, WriterLease } from './writer-lease.ts'

export interface OpenPlace extends WriterPlace {
  readonly dataDir: string
}

/** Errors: ARCHIVE_*. */
export async function withOpenSource<T>(
  place: OpenPlace,
  act: (writer: HdfsWriter) => Promise<T>,
): Promise<T> {
  const { folder, spool } = place
  const release = await takeLock(spool.lock)
  if (typeof release !== 'function')
    throw new MillraceError('ARCHIVE_LOCKED', { source: folder.source, path: folder.root, ...release })
  try {
    return await withLease(place, act)
  } finally {
    for (const path of [spool.blocks, spool.spill]) await rm(path, { recursive: true, force: true })
    await release()
  }
}

async function withLease<T>(place: OpenPlace, act: (writer: HdfsWriter) => Promise<T>): Promise<T> {
  await place.hdfs.makeFolder(place.folder.blocks)
  const lease = await WriterLease.take(place)
  try {
    return await act(await recover(place, lease))
  } finally {
    await lease.release()
  }
}

async function recover(place: OpenPlace, lease: WriterLease): Promise<HdfsWriter> {
  const { hdfs, folder, spool, storing } = place
  const uploads = new UploadFolder(hdfs, folder, lease.token, storing)
  const found = await findOrBegin(hdfs, folder, uploads)
  // Before anything is committed on top of a manifest that may not be the newest.
  await removableIn(hdfs, folder, found)
  const manifest = lease.tookOver ? await fenceOff(place, found, uploads) : found
  const pending = await unacknowledged(hdfs, folder, manifest)
  const writer = new HdfsWriter(place, { manifest, pending, lease, uploads })
  await writer.clearLeftovers()
  for (const path of [spool.blocks, spool.spill]) await mkdir(path, { recursive: true })
  return writer
}

/**
 * Whoever was pushed aside may still be about to commit the next generation: taking it from him first means that
 * nothing which is cleared away now can be named by a manifest later.
 */
async function fenceOff(
  { hdfs, folder, leaseMs }: OpenPlace,
  found: RemoteManifest,
  uploads: UploadFolder,
): Promise<RemoteManifest> {
  const fence = { ...found, generation: found.generation + 1 }
  if (await commitManifest(hdfs, folder, fence, uploads)) return fence
  throw overtaken({ folder, leaseMs })
}

/** Oldest first. */
export async function unacknowledged(
  hdfs: WebHdfs,
  { acknowledged }: RemoteFolder,
  { pending = [] }: RemoteManifest,
): Promise<PendingIngest[]> {
  if (pending.length === 0) return []
  const told = new Set((await hdfs.list(acknowledged)).map(({ pathSuffix }) => pathSuffix))
  return pending.filter(({ generation }) => !told.has(digits(generation)))
}
