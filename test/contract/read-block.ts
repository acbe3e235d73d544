/** Reads a block back by two Parquet readers that share no code: DuckDB and hyparquet. */
import { type DuckDBBlobValue, DuckDBInstance } from '@duckdb/node-api'
import { decompress } from 'fzstd'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'

export interface StoredLine {
  readonly offset: number
  readonly observedMs: number
  readonly raw: Buffer
  /** Absent where the line has none. */
  readonly context?: string
}

export async function readWithDuckdb(path: string): Promise<StoredLine[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const sql = `select "offset", observed_ms, raw, context from read_parquet('${path.replaceAll("'", "''")}')`
  const rows = (await connection.runAndReadAll(sql)).getRows()
  connection.closeSync()
  instance.closeSync()
  return rows.map(([offset, observed, raw, context]) => ({
    offset: Number(offset),
    observedMs: Number(observed),
    raw: Buffer.from((raw as DuckDBBlobValue).bytes),
    ...(context !== null && { context: String(context) }),
  }))
}

export async function readWithHyparquet(path: string): Promise<StoredLine[]> {
  const file = await asyncBufferFromFile(path)
  const rows = await parquetReadObjects({
    file,
    utf8: false,
    compressors: { ZSTD: (packed) => decompress(packed) },
  })
  return rows.map((row) => ({
    offset: Number(row.offset),
    observedMs: Number(row.observed_ms),
    raw: Buffer.from(row.raw as Uint8Array),
    ...(row.context && { context: Buffer.from(row.context as Uint8Array).toString() }),
  }))
}

/** The key-value pairs in the file's footer. */
export async function readFooter(path: string): Promise<Record<string, string | undefined>> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path))
  return Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value]))
}
