/** The range of --from and --to, which must hold whole windows of every metric concerned. */
import type { Metric } from '../core/definition.ts'
import { formatDuration } from '../core/duration.ts'
import { MillraceError } from '../core/error.ts'
import type { TimeRange } from '../core/run-record.ts'
import { formatInstant } from '../core/timestamp.ts'
import { windowStart } from '../core/window.ts'

/** Only whole windows can be replaced, so a bound inside a window is refused rather than moved. */
export function readRange(
  { from, to }: { readonly from?: number; readonly to?: number },
  metrics: readonly Metric[],
): TimeRange {
  if (from !== undefined && to !== undefined && to <= from) {
    throw new MillraceError('CLI_RANGE_EMPTY', { from: formatInstant(from), to: formatInstant(to) })
  }
  for (const metric of metrics) {
    if (from !== undefined) requireWindowStart('--from', from, metric)
    if (to !== undefined) requireWindowStart('--to', to, metric)
  }
  return { ...(from !== undefined && { fromMs: from }), ...(to !== undefined && { toMs: to }) }
}

function requireWindowStart(option: string, ms: number, { name, windowMs }: Metric): void {
  const before = windowStart(ms, windowMs)
  if (before === ms) return
  throw new MillraceError('CLI_RANGE_OFF_WINDOW', {
    option,
    given: formatInstant(ms),
    metric: name,
    window: formatDuration(windowMs),
    before: formatInstant(before),
    after: formatInstant(before + windowMs),
  })
}
