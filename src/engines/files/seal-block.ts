/** Makes a freshly written block durable under its name, on the primary disk and on the mirror. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { blockName } from '../../archive/block-name.ts'
import type { Disk } from '../../archive/disk.ts'
import { digestFile, RunningDigest, readChunks } from '../../archive/read-file.ts'
import type { PackedBlock } from '../../archive/source-writer.ts'
import type { Block } from '../../core/block.ts'
import type { ManifestPlaces } from './manifest-store.ts'
import { blockPath, type SourceFolder } from './source-folder.ts'

/** Ends the name of an empty file which says that the block of that name is not committed. */
export const NOTE_END = '.staged'

/**
 * The digest is taken from what can be read back after the sync. The names become durable by `syncBlocks`.
 * Errors: ARCHIVE_UNWRITABLE.
 */
export async function sealBlock(disk: Disk, places: ManifestPlaces, packed: PackedBlock): Promise<Block> {
  const { path, firstOffset, lines, rawBytes } = packed
  const endOffset = firstOffset + lines
  const name = blockName(firstOffset, endOffset)
  await disk.syncFile(path)
  for (const folder of foldersOf(places)) await noteStaged(disk, folder, name)
  const digest = places.mirror
    ? await copyBlock(disk, path, blockPath(places.mirror, { name }))
    : await digestFile(path)
  await disk.rename(path, blockPath(places.primary, { name }))
  return { name, firstOffset, endOffset, rawBytes, ...digest }
}

/** Makes the names of all sealed blocks durable. */
export async function syncBlocks(disk: Disk, { primary, mirror }: ManifestPlaces): Promise<void> {
  await disk.syncFolder(primary.blocks)
  if (mirror) await disk.syncFolder(mirror.blocks)
}

/** Durably, before the block has its name, and in the same folder, so that none outlives the other. */
async function noteStaged(disk: Disk, { blocks }: SourceFolder, name: string): Promise<void> {
  await disk.writeFile(join(blocks, `${name}${NOTE_END}`), [])
  await disk.syncFolder(blocks)
}

/** Once they are committed, or removed. */
export async function forgetStaged(disk: Disk, places: ManifestPlaces): Promise<void> {
  for (const { blocks } of foldersOf(places))
    for (const name of await readdir(blocks))
      if (name.endsWith(NOTE_END)) await disk.remove(join(blocks, name))
}

function foldersOf({ primary, mirror }: ManifestPlaces): SourceFolder[] {
  return mirror ? [primary, mirror] : [primary]
}

/** Copies durably but for the name; gives the digest of what was copied. */
export async function copyBlock(disk: Disk, from: string, to: string) {
  const digest = new RunningDigest()
  const temporary = `${to}.${process.pid}.tmp`
  await disk.writeFile(temporary, digest.watch(readChunks(from)))
  await disk.syncFile(temporary)
  await disk.rename(temporary, to)
  return digest.result()
}
