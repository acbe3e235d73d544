/** One connection inside a transaction, which lets the server hear of it as long as this process lives. */
import type pg from 'pg'

export type Rows = readonly unknown[][]

/** Well below the silence after which the server ends the session. */
const BEAT_MS = 5000

export class Transaction {
  /** The limit that an administrator has set for a statement; 0 where there is none. */
  readonly statementMs: number
  readonly #client: pg.ClientBase
  readonly #heart: NodeJS.Timeout
  /** Statements come one after the other; those that are asked for at once wait for each other. */
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(client: pg.ClientBase, statementMs: number) {
    this.#client = client
    this.statementMs = statementMs
    this.#heart = setInterval(() => {
      if (this.#waiting === 0) this.use((free) => free.query('SELECT 1')).catch(() => undefined)
    }, BEAT_MS)
  }

  /** The act has the connection alone. */
  use<T>(act: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    this.#waiting++
    const result = this.#last
      .then(() => act(this.#client))
      .finally(() => {
        this.#waiting--
      })
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Values fill `$1`, `$2` …; integers of 64 bits and numerics come as text. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<Rows> {
    return (await this.ask(sql, values)).rows as unknown[][]
  }

  /** The rows as arrays, with what the server says of their columns. */
  ask(sql: string, values: readonly unknown[] = []): Promise<pg.QueryArrayResult> {
    return this.use((client) => client.query({ text: sql, values: [...values], rowMode: 'array' }))
  }

  /** Resolves to the number of rows that the statement changed. */
  async run(sql: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.use((client) => client.query(sql, [...values]))).rowCount ?? 0
  }

  /** Nothing is on its way after it. */
  async end(): Promise<void> {
    clearInterval(this.#heart)
    await this.#last
  }
}
