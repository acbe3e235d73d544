/** Which windows a batch may publish beside a stream: those that are final once everything below its cut is known. */
import { MillraceError } from '../core/error.ts'
import { finalBefore } from '../core/final-windows.ts'
import { type MetricRanges, rangeOf } from '../core/metric-ranges.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import { isWholeRange } from '../core/time-coverage.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { BatchAdvance, StreamState } from '../ports/report.ts'

/** Where a batch run ends, and the stream of its source. */
export interface BatchCut {
  readonly state: StreamState | undefined
  readonly cut: number
  /** Where nobody streams beside the run. */
  readonly advance?: BatchAdvance
}

/**
 * By metric, what was asked as far as it is final; all of it where nobody streams beside the run and all windows were
 * asked for. All lines from the cut on are late for these windows, since the state was read before the cut was fixed.
 * Errors: BATCH_NOTHING_FINAL, BATCH_STREAM_BEGINS, REPORT_AHEAD.
 */
export function finalRanges(plan: SourcePlan, asked: MetricRanges, place: BatchCut): Map<string, TimeRange> {
  const { state, cut, advance } = place
  const counted = plan.metrics.reduce(
    (most, metric) => Math.max(most, streamedOf(metric, state)?.endOffset ?? 0),
    0,
  )
  // By now the archive has what any log here holds: nothing comes by waiting.
  if (cut < counted && !advance?.replaces)
    throw new MillraceError('REPORT_AHEAD', { source: plan.source, counted, end: cut })
  return new Map(
    plan.metrics.map((metric) => [metric.metric, finalRange(metric, rangeOf(asked, metric.metric), place)]),
  )
}

function finalRange(plan: MetricPlan, asked: TimeRange, { state, advance }: BatchCut): TimeRange {
  const { metric, windowMs } = plan
  const streamed = streamedOf(plan, state)
  if (!streamed || (advance && isWholeRange(asked))) return asked
  const latenessMs = streamed.lateness.at(-1)?.latenessMs ?? 0
  const atCut = advance ? finalBefore(advance.clockMs, windowMs, latenessMs) : streamed.finalBeforeMs
  const final = Math.max(streamed.finalBeforeMs, atCut)
  if (asked.fromMs !== undefined && asked.fromMs >= final) {
    // Its stream stands at the first line, and has no clock yet.
    if (final <= 0) throw new MillraceError('BATCH_STREAM_BEGINS', { metric })
    throw new MillraceError('BATCH_NOTHING_FINAL', { metric, final: formatInstant(final) })
  }
  return { ...asked, toMs: Math.min(asked.toMs ?? final, final) }
}

function streamedOf({ metric, version }: MetricPlan, state: StreamState | undefined) {
  return state?.metrics.find((one) => one.metric === metric && one.version === version)
}
