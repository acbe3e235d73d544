/** Makes a freshly written block durable under its name, on the primary disk and on the mirror. */
import { join } from 'node:path'
import type { Block } from '../../core/block.ts'
import type { Disk } from './disk.ts'
import type { ManifestPlaces } from './manifest-store.ts'
import { digestFile, RunningDigest, readChunks } from './read-file.ts'
import { blockName, blockPath } from './source-folder.ts'

export interface WrittenBlock {
  readonly temporary: string
  readonly firstOffset: number
  readonly lines: number
  readonly rawBytes: number
}

/**
 * The digest is taken from what can be read back after the sync. The names become durable by `syncBlocks`.
 * Errors: ARCHIVE_UNWRITABLE.
 */
export async function sealBlock(disk: Disk, places: ManifestPlaces, written: WrittenBlock): Promise<Block> {
  const { temporary, firstOffset, lines, rawBytes } = written
  const endOffset = firstOffset + lines
  const name = blockName(firstOffset, endOffset)
  await disk.syncFile(temporary)
  const digest = places.mirror
    ? await copyBlock(disk, temporary, blockPath(places.mirror, { name }))
    : await digestFile(temporary)
  await disk.rename(temporary, blockPath(places.primary, { name }))
  return { name, firstOffset, endOffset, rawBytes, ...digest }
}

/** Makes the names of all sealed blocks durable. */
export async function syncBlocks(disk: Disk, { primary, mirror }: ManifestPlaces): Promise<void> {
  await disk.syncFolder(primary.blocks)
  if (mirror) await disk.syncFolder(mirror.blocks)
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

/** Where DuckDB writes a block before it has its name. */
export function temporaryBlock(places: ManifestPlaces, firstOffset: number): string {
  return join(places.primary.blocks, `${firstOffset}.tmp`)
}
