/** Splits runs of lines into rows of a table; all splitting is DuckDB's. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import type { BatchLines } from './batch-lines.ts'
import type { LineRun } from './line-runs.ts'
import { LINE_SPLITS, splitOf } from './line-splits.ts'

/** Rows go to a table with the columns `observed_ms`, `context` and `raw`, in order. */
export class LineInsert {
  readonly #connection: DuckDBConnection
  readonly #table: string
  readonly #statements = new Map<string, DuckDBPreparedStatement>()

  constructor(connection: DuckDBConnection, table: string) {
    this.#connection = connection
    this.#table = table
  }

  /** How many lines the run has. */
  async insert(run: LineRun, observedMs: number, context: string | null): Promise<number> {
    const { list, bytes } = LINE_SPLITS[splitOf(run)]!
    const raw = bytes(`unnest(${list('$2::blob')})`)
    const statement = await this.#statement(
      `select $1::bigint as observed_ms, $3::varchar as context, ${raw} as raw`,
    )
    statement.bindBigInt(1, BigInt(observedMs))
    statement.bindBlob(2, run.bytes)
    if (context === null) statement.bindNull(3)
    else statement.bindVarchar(3, context)
    return (await statement.run()).rowsChanged
  }

  /** The same for batches of a log. */
  async insertBatches(lines: BatchLines): Promise<number> {
    const statement = await this.#statement(`select observed_ms, context, raw from ${lines.relation(true)}`)
    lines.bind(statement)
    return (await statement.run()).rowsChanged
  }

  /** To be called before the table is made anew. */
  release(): void {
    for (const statement of this.#statements.values()) statement.destroySync()
    this.#statements.clear()
  }

  async #statement(select: string): Promise<DuckDBPreparedStatement> {
    const known = this.#statements.get(select)
    if (known) return known
    const statement = await this.#connection.prepare(`insert into ${this.#table} ${select}`)
    this.#statements.set(select, statement)
    return statement
  }
}
