/** Runs the stream of every source, and takes it up again after a failure: the report says where it stands. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SourcePlan } from '../core/plan.ts'
import { type FarBehind, farBehind } from './far-behind.ts'
import { runStream, type StreamJob } from './run-stream.ts'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 15_000

export interface StreamsJob extends Omit<StreamJob, 'plan'> {
  readonly plans: readonly SourcePlan[]
  /** Takes metrics that are far behind to the archive's end by a batch run, while their source is not streamed. */
  leap(source: string, behind: FarBehind): Promise<void>
  /** For tests. */
  readonly mostLines?: number
  onFailure(source: string, error: unknown): void
}

/** Until told to stop. Sources without a metric have no stream. */
export async function keepStreaming(job: StreamsJob, signal: AbortSignal): Promise<void> {
  const fed = job.plans.filter(({ metrics }) => metrics.length > 0)
  await Promise.all(fed.map((plan) => keepOne({ ...job, plan }, signal)))
}

async function keepOne(job: StreamsJob & StreamJob, signal: AbortSignal): Promise<void> {
  let pauseMs = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      const behind = await farBehind(job)
      if (behind) await job.leap(job.plan.source, behind)
      await runStream(
        {
          ...job,
          onAdvance: (news) => {
            pauseMs = FIRST_PAUSE_MS
            job.onAdvance?.(news)
          },
        },
        signal,
      )
    } catch (error) {
      if (signal.aborted) return
      job.onFailure(job.plan.source, error)
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    }
  }
}
