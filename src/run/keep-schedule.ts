/** Runs batches at their times: one at a time, and once for all that were missed while nobody was there. */
import { Cron } from 'croner'
import type { Schedule } from '../core/definition.ts'

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

export async function keepSchedule(job: ScheduleJob): Promise<KeptSchedule> {
  const { cron, timezone } = job.schedule
  let running: Promise<void> | undefined
  const run = () => {
    // Times that come while a batch runs are passed over: the next one counts their lines as well.
    running ??= job
      .run()
      .catch((error: unknown) => job.onFailure(error))
      .finally(() => {
        running = undefined
      })
  }
  const times = new Cron(cron, { timezone }, run)
  const [previous] = times.previousRuns(1, new Date(job.now()))
  const lastRunMs = await job.lastRunMs()
  if (previous && lastRunMs !== undefined && lastRunMs < previous.getTime()) run()
  return {
    next: () => times.nextRun(),
    stop: async () => {
      times.stop()
      await running
    },
  }
}
