/** Ranges of the windows that have rows, as SQL that the databases of reports share. */
import type { Tally } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { WindowsQuery } from '../ports/report.ts'

/** How a database says what differs. */
export interface WindowsDialect {
  epochMs(column: string): string
  /** Qualified tables of a tally: the ordinary one, and the stream's where there is one. */
  tablesOf(tally: Tally): readonly string[]
  /** A condition on `window_start`. */
  readonly range: string
}

/**
 * Columns: the first and the last window of each range in milliseconds. Sketches are looked at too, so that their rows
 * are seen where the totals have none; such a window counts as one row.
 */
export function printWindowRanges({ plan, parts }: WindowsQuery, dialect: WindowsDialect): string {
  const tables = plan.tallies.flatMap((tally) => {
    const rows = tally.key ? 'CAST(0 AS BIGINT)' : 'count(*)'
    return dialect
      .tablesOf(tally)
      .map(
        (table) =>
          `SELECT window_start, ${rows} AS n FROM ${table} WHERE tenant = '' AND ${dialect.range} GROUP BY window_start`,
      )
  })
  const begins =
    'gapMs' in parts
      ? `CASE WHEN ms - lag(ms) OVER (ORDER BY ms) > ${parts.gapMs} THEN 1 ELSE 0 END`
      : 'greatest(n, 1)'
  const before = 'sum(part) OVER (ORDER BY ms ROWS UNBOUNDED PRECEDING)'
  const place = 'gapMs' in parts ? before : `floor((${before} - part) / ${parts.rows})`
  return `WITH windows AS (SELECT ${dialect.epochMs('window_start')} AS ms, sum(n) AS n
      FROM (${tables.join(' UNION ALL ')}) AS held GROUP BY window_start),
    parted AS (SELECT ms, ${begins} AS part FROM windows),
    placed AS (SELECT ms, ${place} AS place FROM parted)
    SELECT min(ms), max(ms) FROM placed GROUP BY place ORDER BY 1`
}

/** Rows of `printWindowRanges`. */
export function readWindowRanges(
  { plan }: WindowsQuery,
  rows: readonly (readonly unknown[])[],
): Required<TimeRange>[] {
  return rows.map(([first, last]) => ({ fromMs: Number(first), toMs: Number(last) + plan.windowMs }))
}
