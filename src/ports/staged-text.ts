/** What a report in a distant database needs done on this machine: staged files read, conditions decided. */
import type { Expr } from '../core/expr.ts'
import type { DimensionValue } from '../core/merged-totals.ts'
import type { MetricPlan, Tally } from '../core/plan.ts'
import type { StagedSource } from './batch-engine.ts'

/** Rows as lines, each with its newline, some thousand lines at a time; no promise about where pieces are cut. */
export type Lines = AsyncIterable<string>

export interface SeriesNumber {
  /** A UUID or its 32 hex digits. */
  readonly seriesKey: string
  readonly seriesId: number
}

/**
 * The staged partials of one metric as tab-separated text: `\N` is null, and `\\`, `\t`, `\n`, `\r` stand for
 * characters of values. Times are `YYYY-MM-DD hh:mm:ss[.mmm][ BC]` in UTC, integers have all their digits,
 * doubles the shortest text that reads back the same.
 */
export interface StagedText {
  /** `series_id`, `series_key`, `d0` … of the series that do not stand yet, numbered in the order of dimensions. */
  newSeries(): Lines
  /** `window_start`, `revision`, `series_id`, the key if there is one, the tally's columns; sorted by the first of them. */
  tally(tally: Tally, revision: number): Lines
  /** Rows of the base tally, and the records that they count. */
  count(): Promise<{ readonly rows: number; readonly records: number }>
  close(): void
}

export interface StagedTextReader {
  /** `standing` are the series that keep their numbers. Close what comes back. */
  openMetric(
    plan: MetricPlan,
    staged: StagedSource['metrics'][number],
    standing: readonly SeriesNumber[],
  ): Promise<StagedText>
  /** `source`, `revision`, `block`, `offset`, `metric`, `reason`, `field`, in order of offset. */
  readRejects(staged: StagedSource, revision: number): Lines
  /** For which of the rows, which have the dimensions of the plan, the condition holds. */
  decide(plan: MetricPlan, where: Expr, rows: readonly (readonly DimensionValue[])[]): Promise<boolean[]>
}
