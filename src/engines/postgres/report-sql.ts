/** How PostgreSQL says what both publishing and reading need: ranges of windows, instants as milliseconds. */
import type { StateSource } from '../../compile/state-source.ts'
import type { TimeRange } from '../../core/run-record.ts'
import { instantOf, type PostgresNames } from './postgres-names.ts'
import type { Transaction } from './session.ts'

export function withinRange({ fromMs, toMs }: TimeRange): string {
  const bounds = [
    ...(fromMs === undefined ? [] : [`window_start >= ${instantOf(fromMs)}`]),
    ...(toMs === undefined ? [] : [`window_start < ${instantOf(toMs)}`]),
  ]
  return bounds.length > 0 ? bounds.join(' AND ') : 'TRUE'
}

/** For compile/state-source.ts. */
export function stateOf(transaction: Transaction, { schema }: PostgresNames): StateSource {
  return {
    read: (sql, values) => transaction.rows(sql, values),
    schema,
    // Rounded, since version 13 gives a double here.
    epochMs: (column) => `round(CAST(extract(epoch FROM ${column}) AS numeric) * 1000)`,
  }
}
