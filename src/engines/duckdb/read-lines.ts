/** Reads single raw lines out of a block. */
import { DuckDBBlobValue } from '@duckdb/node-api'
import { queryBlock } from './query-block.ts'

/** The bytes of each line by its offset; offsets that the block does not hold are left out. */
export function readLines(path: string, offsets: readonly number[]): Promise<Map<number, Uint8Array>> {
  const wanted = offsets.map((offset) => BigInt(offset)).join(', ')
  return queryBlock(path, async (connection, block) => {
    const reader = await connection.runAndReadAll(
      `SELECT "offset", raw FROM ${block} WHERE "offset" IN (${wanted || 'NULL'})`,
    )
    return new Map(reader.getRows().map(([offset, raw]) => [Number(offset), bytesOf(raw)]))
  })
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof DuckDBBlobValue) return value.bytes
  throw new Error('the column raw of a block holds something other than bytes')
}
