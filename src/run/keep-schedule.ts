/** Runs batches at their times: one at a time, and once for all that were missed while nobody was there. */
import type { Schedule } from '../core/definition.ts'
import { cronTimes } from './cron-times.ts'

export interface ScheduleJob {
  readonly schedule: Schedule
  /** When a batch ran last; undefined before the first. */
  lastRunMs(): Promise<number | undefined>
  run(): Promise<void>
  /** A run that failed is made up for at the next time. */
  onFailure(error: unknown): void
  now(): number
}

/** The next time, and a stop that waits for a run that is under way. */
export interface KeptSchedule {
  next(): Date | null
  stop(): Promise<void>
}

/** A timer counts no time while the machine sleeps, nor does it see that the clock was set. */
const LONGEST_WAIT_MS = 30_000

export async function keepSchedule(job: ScheduleJob): Promise<KeptSchedule> {
  const times = cronTimes(job.schedule)
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let nextMs = times.next(job.now())
  const run = () => {
    // Times that come while a batch runs are passed over: the next one counts their lines as well.
    running ??= job
      .run()
      .catch((error: unknown) => job.onFailure(error))
      .finally(() => {
        running = undefined
      })
  }
  const wait = () => {
    if (nextMs === undefined) return
    timer = setTimeout(wake, Math.min(Math.max(nextMs - job.now(), 0), LONGEST_WAIT_MS))
  }
  const wake = () => {
    if (nextMs !== undefined && job.now() >= nextMs) run()
    nextMs = times.next(job.now())
    wait()
  }
  wait()
  const lastRunMs = await job.lastRunMs()
  if (lastRunMs !== undefined && (times.next(lastRunMs) ?? Number.POSITIVE_INFINITY) <= job.now()) run()
  return {
    next: () => (nextMs === undefined ? null : new Date(nextMs)),
    stop: async () => {
      clearTimeout(timer)
      await running
    },
  }
}
