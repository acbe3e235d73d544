/** Windows in which late records fell, or that a stream joined too late for, are restated by a batch run of their own. */

import { setTimeout as sleep } from 'node:timers/promises'
import { greatestOf, leastOf } from '../core/extremes.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { LateWindow, Report } from '../ports/report.ts'

const LOOK_MS = 2000
/** A run reads the whole archive, so that at most this share of the time goes to restating. */
const SHARE = 4
const PAUSE_AFTER_FAILURE_MS = 30_000

export interface RestateJob {
  readonly plans: readonly MetricPlan[]
  readonly report: Pick<Report, 'lateWindows' | 'metricState'>
  restate(ranges: ReadonlyMap<string, TimeRange>): Promise<void>
  onFailure(error: unknown): void
  now(): number
}

/** Until told to stop. */
export async function keepRestating(job: RestateJob, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startedMs = job.now()
    let pauseMs = LOOK_MS
    try {
      const ranges = await waitingRanges(job)
      if (ranges.size > 0) {
        await job.restate(ranges)
        pauseMs = Math.max(LOOK_MS, (job.now() - startedMs) * SHARE)
      }
    } catch (error) {
      if (signal.aborted) return
      job.onFailure(error)
      pauseMs = PAUSE_AFTER_FAILURE_MS
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** By metric, from the first to the last window that waits and is final: others still take records. */
export async function waitingRanges({
  plans,
  report,
}: Pick<RestateJob, 'plans' | 'report'>): Promise<Map<string, TimeRange>> {
  const waiting = await report.lateWindows()
  const ranges = new Map<string, TimeRange>()
  for (const plan of plans) {
    const own = waiting.filter((one) => one.metric === plan.metric && one.version === plan.version)
    const range = own.length > 0 ? await finalOf(plan, own, report) : undefined
    if (range) ranges.set(plan.metric, range)
  }
  return ranges
}

async function finalOf(
  { metric, version, windowMs }: MetricPlan,
  waiting: readonly LateWindow[],
  report: RestateJob['report'],
): Promise<TimeRange | undefined> {
  const state = await report.metricState(metric, version)
  const final = state?.finalBeforeMs ?? Number.NEGATIVE_INFINITY
  const starts = waiting.map((one) => one.windowMs).filter((ms) => ms < final)
  if (starts.length === 0) return undefined
  return { fromMs: leastOf(starts), toMs: greatestOf(starts) + windowMs }
}
