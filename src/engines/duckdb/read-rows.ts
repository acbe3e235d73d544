/** Results of one statement as plain JavaScript values: integers of 64 bits and more as bigint. */
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'

export type BoundValue = string | number | bigint | null

/** Values fill the `$1`, `$2` … places. */
export async function readRows(
  connection: DuckDBConnection,
  sql: string,
  values?: readonly BoundValue[],
): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql, values && [...values])
  return reader.getRows()
}

/** Column by column, which is faster for many rows; every column is there also when there are no rows. */
export async function readColumns(connection: DuckDBConnection, sql: string): Promise<DuckDBValue[][]> {
  const reader = await connection.runAndReadAll(sql)
  return reader.currentRowCount > 0 ? reader.getColumns() : reader.columnNames().map(() => [])
}

/** Statements without a result; values as in `readRows`. */
export async function runBound(
  connection: DuckDBConnection,
  sql: string,
  values: readonly BoundValue[],
): Promise<void> {
  await connection.run(sql, [...values])
}
