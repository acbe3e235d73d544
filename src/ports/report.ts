/** The report's role: hold totals apart from any application database, swap revisions whole, merge at query time. */
import type { Expr } from '../core/expr.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { StagedSource } from './batch-engine.ts'

export interface Publication {
  readonly range: TimeRange
  readonly sources: readonly {
    readonly plans: readonly MetricPlan[]
    readonly staged: StagedSource
    readonly appended: number
  }[]
  /** Called inside the transaction with the new revision, to complete the record that is stored with it. */
  record(revision: number, metricRows: ReadonlyMap<string, number>): RunRecord
}

/** Where base windows go: fixed steps from the epoch, or explicit boundaries (calendar steps in a time zone). */
export type StepRule =
  | { readonly kind: 'fixed'; readonly stepMs: number }
  /** `boundaries` ascending; a window belongs to the last boundary ≤ its start. Covers the whole range. */
  | { readonly kind: 'boundaries'; readonly boundaries: readonly number[] }

export interface TotalsQuery {
  readonly plan: MetricPlan
  readonly range: TimeRange
  readonly step: StepRule
  /** Names of the dimensions to keep, in output order. */
  readonly by: readonly string[]
  /** Names of the measures to read. */
  readonly measures: readonly string[]
  /** Ranks in (0, 1], as exact fractions. */
  readonly quantiles: readonly { readonly numerator: number; readonly denominator: number }[]
  /** A condition whose `field` nodes are dimensions. */
  readonly where?: Expr
}

export type DimensionValue = string | number | bigint | boolean | null

/**
 * Merged tallies of one output row. Exact values are scaled integers. `quantiles[i]` is the bucket number that
 * holds rank i of the query; `distinct` the estimate before rounding.
 */
export interface MergedRow {
  readonly windowMs: number
  readonly dimensions: readonly DimensionValue[]
  readonly values: ReadonlyMap<string, MergedValue>
}

export type MergedValue =
  | { readonly kind: 'exact'; readonly columns: readonly (bigint | null)[] }
  | { readonly kind: 'float'; readonly columns: readonly (number | bigint | null)[] }
  | { readonly kind: 'quantiles'; readonly buckets: readonly (number | null)[] }
  | { readonly kind: 'distinct'; readonly estimate: number }

/** What the report holds of a metric. `whole` is false when only ranges were ever computed for this version. */
export interface MetricState {
  readonly metric: string
  readonly version: string
  readonly revision: number
  readonly coverage: readonly TimeRange[]
  readonly firstWindowMs: number | null
  readonly lastWindowMs: number | null
}

export interface RejectedLine {
  readonly block: string
  readonly offset: number
  readonly metric: string | null
  readonly reason: string
  readonly field: string | null
}

export interface Report {
  /** One transaction: ledger check, delete of the old windows, insert, run record. All or nothing. */
  publish(publication: Publication): Promise<RunRecord>
  query(query: TotalsQuery): Promise<MergedRow[]>
  metricState(metric: string): Promise<MetricState | undefined>
  runs(limit: number): Promise<RunRecord[]>
  rejects(source: string, limit: number): Promise<{ total: number; lines: RejectedLine[] }>
  close(): Promise<void>
}
