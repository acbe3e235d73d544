/** Which windows a batch may publish beside a stream: those that are final once everything below its cut is known. */
import { MillraceError } from '../core/error.ts'
import { type MetricRanges, rangeOf } from '../core/metric-ranges.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { StreamState } from '../ports/report.ts'

/**
 * By metric, what was asked as far as it is final. All lines from the cut on are late for these windows, since the
 * state was read before the cut was fixed. Errors: BATCH_ARCHIVE_BEHIND, BATCH_NOTHING_FINAL.
 */
export function finalRanges(
  plan: SourcePlan,
  asked: MetricRanges,
  { state, cut }: { readonly state: StreamState | undefined; readonly cut: number },
): Map<string, TimeRange> {
  const counted = plan.metrics.reduce(
    (most, metric) => Math.max(most, streamedOf(metric, state)?.endOffset ?? 0),
    0,
  )
  if (cut < counted) throw new MillraceError('BATCH_ARCHIVE_BEHIND', { source: plan.source, cut, counted })
  return new Map(
    plan.metrics.map((metric) => [metric.metric, finalRange(metric, rangeOf(asked, metric.metric), state)]),
  )
}

function finalRange(plan: MetricPlan, asked: TimeRange, state: StreamState | undefined): TimeRange {
  const { metric } = plan
  const streamed = streamedOf(plan, state)
  if (!streamed) return asked
  const { finalBeforeMs: final } = streamed
  if (asked.fromMs !== undefined && asked.fromMs >= final)
    throw new MillraceError('BATCH_NOTHING_FINAL', { metric, final: formatInstant(final) })
  return { ...asked, toMs: Math.min(asked.toMs ?? final, final) }
}

function streamedOf({ metric, version }: MetricPlan, state: StreamState | undefined) {
  return state?.metrics.find((one) => one.metric === metric && one.version === version)
}
