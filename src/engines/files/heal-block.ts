/** Finds missing and damaged copies of blocks, and makes them anew from the good copy. */
import { rm, stat } from 'node:fs/promises'
import type { Disk } from '../../archive/disk.ts'
import { digestFile } from '../../archive/read-file.ts'
import { isThere, readFault } from '../../archive/unreadable.ts'
import { appendAll } from '../../core/append-all.ts'
import type { Block } from '../../core/block.ts'
import type { LostBlock, ScrubReport } from '../../ports/archive.ts'
import type { ManifestPlaces } from './manifest-store.ts'
import { copyBlock } from './seal-block.ts'
import { blockPath, type SourceFolder } from './source-folder.ts'

export type Finding = ScrubReport['findings'][number]
type CopyState = 'good' | 'missing' | 'damaged'

interface BlockCopy {
  readonly copy: 'primary' | 'mirror'
  readonly folder: SourceFolder
  readonly state: CopyState
}

/**
 * `missing` looks only for files that are not there, which costs little; `all` reads every byte.
 * Errors: ARCHIVE_UNWRITABLE, when a copy could not be written.
 */
export async function healBlocks(
  disk: Disk,
  places: ManifestPlaces,
  blocks: readonly Block[],
  depth: 'missing' | 'all',
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const block of blocks) {
    if (depth === 'missing' && (await hasAllCopies(places, block))) continue
    appendAll(findings, await healBlock(disk, places, block))
  }
  return findings
}

export async function healBlock(disk: Disk, places: ManifestPlaces, block: Block): Promise<Finding[]> {
  const copies = await copiesOf(places, block)
  const source = copies.find(({ state }) => state === 'good')
  const findings: Finding[] = []
  for (const { copy, folder, state } of copies) {
    if (state === 'good') continue
    const healed = source && (await makeAnew(disk, source.folder, folder, block))
    findings.push({ block: block.name, copy, fault: state, outcome: healed ? 'healed' : 'lost' })
  }
  return findings
}

/** Of which no copy is whole. A folder that holds none of them may be the mount point of a drive. */
export async function findLostBlocks(places: ManifestPlaces, blocks: readonly Block[]): Promise<LostBlock[]> {
  const lost: Block[] = []
  for (const block of blocks)
    if (!(await copiesOf(places, block)).some(({ state }) => state === 'good')) lost.push(block)
  const away: LostBlock['away'][number][] = []
  for (const folder of places.mirror ? [places.primary, places.mirror] : [places.primary]) {
    const held = await Promise.all(
      lost.length > 0 ? blocks.map((block) => isThere(blockPath(folder, block))) : [],
    )
    if (!held.includes(true)) away.push({ path: folder.blocks, why: 'holds none of its blocks' })
  }
  return lost.map((block) => ({ block, away }))
}

async function copiesOf({ primary, mirror }: ManifestPlaces, block: Block): Promise<BlockCopy[]> {
  const own: BlockCopy = { copy: 'primary', folder: primary, state: await stateOf(primary, block) }
  return mirror ? [own, { copy: 'mirror', folder: mirror, state: await stateOf(mirror, block) }] : [own]
}

/** Whether the file holds what was committed: its length, then every byte. */
export async function stateOf(folder: SourceFolder, block: Block): Promise<CopyState> {
  const path = blockPath(folder, block)
  try {
    if ((await stat(path)).size !== block.fileBytes) return 'damaged'
    return (await digestFile(path)).sha256 === block.sha256 ? 'good' : 'damaged'
  } catch (error) {
    return readFault(path, error)
  }
}

async function makeAnew(disk: Disk, from: SourceFolder, to: SourceFolder, block: Block): Promise<boolean> {
  await disk.makeFolder(to.blocks)
  const target = blockPath(to, block)
  const { sha256 } = await copyBlock(disk, blockPath(from, block), target)
  await disk.syncFolder(to.blocks)
  if (sha256 === block.sha256) return true
  await rm(target, { force: true })
  return false
}

async function hasAllCopies({ primary, mirror }: ManifestPlaces, block: Block): Promise<boolean> {
  const folders = mirror ? [primary, mirror] : [primary]
  const found = await Promise.all(folders.map((folder) => isThere(blockPath(folder, block))))
  return !found.includes(false)
}
