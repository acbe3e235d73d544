/** Live tables: the stream's partials of provisional windows, beside the ordinary tables, merged on reading. */
import type { Tally, TallyColumn } from '../core/plan.ts'
import type { MetricTables } from './report-tables.ts'

/** How a database holds the columns of tallies. */
export interface TallyTypes {
  /** Wide enough for every merged value. */
  typeOf(tally: Tally, column: TallyColumn): string
  /** One value for all rows of a key. */
  merge(column: TallyColumn): string
}

/** Unqualified names of a tally's two tables. */
export function tallyTables(tables: MetricTables, tally: Tally): { ordinary: string; live: string } {
  const ordinary = tally.key ? tables.sketch(tally.id) : tables.totals
  return { ordinary, live: tables.live(ordinary) }
}

/** What tells rows of a tally apart. */
export function rowKeys(tally: Tally): string[] {
  return ['tenant', 'window_start', 'series_id', ...(tally.key ? ['"key"'] : [])]
}

/** One row for each key, of relations whose rows may share keys. */
export function mergeRows(tally: Tally, relations: readonly string[], types: TallyTypes): string {
  const keys = rowKeys(tally).join(', ')
  const cast = (column: TallyColumn, value: string) =>
    `CAST(${value} AS ${types.typeOf(tally, column)}) AS ${column.column}`
  const casts = tally.columns.map((column) => cast(column, column.column))
  const all = relations.map((relation) => `SELECT ${keys}, ${casts.join(', ')} FROM ${relation}`)
  const merged = tally.columns.map((column) => cast(column, types.merge(column)))
  return `SELECT ${keys}, ${merged.join(', ')} FROM (${all.join(' UNION ALL ')}) AS parts GROUP BY ${keys}`
}
