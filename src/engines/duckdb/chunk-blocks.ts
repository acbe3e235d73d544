/** Groups consecutive blocks so that each group holds about a given number of raw bytes. */
import type { BatchRequest } from '../../ports/batch-engine.ts'

type BatchBlock = BatchRequest['blocks'][number]

/** Every block once, in order; a block larger than the limit is a group of its own. */
export function chunkBlocks(blocks: readonly BatchBlock[], limitBytes: number): BatchBlock[][] {
  const chunks: BatchBlock[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const block of blocks) {
    if (bytes + block.rawBytes > limitBytes) {
      chunks.push([])
      bytes = 0
    }
    chunks.at(-1)!.push(block)
    bytes += block.rawBytes
  }
  return chunks
}
