/** Asks what the jobs of sources are doing, again and again, until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeployedJob, StreamJobs } from '../ports/stream-jobs.ts'

const PAUSE_MS = 5000

export interface JobsWatch {
  /** Undefined where the source has no job. */
  onState(source: string, deployed: DeployedJob | undefined): void
  /** Nobody could be asked: what was known is old. */
  onSilence(source: string): void
}

export async function keepWatchingJobs(
  jobs: StreamJobs,
  sources: readonly string[],
  { onState, onSilence }: JobsWatch,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const source of sources) {
      await jobs.state(source).then(
        (deployed) => onState(source, deployed),
        () => onSilence(source),
      )
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
  }
}
