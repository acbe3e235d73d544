/** Asks one block file, by a DuckDB of its own that may read nothing else. */
import { dirname } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { duckdbDialect } from './dialect.ts'
import { openConfined } from './open-confined.ts'

/** `act` gets a connection and the block as a relation. Errors: those of DuckDB when the file is no block. */
export async function queryBlock<T>(
  path: string,
  act: (connection: DuckDBConnection, block: string) => Promise<T>,
): Promise<T> {
  const folder = dirname(path)
  const instance = await openConfined(':memory:', {
    folders: [folder],
    tempFolder: folder,
    memoryLimit: '512MB',
  })
  const connection = await instance.connect()
  try {
    return await act(connection, `read_parquet(${duckdbDialect.quoteText(path)})`)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
