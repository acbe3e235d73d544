/** Digests of a tally's merged rows as SQL that the databases of reports share. */

import type { DimensionValue } from '../core/merged-totals.ts'
import type { MetricPlan, Tally, TallyColumn } from '../core/plan.ts'
import type { TallyDigests } from '../core/tally-digest.ts'
import type { DigestQuery } from '../ports/report.ts'
import type { MetricTables } from './report-tables.ts'

/** How a database says what differs. */
export interface DigestDialect {
  /** A text of hexadecimal digits, at most 15 → BIGINT. */
  numberOfHex(digits: string): string
  epochMs(column: string): string
  qualify(table: string): string
  /** A relation of all rows of a tally, which may share keys. */
  rowsOf(tally: Tally): string
  /** A condition on `window_start`. */
  readonly range: string
}

/**
 * Columns: the window in milliseconds, dimensions when series are told apart, merged rows, and as text the sum of 60
 * bits of each row's MD5. A sum has no order, and unlike an exclusive or it counts what stands twice. Series are
 * named by their values, since each report numbers them anew.
 */
export function printDigests(query: DigestQuery, tables: MetricTables, dialect: DigestDialect): string {
  const { plan, columns, bySeries } = query
  const tally = tallyOf(query)
  const kept = tally.columns.filter(({ column }) => columns.includes(column))
  const keys = ['window_start', 'series_id', ...(tally.key ? ['"key"'] : [])].join(', ')
  const merged = kept.map((column) => `${printMerge(column)} AS ${column.column}`)
  const dimensions = plan.dimensions.map((_, place) => `d${place}`)
  const values = [...(tally.key ? ['"key"'] : []), ...kept.map(({ column }) => column)]
  const row = [`coalesce(series_name, '')`, ...values.map(printText)].join(` || ':' || `)
  const groups = ['window_start', ...(bySeries ? dimensions : [])].join(', ')
  const shown = [dialect.epochMs('window_start'), ...(bySeries ? dimensions : [])].join(', ')
  return `WITH named AS (SELECT ${['series_id', `${printName(dimensions)} AS series_name`, ...dimensions].join(', ')}
      FROM ${dialect.qualify(tables.series)} WHERE tenant = ''),
    merged AS (SELECT ${[keys, ...merged].join(', ')} FROM ${dialect.rowsOf(tally)} AS all_rows
      WHERE tenant = '' AND ${dialect.range} GROUP BY ${keys})
    SELECT ${shown}, count(*), CAST(sum(${dialect.numberOfHex(`substr(md5(${row}), 1, 15)`)}) AS VARCHAR)
    FROM merged LEFT JOIN named USING (series_id) GROUP BY ${groups}`
}

/** Rows of `printDigests`; integers of dimensions may come as text. */
export function readDigests({ plan, bySeries }: DigestQuery, rows: readonly unknown[][]): TallyDigests {
  const kinds = bySeries ? plan.dimensions.map(({ type }) => type.kind) : []
  const toValue = (value: unknown, place: number): DimensionValue =>
    value === null || kinds[place] === 'string' || kinds[place] === 'boolean'
      ? (value as DimensionValue)
      : BigInt(String(value))
  return {
    windowMs: rows.map(([ms]) => Number(ms)),
    dimensions: rows.map((row) => row.slice(1, 1 + kinds.length).map(toValue)),
    rows: rows.map((row) => Number(row.at(-2))),
    digests: rows.map((row) => BigInt(String(row.at(-1)))),
  }
}

function tallyOf({ plan, tally }: { plan: MetricPlan; tally: string }): Tally {
  const found = plan.tallies.find(({ id }) => id === tally)
  if (!found) throw new Error(`metric ${plan.metric} has no tally ${tally}`)
  return found
}

/** Of one length each, so that no two lists of values share a name. */
function printName(dimensions: readonly string[]): string {
  if (dimensions.length === 0) return `'all'`
  const parts = dimensions.map((column) => `coalesce(md5(CAST(${column} AS VARCHAR)), 'null')`)
  return `md5(${parts.join(` || ',' || `)})`
}

function printMerge({ column, fn }: TallyColumn): string {
  return fn === 'count' ? `sum(${column})` : `${fn}(${column})`
}

function printText(column: string): string {
  return `coalesce(CAST(${column} AS VARCHAR), 'null')`
}
