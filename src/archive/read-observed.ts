/** The stamp of a line, as its block has it: repairs of clocks are the caller's. */
import { dirname } from 'node:path'
import { openPacker, quote } from './block-packer.ts'

/** `path` is a verified local copy of the block, which holds the offset. */
export async function readObserved(path: string, offset: number, spillFolder: string): Promise<number> {
  const { instance, connection } = await openPacker([dirname(path)], spillFolder)
  try {
    const sql = `select observed_ms from read_parquet(${quote(path)}) where "offset" = ${offset}`
    const [row] = (await connection.runAndReadAll(sql)).getRows()
    if (!row) throw new Error(`the block ${path} has no line ${offset}`)
    return Number(row[0])
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
