/** Opens a source's archive for writing: takes the lock, finds the true manifest, clears what a crash left. */
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Disk } from '../../archive/disk.ts'
import { takeLock } from '../../archive/lock.ts'
import type { StoredManifest } from '../../archive/manifest-text.ts'
import type { PendingIngest } from '../../archive/source-writer.ts'
import { removableBlocks } from '../../archive/unnamed-blocks.ts'
import { ifThere } from '../../archive/unreadable.ts'
import { MillraceError } from '../../core/error.ts'
import { clearSegments } from './content-files.ts'
import { type ManifestFault, type ManifestPlaces, settleManifest } from './manifest-store.ts'
import { keepBond, requireBond } from './mirror-bond.ts'
import { readPending, removePending } from './pending-ingests.ts'
import { forgetStaged, NOTE_END } from './seal-block.ts'
import type { SourceFolder } from './source-folder.ts'

export interface OpenSource {
  readonly manifest: StoredManifest
  /** Committed, but not acknowledged; oldest first. */
  readonly pending: readonly PendingIngest[]
  /** Manifest files that had to be healed. */
  readonly faults: readonly ManifestFault[]
}

/**
 * Runs `act` under the source's lock. With `isHealing` a mirror that is empty is written again, and that of another data
 * folder is taken over. Errors: ARCHIVE_LOCKED, and those of requireBond and settleManifest.
 */
export async function withOpenSource<T>(
  disk: Disk,
  places: ManifestPlaces,
  act: (open: OpenSource) => Promise<T>,
  { isHealing = false } = {},
): Promise<T> {
  const { primary } = places
  if (!isHealing) await requireBond(places)
  await makeFolders(disk, places)
  const release = await takeLock(primary.lock)
  if (typeof release !== 'function') {
    throw new MillraceError('ARCHIVE_LOCKED', { source: primary.source, path: primary.root, ...release })
  }
  try {
    const done = await act(await recover(disk, places))
    // What was done stands; whoever opens the source next notes it.
    await keepBond(disk, places).catch(() => undefined)
    return done
  } finally {
    await release()
  }
}

/**
 * The folders above a source's own are synced each time, since a process may have died between making one and
 * syncing its name. What lies in the source's folder is synced with its manifest.
 */
async function makeFolders(disk: Disk, { primary, mirror }: ManifestPlaces): Promise<void> {
  for (const path of [primary.blocks, primary.pending]) await disk.makeFolder(path)
  const archive = dirname(primary.root)
  for (const path of [archive, dirname(archive), dirname(dirname(archive))]) await disk.syncFolder(path)
  if (!mirror) return
  await disk.makeFolder(mirror.blocks)
  for (const path of [dirname(mirror.root), dirname(dirname(mirror.root))]) await disk.syncFolder(path)
}

async function recover(disk: Disk, places: ManifestPlaces): Promise<OpenSource> {
  const announced = await readPending(places.primary)
  const isPending = (generation: number) => announced.some((one) => one.generation === generation)
  const { manifest, faults } = await settleManifest(disk, places, isPending)
  for (const { generation } of announced) {
    if (generation > manifest.generation) await removePending(disk, places.primary, generation)
  }
  await keepBond(disk, places)
  await clearLeftovers(disk, places, manifest)
  return { manifest, faults, pending: announced.filter((one) => one.generation <= manifest.generation) }
}

/** Under the lock nobody else is writing, so what a writer noted and the manifest does not name was left by a crash. Errors: ARCHIVE_NEWER_BLOCKS. */
export async function clearLeftovers(
  disk: Disk,
  { primary, mirror }: ManifestPlaces,
  manifest: StoredManifest,
): Promise<void> {
  const folders = mirror ? [primary, mirror] : [primary]
  const removable: string[][] = []
  // Nothing is removed where anything must stay.
  for (const folder of folders) removable.push(await removableIn(folder, manifest))
  for (const [place, folder] of folders.entries())
    await clearFolder(disk, folder, { manifest, removable: removable[place]! })
  await forgetStaged(disk, { primary, mirror })
}

/** Errors: ARCHIVE_NEWER_BLOCKS. */
export async function removableIn(folder: SourceFolder, manifest: StoredManifest): Promise<string[]> {
  const path = folder.blocks
  const found = (await ifThere(path, readdir(path))) ?? []
  const names = found.filter((name) => !name.endsWith(NOTE_END))
  const noted = found.flatMap((name) => (name.endsWith(NOTE_END) ? [name.slice(0, -NOTE_END.length)] : []))
  return removableBlocks(manifest, { path, names, staged: new Set(noted) })
}

async function clearFolder(
  disk: Disk,
  folder: SourceFolder,
  { manifest, removable }: { readonly manifest: StoredManifest; readonly removable: readonly string[] },
): Promise<void> {
  for (const name of removable) await disk.remove(join(folder.blocks, name))
  for (const name of await readdir(folder.root)) {
    if (name.endsWith('.tmp')) await disk.remove(join(folder.root, name))
  }
  await clearSegments(disk, folder, manifest)
  await disk.remove(folder.spill)
}
