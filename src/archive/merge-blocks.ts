/** Makes one block of several that follow one another: the same lines, offsets, observed times and contexts. */
import { dirname } from 'node:path'
import type { Block } from '../core/block.ts'
import { openPacker, printCopy, quote, readBlocks } from './block-packer.ts'
import { unwritable } from './disk.ts'
import type { PackedBlock } from './source-writer.ts'

export interface MergeJob {
  readonly source: string
  readonly incarnation: string
  readonly blocks: readonly Block[]
  /** Verified local copies of the blocks, in the same order. */
  readonly paths: readonly string[]
  readonly to: string
  readonly spillFolder: string
}

/** Refuses to hand over a file that does not hold every line in its place. Errors: ARCHIVE_UNWRITABLE. */
export async function mergeBlocks(job: MergeJob): Promise<PackedBlock> {
  const { source, incarnation, blocks, paths, to, spillFolder } = job
  const folders = [...new Set([...paths, to].map((path) => dirname(path)))]
  const { instance, connection } = await openPacker(folders, spillFolder)
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson()[0]!
  try {
    const firstOffset = blocks[0]!.firstOffset
    const lines = blocks.at(-1)!.endOffset - firstOffset
    const rawBytes = blocks.reduce((sum, block) => sum + block.rawBytes, 0)
    const all = readBlocks(paths)
    const copy = printCopy(`from ${all}`, to, { source, incarnation, firstOffset, lines, rawBytes })
    await connection.run(copy).catch((error: unknown) => {
      throw unwritable(to, error)
    })
    const numbered = `read_parquet(${quote(to)}, file_row_number = true)`
    const [places] = await ask(
      `select bool_and("offset" = ${firstOffset} + file_row_number) from ${numbered}`,
    )
    const [before, after] = [await ask(contentOf(all)), await ask(contentOf(readBlocks([to])))]
    const isWhole = places === true && after[0] === String(lines) && String(before) === String(after)
    if (!isWhole) throw new Error(`merging ${paths.length} blocks to ${to} gave ${after}, not ${before}`)
    return { path: to, firstOffset, lines, rawBytes }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Lines, their bytes, and a digest of every value that does not depend on the order. */
function contentOf(table: string): string {
  const digest = 'bit_xor(hash("offset", observed_ms, raw, context))::varchar'
  return `select count(*)::varchar, sum(octet_length(raw))::varchar, ${digest} from ${table}`
}
