/**
 * Blocks that the manifest does not name. A writer notes the name of each one before it puts it there, so that what a crash left
 * can be told from what a newer manifest named that was deleted, or in whose place an older one was put.
 */
import { type Manifest, offsetsInName } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import { greatestOf } from '../core/extremes.ts'
import type { OffsetRange } from '../core/lost-lines.ts'

export interface BlockFolder {
  /** For messages. */
  readonly path: string
  /** Of all files in it. */
  readonly names: readonly string[]
  /** Names that a writer noted and has not committed. */
  readonly staged: ReadonlySet<string>
  /** Names that stay though no line is read from them any more. */
  readonly retired?: ReadonlySet<string>
}

/**
 * Names of those that hold no line which is nowhere else. Errors: ARCHIVE_NEWER_BLOCKS, where lines lie beyond the manifest's
 * end that were committed, with the end of the last of them as `end`.
 */
export function removableBlocks(
  manifest: Pick<Manifest, 'source' | 'blocks' | 'lost' | 'nextOffset'>,
  { path, names, staged, retired }: BlockFolder,
): string[] {
  const there = new Set(names)
  const named = new Set(manifest.blocks.map(({ name }) => name))
  const covered = [
    ...manifest.blocks
      .filter(({ name }) => there.has(name))
      .map(({ firstOffset: fromOffset, endOffset }) => ({ fromOffset, endOffset })),
    ...(manifest.lost ?? []),
  ].sort((a, b) => a.fromOffset - b.fromOffset)
  const unnamed = names.filter((name) => !named.has(name) && !retired?.has(name))
  const newer = unnamed.filter(
    (name) => !staged.has(name) && (offsetsInName(name)?.endOffset ?? 0) > manifest.nextOffset,
  )
  if (newer.length > 0) {
    const blocks = newer.slice(0, MOST_NAMED).join(', ') + (newer.length > MOST_NAMED ? ', …' : '')
    const end = greatestOf(newer.map((name) => offsetsInName(name)!.endOffset))
    throw new MillraceError('ARCHIVE_NEWER_BLOCKS', { source: manifest.source, path, blocks, end })
  }
  return unnamed.filter((name) => {
    const range = offsetsInName(name)
    return !name.endsWith(BLOCK_END) || staged.has(name) || (range !== undefined && isCovered(range, covered))
  })
}

const BLOCK_END = '.parquet'
const MOST_NAMED = 5

function isCovered({ fromOffset, endOffset }: OffsetRange, ascending: readonly OffsetRange[]): boolean {
  let next = fromOffset
  for (const range of ascending)
    if (range.fromOffset <= next && next < range.endOffset) next = range.endOffset
  return next >= endOffset
}
