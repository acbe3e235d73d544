/** Reads single raw lines out of a block. */
import { dirname } from 'node:path'
import { DuckDBBlobValue } from '@duckdb/node-api'
import { duckdbDialect } from './dialect.ts'
import { openConfined } from './open-confined.ts'

/** The bytes of each line by its offset; offsets that the block does not hold are left out. */
export async function readLines(path: string, offsets: readonly number[]): Promise<Map<number, Uint8Array>> {
  const folder = dirname(path)
  const instance = await openConfined(':memory:', {
    folders: [folder],
    tempFolder: folder,
    memoryLimit: '512MB',
  })
  const connection = await instance.connect()
  try {
    const wanted = offsets.map((offset) => BigInt(offset)).join(', ')
    const from = `read_parquet(${duckdbDialect.quoteText(path)})`
    const reader = await connection.runAndReadAll(
      `SELECT "offset", raw FROM ${from} WHERE "offset" IN (${wanted || 'NULL'})`,
    )
    return new Map(reader.getRows().map(([offset, raw]) => [Number(offset), bytesOf(raw)]))
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof DuckDBBlobValue) return value.bytes
  throw new Error('the column raw of a block holds something other than bytes')
}
