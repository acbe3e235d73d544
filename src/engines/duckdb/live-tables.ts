/** How this database holds the stream's partials, and merges them with the ordinary rows. */
import { mergeRows, type TallyTypes, tallyTables } from '../../compile/live-tables.ts'
import { isExact } from '../../compile/report-tables.ts'
import type { MetricPlan, Tally, TallyColumn } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { qualify, WIDE } from './report-tables.ts'

/** For compile/live-tables.ts: counts and ranks of sketches are small. */
export const TALLY_TYPES: TallyTypes = {
  typeOf: liveType,
  merge: ({ column, fn }) => `${fn === 'count' ? 'sum' : fn}(${column})`,
}

/** Qualified names of a tally's two tables. */
export function qualifiedTables(
  { metric, version }: MetricPlan,
  tally: Tally,
): { ordinary: string; live: string } {
  const { ordinary, live } = tallyTables(tablesOf(metric, version), tally)
  return { ordinary: qualify(ordinary), live: qualify(live) }
}

/** The widest type that a column may need; counts and ranks of sketches are small. */
export function liveType(tally: Tally, column: TallyColumn): string {
  if (column.fn === 'count' || tally.key) return 'BIGINT'
  return isExact(column) ? WIDE : 'DOUBLE'
}

/** Ordinary rows need a revision, and may have exact columns as BIGINT until a value does not fit. */
export function createTable(tally: Tally, table: string, isLive: boolean): string {
  const columns = [
    'tenant VARCHAR',
    ...(isLive ? [] : ['revision BIGINT']),
    'window_start TIMESTAMP',
    'series_id INTEGER',
    ...(tally.key ? ['"key" INTEGER'] : []),
    ...tally.columns.map((column) => {
      const type = liveType(tally, column)
      return `${column.column} ${!isLive && type === WIDE ? 'BIGINT' : type}`
    }),
  ]
  return `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')})`
}

/** All rows of a tally, those of the stream and those of batch runs merged. */
export function allRows(plan: MetricPlan, tally: Tally): string {
  const { ordinary, live } = qualifiedTables(plan, tally)
  return `(${mergeRows(tally, [ordinary, live], TALLY_TYPES)})`
}
