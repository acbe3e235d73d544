/** Blocks of the archive that are checked before their lines may count. */
import type { Block } from '../core/block.ts'
import type { Archive } from '../ports/archive.ts'
import type { BatchEngine, BlockLocation } from '../ports/batch-engine.ts'

export interface BlocksPlace {
  readonly archive: Pick<Archive, 'verifiedPath' | 'blockUri'>
  readonly source: string
  /** How the engine gets at blocks. */
  readonly reads: BatchEngine['reads']
}

/** Errors: ARCHIVE_CORRUPT_BLOCK. */
export async function checkBlock(
  { archive, source, reads }: BlocksPlace,
  block: Block,
): Promise<BlockLocation> {
  const { name, firstOffset, endOffset, rawBytes } = block
  const location =
    reads === 'uris' ? await archive.blockUri(source, block) : await archive.verifiedPath(source, block)
  return { location, name, firstOffset, lines: endOffset - firstOffset, rawBytes }
}
