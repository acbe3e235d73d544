/** How a report's database is asked for what it says of itself, and told what changes. */

/** One statement's rows; values fill the `$1`, `$2` … places. */
export type ReadRows = (sql: string, values: readonly (string | number)[]) => Promise<readonly unknown[][]>

/** How a database is asked. */
export interface StateSource {
  readonly read: ReadRows
  /** Of millrace's own tables, ready for SQL. */
  readonly schema: string
  /** Milliseconds since the epoch of a column of time. */
  epochMs(column: string): string
}

/** Inside a transaction that may write. */
export interface StateTarget extends StateSource {
  run(sql: string, values: readonly (string | number | null)[]): Promise<void>
  /** A time of milliseconds since the epoch. */
  instant(ms: number): string
}
