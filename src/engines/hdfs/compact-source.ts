/** Merges runs of small blocks into big ones: fewer files for the NameNode, longer reads for engines. */
import { join } from 'node:path'
import { mergeBlocks } from '../../archive/merge-blocks.ts'
import type { Block } from '../../core/block.ts'
import type { HdfsWriter } from './hdfs-writer.ts'

/** What one HDFS block holds unless it is set otherwise. */
export const TARGET_BYTES = 128 * 1024 * 1024

/**
 * The first run of neighbours that are small and together make a block of half the target to the whole of it. A
 * shorter run waits for more, so that lines are written anew once or twice, and not with every call.
 */
export function findRun(blocks: readonly Block[], targetBytes: number): readonly Block[] | undefined {
  for (let from = 0; from < blocks.length; from++) {
    let [to, bytes] = [from, 0]
    for (; to < blocks.length; to++) {
      const { fileBytes, firstOffset } = blocks[to]!
      // Lost lines lie between.
      if (to > from && firstOffset !== blocks[to - 1]!.endOffset) break
      if (fileBytes >= targetBytes / 2 || bytes + fileBytes > targetBytes) break
      bytes += fileBytes
    }
    if (to - from > 1 && bytes >= targetBytes / 2) return blocks.slice(from, to)
  }
  return undefined
}

/** The blocks that are one now, or undefined when there is nothing to merge. `fetch` gives a verified copy. Errors: ARCHIVE_*. */
export async function compactOnce(
  writer: HdfsWriter,
  targetBytes: number,
  fetch: (block: Block) => Promise<string>,
): Promise<readonly Block[] | undefined> {
  const { manifest, packFolder, spillFolder } = writer
  const run = findRun(manifest.blocks, targetBytes)
  if (!run) return undefined
  const paths: string[] = []
  for (const block of run) paths.push(await fetch(block))
  const { source, incarnation } = manifest
  const to = join(packFolder, `${run[0]!.firstOffset}.tmp`)
  const merged = await writer.seal(
    await mergeBlocks({ source, incarnation, blocks: run, paths, to, spillFolder }),
  )
  await writer.replaceBlocks(run, merged)
  return run
}
