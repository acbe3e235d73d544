/** Gives a source's folders another name: those of the data folder and of the mirror. */
import { dirname } from 'node:path'
import type { Disk } from '../../archive/disk.ts'
import { dropLock, takeLock } from '../../archive/lock.ts'
import { renamedManifest } from '../../archive/renamed-manifest.ts'
import { isFolder } from '../../archive/unreadable.ts'
import type { Manifest } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import { commitManifest, findManifest, holdsSource, type ManifestPlaces } from './manifest-store.ts'
import { withOpenSource } from './open-source.ts'
import type { SourceFolder } from './source-folder.ts'

/**
 * The manifest takes the new name first: from then on folders are only moved, and one that was moved already is
 * left alone, so a crash at any moment leaves something that the next call finishes.
 */
export async function renameSource(
  disk: Disk,
  from: ManifestPlaces,
  to: ManifestPlaces,
  keeps: Pick<Manifest, 'topicName'>,
): Promise<void> {
  const found = await findManifest(from)
  if (!found || found.generation === 0) return
  const { source } = to.primary
  if (found.source !== source)
    await withOpenSource(disk, from, async ({ manifest }) => {
      // The mirror may have had the name already when the last attempt was cut off.
      if (manifest.source !== source)
        await commitManifest(disk, from, renamedManifest(manifest, source, keeps))
    })
  const release = await takeLock(from.primary.lock)
  if (typeof release !== 'function')
    throw new MillraceError('ARCHIVE_LOCKED', {
      ...{ source: from.primary.source, path: from.primary.root },
      ...release,
    })
  try {
    // While the primary has the old name, it is plain that this is not done.
    if (from.mirror && to.mirror) await moveFolder(disk, from.mirror, to.mirror)
    await moveFolder(disk, from.primary, to.primary)
  } finally {
    await release()
    await dropLock(to.primary.lock)
  }
}

/** What stands at the new name without lines was left by an ingest that failed. */
async function moveFolder(disk: Disk, from: SourceFolder, to: SourceFolder): Promise<void> {
  if (!(await isFolder(from.root)) || (await holdsSource(to))) return
  await disk.remove(to.root)
  await disk.rename(from.root, to.root)
  await disk.syncFolder(dirname(to.root))
}
