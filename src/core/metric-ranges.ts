/** Which windows a run computes, and which lines count in windows that were published before. */
import type { TimeRange } from './run-record.ts'

export interface MetricRanges {
  readonly range: TimeRange
  /** By metric, where it is another one. */
  readonly ranges?: ReadonlyMap<string, TimeRange>
}

/** Windows that a batch run published, and the offset up to which it read. */
export interface PublishedRange {
  readonly range: TimeRange
  readonly cut: number
  readonly revision: number
}

export function rangeOf({ range, ranges }: MetricRanges, metric: string): TimeRange {
  return ranges?.get(metric) ?? range
}

export function holdsWindow({ fromMs, toMs }: TimeRange, windowMs: number): boolean {
  return (fromMs === undefined || fromMs <= windowMs) && (toMs === undefined || windowMs < toMs)
}
