/** Statements of one connection, each prepared once: to plan one takes longer than to run it on a small batch. */
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBValue } from '@duckdb/node-api'

export class PreparedStatements {
  readonly #connection: DuckDBConnection
  readonly #known = new Map<string, DuckDBPreparedStatement>()

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  async run(sql: string, bind?: (statement: DuckDBPreparedStatement) => void): Promise<void> {
    const statement = await this.#prepare(sql)
    bind?.(statement)
    await statement.run()
  }

  async rows(sql: string): Promise<DuckDBValue[][]> {
    const reader = await (await this.#prepare(sql)).runAndReadAll()
    return reader.getRows()
  }

  /** The one row of the answer. */
  async numbers(sql: string): Promise<number[]> {
    return ((await this.rows(sql))[0] ?? []).map(Number)
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    const known = this.#known.get(sql)
    if (known) return known
    const statement = await this.#connection.prepare(sql)
    this.#known.set(sql, statement)
    return statement
  }

  /** To be called before the connection is closed. */
  release(): void {
    for (const statement of this.#known.values()) statement.destroySync()
    this.#known.clear()
  }
}
