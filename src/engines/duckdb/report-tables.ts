/** Names and column types of the tables that hold one version of one metric's totals. */
import { createHash } from 'node:crypto'
import type { DimensionType, MetricPlan, TallyColumn } from '../../core/plan.ts'
import { duckdbDialect } from './dialect.ts'

/** Millrace's own tables stand in a schema apart, so that any metric may have any name. */
export const SCHEMA = 'millrace'

/** Unqualified names; `qualify` gives what SQL needs. */
export interface MetricTables {
  readonly series: string
  readonly totals: string
  sketch(tally: string): string
}

/** Two metrics may mean the same and so share a version: the name is cut from both. */
export function tablesOf(metric: string, version: string): MetricTables {
  const key = createHash('sha256')
    .update(JSON.stringify([metric, version]))
    .digest('hex')
    .slice(0, 16)
  return {
    series: `series_${key}`,
    totals: `totals_${key}`,
    sketch: (tally) => `sketch_${key}_${tally}`,
  }
}

export function qualify(table: string): string {
  return `${SCHEMA}.${duckdbDialect.quoteName(table)}`
}

/** Every table of a plan. */
export function allTables(plan: MetricPlan): string[] {
  const tables = tablesOf(plan.metric, plan.version)
  const sketches = plan.tallies.filter((tally) => tally.key).map((tally) => tables.sketch(tally.id))
  return [tables.series, tables.totals, ...sketches]
}

/** Integers and decimals of any size are scaled integers. */
export function dimensionColumnType({ kind }: DimensionType): string {
  if (kind === 'string') return 'VARCHAR'
  return kind === 'boolean' ? 'BOOLEAN' : 'HUGEINT'
}

export const WIDE = 'DECIMAL(38,0)'

/**
 * Exact values that may need 38 digits are BIGINT as long as all fit: DuckDB sums a BIGINT some ten times as
 * fast as a DECIMAL(38,0), and still into 128 bits.
 */
export function isExact({ fn, expr }: TallyColumn): boolean {
  return fn !== 'count' && expr?.type.kind !== 'float'
}
