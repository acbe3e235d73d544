/** How PostgreSQL says what both publishing and reading need: ranges of windows, instants as milliseconds. */

import { mergeRows, tallyTables } from '../../compile/live-tables.ts'
import type { StateSource, StateTarget } from '../../compile/state-source.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import { tablesOf } from '../table-key.ts'
import { TALLY_TYPES } from './metric-tables.ts'
import { instantOf, type PostgresNames, quoteName } from './postgres-names.ts'
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

export function targetOf(transaction: Transaction, names: PostgresNames): StateTarget {
  return {
    ...stateOf(transaction, names),
    run: async (sql, values) => {
      await transaction.run(sql, values)
    },
    instant: instantOf,
  }
}

/** Qualified names of a tally's two tables. */
export function tablesIn(
  { schema }: PostgresNames,
  { metric, version }: MetricPlan,
  tally: Tally,
): { ordinary: string; live: string } {
  const { ordinary, live } = tallyTables(tablesOf(metric, version), tally)
  return { ordinary: `${schema}.${quoteName(ordinary)}`, live: `${schema}.${quoteName(live)}` }
}

/** True once a stream has added to the version. */
export async function hasLiveTables(
  transaction: Transaction,
  names: PostgresNames,
  plan: MetricPlan,
): Promise<boolean> {
  const base = plan.tallies.find((tally) => !tally.key)!
  const [row] = await transaction.rows('SELECT to_regclass($1) IS NOT NULL', [
    tablesIn(names, plan, base).live,
  ])
  return row?.[0] === true
}

/** All rows of a tally, those of the stream and those of batch runs merged. */
export function allRows(names: PostgresNames, plan: MetricPlan, tally: Tally): string {
  const { ordinary, live } = tablesIn(names, plan, tally)
  return `(${mergeRows(tally, [ordinary, live], TALLY_TYPES)})`
}
