/** Splits runs of lines into rows of a table; all splitting is DuckDB's. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import type { LineRun } from './line-runs.ts'

/**
 * How a run becomes lines, by kind. DuckDB has text functions only, so bytes that are no UTF-8 are split in
 * their escaped text form, where every byte but printable ASCII is \xHH (the backslash too, hence \x0A is
 * always a newline), and are cast back.
 */
const TEXT = 'decode($2::blob)'
const BYTES = 'cast($2::blob as varchar)'
const LINES: Readonly<Record<string, string>> = {
  line: '$2::blob',
  text: `encode(unnest(string_split(${TEXT}, chr(10))))`,
  textWithReturns: `encode(unnest(string_split(replace(${TEXT}, chr(13) || chr(10), chr(10)), chr(10))))`,
  bytes: `unnest(string_split(${BYTES}, '\\x0A'))::blob`,
  bytesWithReturns: `unnest(string_split(replace(${BYTES}, '\\x0D\\x0A', '\\x0A'), '\\x0A'))::blob`,
}

/** Rows go to a table with the columns `observed_ms` and `raw`, in order. */
export class LineInsert {
  readonly #connection: DuckDBConnection
  readonly #table: string
  readonly #statements = new Map<string, DuckDBPreparedStatement>()

  constructor(connection: DuckDBConnection, table: string) {
    this.#connection = connection
    this.#table = table
  }

  /** How many lines the run has. */
  async insert(run: LineRun, observedMs: number): Promise<number> {
    const statement = await this.#statement(run.hasCarriageReturns ? `${run.kind}WithReturns` : run.kind)
    statement.bindBigInt(1, BigInt(observedMs))
    statement.bindBlob(2, run.bytes)
    return (await statement.run()).rowsChanged
  }

  /** To be called before the table is made anew. */
  release(): void {
    for (const statement of this.#statements.values()) statement.destroySync()
    this.#statements.clear()
  }

  async #statement(kind: string): Promise<DuckDBPreparedStatement> {
    const known = this.#statements.get(kind)
    if (known) return known
    const statement = await this.#connection.prepare(
      `insert into ${this.#table} select $1::bigint as observed_ms, ${LINES[kind]} as raw`,
    )
    this.#statements.set(kind, statement)
    return statement
  }
}
