/** What the job of a source is doing, in a line. */
import type { DeployedJob } from '../ports/stream-jobs.ts'
import { countOf, formatSeconds } from './text-table.ts'

export function describeJob(source: string, deployed: Partial<DeployedJob>): string {
  const { jobId, job } = deployed
  if (!job) return `${source}: no job is deployed; the embedded engine counts\n`
  const { state, runningTasks, tasks, restarts, pendingRecords, checkpointMs, failure } = job
  const parts = [
    state,
    `${runningTasks} of ${countOf(tasks, 'task')} running`,
    ...(pendingRecords === undefined ? [] : [`${countOf(pendingRecords, 'record')} to read`]),
    countOf(restarts, 'restart'),
    checkpointMs === undefined
      ? 'no checkpoint yet'
      : `checkpoint ${formatSeconds(Math.max(Date.now() - checkpointMs, 0))} ago`,
  ]
  const last = failure === undefined ? '' : `\n  last failure: ${failure}`
  return `${source}: ${parts.join(', ')} (${jobId})${last}\n`
}

/** None is as well as one that runs. */
export function isJobWell({ job }: Partial<DeployedJob>): boolean {
  return !job || job.state === 'RUNNING'
}
