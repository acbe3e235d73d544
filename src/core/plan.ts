/** The plan: what must be tallied for a metric, as plain serialisable data that any dialect can print. */
import type { Field, Format, Measure, Ratio, TimeRule } from './definition.ts'
import type { Expr } from './expr.ts'

/** Number of the compiler's semantics; a change of any rule of docs/semantics.md raises it. */
export const SEMANTICS_VERSION = 2

/** One exact aggregate of a tally. `column` is stable: it is derived from what is computed, not from names. */
export interface TallyColumn {
  readonly column: string
  readonly fn: 'count' | 'sum' | 'min' | 'max'
  /** Absent for a count of records; a count with an expression counts its non-null values. */
  readonly expr?: Expr
}

/**
 * One GROUP BY window, dimensions [, key]. The base tally has no key. A keyed tally (sketch) adds an integer
 * key per row; rows whose key is null are left out.
 */
export interface Tally {
  readonly id: string
  readonly key?: Expr
  readonly columns: readonly TallyColumn[]
}

/** How a measure's value is read back from merged tallies. `scale` is that of the decimal argument, 0 for integers. */
export interface MeasureSource {
  readonly measure: Measure
  readonly tally: string
  readonly columns: readonly string[]
  readonly scale: number
  readonly float: boolean
}

export type DimensionType =
  | { readonly kind: 'string' | 'boolean' | 'integer' }
  | { readonly kind: 'decimal'; readonly scale: number }

export interface PlanDimension {
  readonly name: string
  readonly expr: Expr
  readonly type: DimensionType
}

export interface MetricPlan {
  readonly metric: string
  /** What is counted, whatever source the lines are of: a SHA-256, hex. Plans of reports that were made earlier have none. */
  readonly meaning: string
  /** The meaning and the source: see compile/metric-version.ts. */
  readonly version: string
  readonly source: string
  readonly windowMs: number
  readonly where?: Expr
  /** Fields whose error rejects a record for this metric, in name order. */
  readonly usedFields: readonly string[]
  readonly dimensions: readonly PlanDimension[]
  /** The base tally first; it always holds the column `records`. */
  readonly tallies: readonly Tally[]
  readonly measures: readonly MeasureSource[]
  readonly ratios: readonly Ratio[]
}

/** Everything one pass over a source must compute. `fields` is the union of what the metrics use, in name order. */
export interface SourcePlan {
  readonly semantics: number
  readonly source: string
  readonly format: Format
  readonly time: TimeRule
  readonly nullTexts: readonly string[]
  /** How far event time may run ahead of observed time; no limit when absent. */
  readonly allowedSkewMs?: number
  /** How far event time may lie behind observed time; no limit when absent. */
  readonly allowedAgeMs?: number
  readonly fields: readonly Field[]
  readonly metrics: readonly MetricPlan[]
}

/** By metric. */
export function versionsOf(plans: readonly SourcePlan[]): Map<string, string> {
  return new Map(plans.flatMap(({ metrics }) => metrics.map(({ metric, version }) => [metric, version])))
}
