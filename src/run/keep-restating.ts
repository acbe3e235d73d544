/** Windows in which late records fell, or that a stream joined too late for, are restated by a batch run of their own. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import { readHeldLost } from './held-lost.ts'

const LOOK_MS = 2000
/** A run reads the whole archive, so that at most this share of the time goes to restating. */
const SHARE = 4
/** Of one run, which publishes them in one transaction: the report's writer must not be held for seconds. */
const MOST_WINDOWS = 250_000
const PAUSE_AFTER_FAILURE_MS = 30_000

export interface RestateJob {
  readonly plans: readonly MetricPlan[]
  readonly report: Pick<Report, 'lateRanges' | 'metricState' | 'runs' | 'streamState'>
  readonly archive: Pick<Archive, 'manifest'>
  restate(ranges: ReadonlyMap<string, TimeRange>): Promise<void>
  /** Hears of late lines that no run can count, each time that they are passed. */
  onHeld?(why: MillraceError): void
  /** Hears that nothing waits which could not be restated. */
  onLook?(): void
  onFailure(error: unknown): void
  now(): number
}

/** Until told to stop. */
export async function keepRestating(job: RestateJob, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startedMs = job.now()
    let pauseMs = LOOK_MS
    try {
      const ranges = await countableRanges(job)
      if (ranges.size > 0) {
        await job.restate(ranges)
        pauseMs = Math.max(LOOK_MS, (job.now() - startedMs) * SHARE)
      }
      job.onLook?.()
    } catch (error) {
      if (signal.aborted) return
      job.onFailure(error)
      pauseMs = PAUSE_AFTER_FAILURE_MS
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Where totals hold lost lines, counting again would drop these, now and at every later time. */
async function countableRanges(job: RestateJob): Promise<Map<string, Required<TimeRange>>> {
  const ranges = await waitingRanges(job)
  for (const plan of job.plans) {
    if (!ranges.has(plan.metric)) continue
    const why = await readHeldLost(job.report, await job.archive.manifest(plan.source), plan)
    if (!why) continue
    ranges.delete(plan.metric)
    job.onHeld?.(why)
  }
  return ranges
}

/** By metric, the first span of windows that wait and are final; others still take records, or wait for the next run. */
export async function waitingRanges({
  plans,
  report,
}: Pick<RestateJob, 'plans'> & {
  readonly report: Pick<Report, 'lateRanges' | 'metricState'>
}): Promise<Map<string, Required<TimeRange>>> {
  const waiting = await report.lateRanges()
  const ranges = new Map<string, Required<TimeRange>>()
  for (const plan of plans) {
    const own = waiting.filter((one) => one.metric === plan.metric && one.version === plan.version)
    if (own.length === 0) continue
    const state = await report.metricState(plan.metric, plan.version)
    const span = firstSpan(own, state?.finalBeforeMs ?? Number.NEGATIVE_INFINITY, plan.windowMs)
    if (span) ranges.set(plan.metric, span)
  }
  return ranges
}

/** Ranges that lie near go together, since each run reads the whole archive. */
function firstSpan(
  waiting: readonly Required<TimeRange>[],
  finalMs: number,
  windowMs: number,
): Required<TimeRange> | undefined {
  const final = waiting.flatMap(({ fromMs, toMs }) =>
    fromMs < finalMs ? [{ fromMs, toMs: Math.min(toMs, finalMs) }] : [],
  )
  const [first, ...others] = final.sort((a, b) => a.fromMs - b.fromMs)
  if (!first) return undefined
  const endMs = first.fromMs + MOST_WINDOWS * windowMs
  let { toMs } = first
  for (const next of others) {
    if (next.fromMs > toMs && next.toMs > endMs) break
    toMs = Math.max(toMs, next.toMs)
  }
  return { fromMs: first.fromMs, toMs: Math.min(toMs, endMs) }
}
