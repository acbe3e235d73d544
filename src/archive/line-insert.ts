/** Splits runs of lines into rows of a table; all splitting is DuckDB's. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api'
import type { LineRun } from './line-runs.ts'

/**
 * How a run becomes lines, by kind: the list of its lines from a blob, and the bytes of one. DuckDB has text
 * functions only, so bytes that are no UTF-8 are split in their escaped text form, where every byte but printable
 * ASCII is \xHH (the backslash too, hence \x0A is always a newline), and are cast back.
 */
export const LINE_SPLITS: Readonly<Record<string, LineSplit>> = {
  line: { list: (blob) => `[${blob}]`, bytes: (item) => item },
  text: { list: (blob) => `string_split(decode(${blob}), chr(10))`, bytes: encoded },
  textWithReturns: {
    list: (blob) => `string_split(replace(decode(${blob}), chr(13) || chr(10), chr(10)), chr(10))`,
    bytes: encoded,
  },
  bytes: { list: (blob) => `string_split(${blob}::varchar, '\\x0A')`, bytes: unescaped },
  bytesWithReturns: {
    list: (blob) => `string_split(replace(${blob}::varchar, '\\x0D\\x0A', '\\x0A'), '\\x0A')`,
    bytes: unescaped,
  },
}

interface LineSplit {
  list(blob: string): string
  bytes(item: string): string
}

function encoded(text: string): string {
  return `encode(${text})`
}

function unescaped(text: string): string {
  return `${text}::blob`
}

/** The kind of a run among LINE_SPLITS. */
export function splitOf({ kind, hasCarriageReturns }: LineRun): string {
  return hasCarriageReturns ? `${kind}WithReturns` : kind
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
    const statement = await this.#statement(splitOf(run))
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
    const { list, bytes } = LINE_SPLITS[kind]!
    const raw = bytes(`unnest(${list('$2::blob')})`)
    const statement = await this.#connection.prepare(
      `insert into ${this.#table} select $1::bigint as observed_ms, ${raw} as raw`,
    )
    this.#statements.set(kind, statement)
    return statement
  }
}
