/** Staged rows that stay in memory: what one DuckDB gave, as another of this process takes it. */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api'
import type { StagedRows } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'

export const PRODUCT = 'duckdb'

export class StagedChunks implements StagedRows {
  readonly product = PRODUCT
  readonly #columns: string
  readonly #chunks: readonly DuckDBDataChunk[]

  private constructor(columns: string, chunks: readonly DuckDBDataChunk[]) {
    this.#columns = columns
    this.#chunks = chunks
  }

  static async of(result: DuckDBMaterializedResult): Promise<StagedChunks> {
    const types = result.columnTypes()
    const columns = result.columnNames().map((name, place) => {
      return `${duckdbDialect.quoteName(name)} ${types[place]}`
    })
    return new StagedChunks(columns.join(', '), await result.fetchAllChunks())
  }

  /** Chunks go over whole; none of their values becomes one of JavaScript. */
  async createTable(connection: DuckDBConnection, name: string): Promise<void> {
    await connection.run(`CREATE TEMP TABLE ${name} (${this.#columns})`)
    const appender = await connection.createAppender(name)
    for (const chunk of this.#chunks) appender.appendDataChunk(chunk)
    appender.closeSync()
  }
}
