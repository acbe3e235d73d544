/** Gives a source's folder in HDFS another name. */
import { renamedManifest } from '../../archive/renamed-manifest.ts'
import type { Manifest } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import { findManifest } from './manifest-generations.ts'
import { type OpenPlace, withOpenSource } from './open-source.ts'
import type { RemoteFolder } from './remote-folder.ts'

/** The manifest takes the new name first; then the folder is moved, which HDFS does at once or not at all. */
export async function renameSource(
  place: OpenPlace,
  to: RemoteFolder,
  keeps: Pick<Manifest, 'topicName'>,
): Promise<void> {
  const { hdfs, folder: from } = place
  const found = await findManifest(hdfs, from)
  if (!found || found.nextOffset === 0) return
  if (found.source !== to.source)
    await withOpenSource(place, (writer) =>
      writer.commit({ manifest: renamedManifest(writer.manifest, to.source, keeps) }),
    )
  const there = await findManifest(hdfs, to)
  if (there && there.nextOffset > 0) return
  // What stands there without lines was left by an ingest that failed.
  await hdfs.remove(to.root)
  const outcome = await hdfs.rename(from.root, to.root)
  const isMoved = outcome === 'renamed' || !(await hdfs.status(from.root))
  if (!isMoved) throw new MillraceError('ARCHIVE_UNSURE', params(place, to))
  // The lease of this process came along.
  await hdfs.remove(to.lease)
}

function params({ hdfs: { address } }: OpenPlace, { root: path }: RemoteFolder) {
  return { address, path, why: 'somebody else made a folder there at the same moment' }
}
