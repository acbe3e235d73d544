/** Writes result tables to Parquet: rows gather in a DuckDB of their own, which may spill, and leave by one COPY. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BIGINT,
  BOOLEAN,
  DECIMAL,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDecimalValue,
  type DuckDBInstance,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import type { ResultColumn, ResultTable, ResultType, ResultValue } from '../../core/result-table.ts'
import type { TableFile } from '../../ports/table-file.ts'
import { duckdbDialect } from './dialect.ts'
import { openConfined } from './open-confined.ts'

/** Rows of a DuckDB data chunk. */
const CHUNK_ROWS = 2048
const ROW_NUMBER = 'row'

const TYPES: Readonly<Record<Exclude<ResultType, 'decimal'>, DuckDBType>> = {
  timestamp: TIMESTAMP,
  string: VARCHAR,
  boolean: BOOLEAN,
  integer: BIGINT,
  double: DOUBLE,
}

/** The file and everything spilled stay in `folder`, which must be the writer's alone. */
export async function openParquetFile(folder: string): Promise<TableFile> {
  await mkdir(folder, { recursive: true })
  const options = { folders: [folder], tempFolder: join(folder, 'tmp'), memoryLimit: '512MB' }
  const instance = await openConfined(':memory:', options)
  return new ParquetFile(folder, instance, await instance.connect())
}

class ParquetFile implements TableFile {
  readonly #folder: string
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  #columns: readonly ResultColumn[] = []
  #rows = 0

  constructor(folder: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#folder = folder
    this.#instance = instance
    this.#connection = connection
  }

  async append(table: ResultTable): Promise<void> {
    if (this.#columns.length === 0) await this.#create(table.columns)
    const appender = await this.#connection.createAppender('exported')
    const types = [BIGINT, ...table.columns.map(columnType)]
    for (let start = 0; start < table.rows; start += CHUNK_ROWS) {
      const end = Math.min(start + CHUNK_ROWS, table.rows)
      const numbers = Array.from({ length: end - start }, () => BigInt(this.#rows++))
      const chunk = DuckDBDataChunk.create(types)
      chunk.setColumns([numbers, ...table.columns.map((column) => columnValues(column, start, end))])
      appender.appendDataChunk(chunk)
    }
    appender.closeSync()
  }

  /** Names may differ from SQL's own only by capitals, so the rows are numbered under a name of their own. */
  async #create(columns: readonly ResultColumn[]): Promise<void> {
    this.#columns = columns
    const list = columns.map((column, place) => `c${place} ${columnType(column)}`)
    await this.#connection.run(`CREATE TABLE exported (${[`${ROW_NUMBER} BIGINT`, ...list].join(', ')})`)
  }

  async finish(): Promise<string> {
    const path = join(this.#folder, 'export.parquet')
    const list = this.#columns.map(({ name }, place) => `c${place} AS ${duckdbDialect.quoteName(name)}`)
    const rows = `SELECT ${list.join(', ')} FROM exported ORDER BY ${ROW_NUMBER}`
    const options = 'FORMAT parquet, COMPRESSION zstd'
    await this.#connection.run(`COPY (${rows}) TO ${duckdbDialect.quoteText(path)} (${options})`)
    return path
  }

  async close(): Promise<void> {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

function columnType({ type, scale }: ResultColumn): DuckDBType {
  return type === 'decimal' ? DECIMAL(38, scale) : TYPES[type]
}

function columnValues(column: ResultColumn, start: number, end: number): DuckDBValue[] {
  return column.values.slice(start, end).map((value) => (value === null ? null : toDuckdb(column, value)))
}

function toDuckdb({ type, scale }: ResultColumn, value: NonNullable<ResultValue>): DuckDBValue {
  if (type === 'timestamp') return new DuckDBTimestampValue(BigInt(value) * 1000n)
  return type === 'decimal' ? new DuckDBDecimalValue(value as bigint, 38, scale) : value
}
