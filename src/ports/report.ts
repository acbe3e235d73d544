/** The report's role: hold totals apart from any application database, swap revisions whole, merge at query time. */
import type { Expr } from '../core/expr.ts'
import type { MergedTotals } from '../core/merged-totals.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { StepRule } from '../core/step-rule.ts'
import type { TallyDigests } from '../core/tally-digest.ts'
import type { StagedSource } from './batch-engine.ts'

export type { DimensionValue, MergedColumn, MergedTotals } from '../core/merged-totals.ts'
export type { StepRule } from '../core/step-rule.ts'

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

/** `columns` are exact ones of the tally, not floats. */
export interface DigestQuery {
  readonly plan: MetricPlan
  readonly range: TimeRange
  /** The tally's id. */
  readonly tally: string
  readonly columns: readonly string[]
  /** A digest for each window and series; else one for each window. */
  readonly bySeries: boolean
}

/**
 * What the report holds of a metric's version. `coverage` are the ranges that were computed, ascending and
 * disjoint; one range with two open ends when the whole archive was.
 */
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
  /**
   * Rows in order of window, then dimensions (strings by bytes, null last); none when the version has no totals.
   * One snapshot.
   */
  query(query: TotalsQuery): Promise<MergedTotals>
  /** Of the rows themselves, as they stand. The caller has made sure that the report holds the plan's version. */
  digest(query: DigestQuery): Promise<TallyDigests>
  /** The state of the version when the report holds it, else of the version published last. */
  metricState(metric: string, version?: string): Promise<MetricState | undefined>
  runs(limit: number): Promise<RunRecord[]>
  rejects(source: string, limit: number): Promise<{ total: number; lines: RejectedLine[] }>
  close(): Promise<void>
}
