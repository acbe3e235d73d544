/** Live tables: the stream's partials of provisional windows, beside the ordinary tables of the same columns. */
import { isExact } from '../../compile/report-tables.ts'
import type { MetricPlan, Tally, TallyColumn } from '../../core/plan.ts'
import { tablesOf } from '../table-key.ts'
import { qualify, WIDE } from './report-tables.ts'

/** Qualified names of a tally's two tables. */
export function tallyTables(
  { metric, version }: MetricPlan,
  tally: Tally,
): { ordinary: string; live: string } {
  const tables = tablesOf(metric, version)
  const name = tally.key ? tables.sketch(tally.id) : tables.totals
  return { ordinary: qualify(name), live: qualify(tables.live(name)) }
}

/** What tells rows of a tally apart. */
export function rowKeys(tally: Tally): string[] {
  return ['tenant', 'window_start', 'series_id', ...(tally.key ? ['"key"'] : [])]
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

/** One row for each key, of relations whose rows may share keys. */
export function mergeRows(tally: Tally, relations: readonly string[]): string {
  const keys = rowKeys(tally).join(', ')
  const casts = tally.columns.map(
    (column) => `CAST(${column.column} AS ${liveType(tally, column)}) AS ${column.column}`,
  )
  const all = relations.map((relation) => `SELECT ${keys}, ${casts.join(', ')} FROM ${relation}`)
  const merged = tally.columns.map((column) => `${mergeColumn(tally, column)} AS ${column.column}`)
  return `SELECT ${keys}, ${merged.join(', ')} FROM (${all.join(' UNION ALL ')}) GROUP BY ${keys}`
}

function mergeColumn(tally: Tally, column: TallyColumn): string {
  const fn = column.fn === 'count' ? 'sum' : column.fn
  return `CAST(${fn}(${column.column}) AS ${liveType(tally, column)})`
}

/** All rows of a tally, those of the stream and those of batch runs merged. */
export function allRows(plan: MetricPlan, tally: Tally): string {
  const { ordinary, live } = tallyTables(plan, tally)
  return `(${mergeRows(tally, [ordinary, live])})`
}
