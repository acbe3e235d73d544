/** Series of a staged base tally, numbered, as SQL that the embedded report and text for other reports share. */
import type { MetricPlan } from '../../core/plan.ts'
import { dimensionColumnType } from './report-tables.ts'

/**
 * Columns: series_id, series_key, d0 …. Series get small numbers in the order of their dimensions, so equal data
 * always gets equal numbers. Those in the table `standing` are left out, and the new ones come after them.
 */
export function printNewSeries({ dimensions }: MetricPlan, rows: string, standing?: string): string {
  const columns = dimensions.map(
    ({ type }, index) => `CAST(d${index} AS ${dimensionColumnType(type)}) AS d${index}`,
  )
  const order = [...columns.map((_, index) => `d${index} NULLS LAST`), 'series_key'].join(', ')
  const found = ['CAST(series_key AS UUID) AS series_key', ...columns].join(', ')
  const known = standing ? ` WHERE series_key NOT IN (SELECT series_key FROM ${standing})` : ''
  const most = standing ? `(SELECT coalesce(max(series_id), 0) FROM ${standing})` : '0'
  const number = `CAST(row_number() OVER (ORDER BY ${order}) + ${most} AS INTEGER)`
  return `SELECT ${number} AS series_id, * FROM (SELECT * FROM (SELECT DISTINCT ${found} FROM ${rows})${known})`
}
