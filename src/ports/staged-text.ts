/** What a report in a distant database needs done on this machine: staged files read, conditions decided. */
import type { Expr } from '../core/expr.ts'
import type { DimensionValue } from '../core/merged-totals.ts'
import type { MetricPlan, Tally } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { StagedSource } from './batch-engine.ts'

/** Rows as lines of UTF-8, each with its newline, some thousand lines at a time. */
export type Lines = AsyncIterable<Uint8Array>

export interface SeriesNumber {
  /** A UUID or its 32 hex digits. */
  readonly seriesKey: string
  readonly seriesId: number
}

/** Rows, the records that they count, and the starts of the first and the last window. */
export interface TextCount {
  readonly rows: number
  readonly records: number
  readonly firstMs: number | null
  readonly lastMs: number | null
}

/**
 * The staged partials of one metric as tab-separated text: `\N` is null, and `\\`, `\t`, `\n`, `\r` stand for
 * characters of values. Times are `YYYY-MM-DD hh:mm:ss[.mmm][ BC]` in UTC, integers have all their digits,
 * doubles the shortest text that reads back the same.
 */
export interface StagedText {
  /** `series_id`, `series_key`, `d0` … of the series that do not stand yet, numbered in the order of dimensions. */
  newSeries(): Lines
  /**
   * `window_start`, `revision`, `series_id`, the key if there is one, the tally's columns; sorted by the first of
   * them. Windows that start in one of the ranges of `dropped` are left out.
   */
  tally(tally: Tally, revision: number, dropped?: readonly Required<TimeRange>[]): Lines
  /** Of the base tally. */
  count(): Promise<TextCount>
  close(): Promise<void>
}

/** The staged partials of one metric before its series have numbers. */
export interface StagedPartials {
  /** Records of the base tally by window. */
  windows(): Promise<{ readonly windowMs: number; readonly lines: number }[]>
  /** Of every series there is. */
  seriesKeys(): Promise<string[]>
  /** New series get numbers above those of `standing`. */
  number(standing: readonly SeriesNumber[]): Promise<StagedText>
}

/** All that was staged of a source, opened once. */
export interface StagedFiles {
  /** Close the text that comes of it before these files. */
  metric(plan: MetricPlan): Promise<StagedPartials>
  /** As `readRejects`. */
  rejects(revision: number): Lines
  close(): Promise<void>
}

export interface StagedTextReader {
  /** Close what comes back. */
  openSource(staged: StagedSource): Promise<StagedFiles>
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
