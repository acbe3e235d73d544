/** Names of the tables that hold one version of one metric's totals, alike in every report. */
import type { MetricPlan, TallyColumn } from '../core/plan.ts'

/** Unqualified names. */
export interface MetricTables {
  readonly series: string
  readonly totals: string
  sketch(tally: string): string
  /** Holds the stream's partials of provisional windows for the table of totals or of a sketch. */
  live(table: string): string
}

/** `key` tells versions of metrics apart; see engines/table-key.ts. */
export function tablesNamed(key: string): MetricTables {
  return {
    series: `series_${key}`,
    totals: `totals_${key}`,
    sketch: (tally) => `sketch_${key}_${tally}`,
    live: (table) => `live_${table}`,
  }
}

/** Every table of a plan. */
export function allTables(plan: MetricPlan, tables: MetricTables): string[] {
  const sketches = plan.tallies.filter((tally) => tally.key).map((tally) => tables.sketch(tally.id))
  return [tables.series, tables.totals, ...sketches]
}

/** True for a sum, least or greatest value that may need 38 digits. */
export function isExact({ fn, expr }: TallyColumn): boolean {
  return fn !== 'count' && expr?.type.kind !== 'float'
}
