/** The report's role: hold totals apart from any application database, swap revisions whole, merge at query time. */
import type { Expr } from '../core/expr.ts'
import type { NotedRange } from '../core/late-ranges.ts'
import type { LatenessSteps } from '../core/lateness.ts'
import type { MergedTotals } from '../core/merged-totals.ts'
import type { MetricRanges, PublishedRange } from '../core/metric-ranges.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { Ledger, RunRecord, TimeRange } from '../core/run-record.ts'
import type { StepRule } from '../core/step-rule.ts'
import type { TallyDigests } from '../core/tally-digest.ts'
import type { StagedSource } from './batch-engine.ts'

export type { DimensionValue, MergedColumn, MergedTotals } from '../core/merged-totals.ts'
export type { StepRule } from '../core/step-rule.ts'

/** A run that nobody streams beside: it counts all windows, and the stream of each metric goes on from its cut. */
export interface BatchAdvance {
  /** The archive's incarnation. */
  readonly archive: string
  /** Everything observed before this time lies below the cut. */
  readonly clockMs: number
  /** By metric. */
  readonly latenessMs: ReadonlyMap<string, number>
  /** By metric, where it stood before; those that the report does not know are left out. */
  readonly from: ReadonlyMap<string, number>
  /** Totals of lines that are there no longer give way. */
  readonly replaces: boolean
}

export interface Publication extends MetricRanges {
  readonly sources: readonly {
    readonly plans: readonly MetricPlan[]
    readonly staged: StagedSource
    readonly appended: number
    /** Of these, lost lines. */
    readonly lost?: number
    readonly advance?: BatchAdvance
  }[]
  /** Sources whose streams begin again after it: what the report holds of them was made by a wrong clock. */
  readonly restarts?: readonly string[]
  /** Called inside the transaction with the new revision, to complete the record that is stored with it. */
  record(revision: number, metricRows: ReadonlyMap<string, number>): RunRecord | Promise<RunRecord>
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

/** Windows of a metric that have rows, whatever lies between them. */
export interface WindowsQuery {
  readonly plan: MetricPlan
  readonly range: TimeRange
  /** Ranges hold about so many rows of totals; or they part where the next window starts more than a gap later. */
  readonly parts: { readonly rows: number } | { readonly gapMs: number }
}

/**
 * What the report holds of a metric's version. `coverage` are the ranges that were computed or are streamed,
 * ascending and disjoint; one range with two open ends when the whole archive was. The revision is 0 while there
 * are totals of the stream alone.
 */
export interface MetricState {
  readonly metric: string
  readonly version: string
  /** By which the totals were computed; the definition may have changed since. */
  readonly plan: MetricPlan
  /** All versions that have totals, newest first. */
  readonly versions: readonly string[]
  readonly revision: number
  readonly coverage: readonly TimeRange[]
  /** What batch runs counted, newest first; windows outside are the stream's. */
  readonly published: readonly PublishedRange[]
  readonly firstWindowMs: number | null
  readonly lastWindowMs: number | null
  /** Windows from here on are provisional, since the stream still adds to them; absent where none does. */
  readonly finalBeforeMs?: number
}

/** A version of a metric that the report holds. */
export interface HeldMetric {
  readonly metric: string
  readonly version: string
  readonly source: string
  /** A stream may have begun that has counted nothing yet. */
  readonly hasTotals: boolean
}

export interface RejectedLine {
  readonly block: string
  readonly offset: number
  readonly metric: string | null
  readonly reason: string
  readonly field: string | null
}

/** What one micro-batch adds, and the range of offsets that it came from. */
export interface StreamAdvance {
  readonly source: string
  /** Of the log; empty while the source has none. */
  readonly incarnation: string
  /** The archive's incarnation, as soon as the source has one. */
  readonly archive?: string
  /** The log that the report knows, where another one has taken its place below which all lines are the archive's. */
  readonly follows?: string
  readonly fromOffset: number
  readonly endOffset: number
  /** How many of these offsets are lost; absent where none is. */
  readonly lost?: number
  /** Everything observed before this time lies below `endOffset`. */
  readonly clockMs: number
  readonly plans: readonly MetricPlan[]
  /** By metric, the definition's. Where it differs from the report's, an advance of no lines must say so first. */
  readonly latenessMs: ReadonlyMap<string, number>
  /** How far records below `fromOffset` may be ahead of the clock. */
  readonly allowedSkewMs?: number | undefined
  readonly staged: StagedSource
}

/** How far the stream of a source has come in this report. */
export interface StreamState {
  readonly source: string
  readonly incarnation: string
  /** Undefined while the source had no archive. */
  readonly archive?: string
  /** Of the metric that is furthest. */
  readonly endOffset: number
  readonly clockMs: number
  /**
   * All that were ever streamed and are in the report. They begin later than their source when they were added later.
   * The ledger is of the offsets from `startOffset` to `endOffset`.
   */
  readonly metrics: readonly {
    readonly metric: string
    readonly version: string
    readonly startOffset: number
    /** Less than the source's while the metric has to catch up, or is left out of the definition. */
    readonly endOffset: number
    /** Everything observed before this time lies below `endOffset`. */
    readonly clockMs: number
    /** No record below `startOffset` is of this time or later, as far as the source limits its skew. */
    readonly startClockMs: number
    /** Windows that start before this are final, and stay so. */
    readonly finalBeforeMs: number
    readonly lateness: LatenessSteps
    readonly ledger: Ledger
  }[]
}

/**
 * Windows in which late records may have fallen that no published batch has counted: at most 1,000 ranges of a metric's
 * version. Those of one `endOffset` are disjoint. A batch with this cut has all their records.
 */
export interface LateRange extends NotedRange {
  readonly source: string
  readonly metric: string
  readonly version: string
}

export interface Report {
  /**
   * One transaction: each metric must stand at `fromOffset` (a source or a metric that is new begins there), the
   * ledger must balance, partials are added to the windows that no published batch covers, late windows are noted.
   * Errors: REPORT_STREAM_MOVED, REPORT_LATENESS_MOVED, LEDGER_MISMATCH.
   */
  advance(advance: StreamAdvance): Promise<void>
  streamState(source: string): Promise<StreamState | undefined>
  /** In order of source, metric, version, start and offset. */
  lateRanges(): Promise<LateRange[]>
  /**
   * One transaction: ledger check, delete of the old windows, insert, run record; where a source advances, its metrics
   * move to the cut. All or nothing. Errors: LEDGER_MISMATCH, REPORT_MOVED, REPORT_STREAM_OWNS.
   */
  publish(publication: Publication): Promise<RunRecord>
  /**
   * Rows in order of window, then dimensions (strings by bytes, null last); none when the version has no totals.
   * One snapshot.
   */
  query(query: TotalsQuery): Promise<MergedTotals>
  /** Of the rows themselves, as they stand. The caller has made sure that the report holds the plan's version. */
  digest(query: DigestQuery): Promise<TallyDigests>
  /**
   * Ascending and disjoint; each begins and ends with a window that has rows, and all such windows lie in them. The
   * caller has made sure that the report holds the plan's version.
   */
  windowRanges(query: WindowsQuery): Promise<Required<TimeRange>[]>
  /** The state of the version when the report holds it, else of the version published last. */
  metricState(metric: string, version?: string): Promise<MetricState | undefined>
  /** All versions of all metrics, in order of metric and version. */
  heldMetrics(): Promise<HeldMetric[]>
  runs(limit: number): Promise<RunRecord[]>
  rejects(source: string, limit: number): Promise<{ total: number; lines: RejectedLine[] }>
  /**
   * All that the report holds of a source stands under another name: one transaction, and nothing where it holds nothing
   * under the old one. Errors: RENAME_BOTH_HOLD.
   */
  renameSource(from: string, to: string): Promise<void>
  /** Of a report in a file: whether it is still the one that was opened. Errors: REPORT_GONE. */
  look?(): Promise<void>
  /**
   * Every table is there with the rows that were left in it. In a report that is open for writing those that are not are
   * made again, and their metrics stand at offset 0. Errors: REPORT_TABLES_LOST, REPORT_INCOMPLETE (readers).
   */
  requireWhole(): Promise<void>
  /** Whatever waits for another machine fails at once. The report can only be closed after it. */
  interrupt(): void
  close(): Promise<void>
}
