/** The metrics of jobs that tally lines on an engine of their own, as that engine says. */
import type { JobState } from '../ports/stream-jobs.ts'
import type { Family, Sample } from './open-metrics.ts'
import type { StreamWatch } from './stream-watch.ts'

/** None at all where there are no jobs. */
export function describeJobs({ jobs }: StreamWatch, nowMs: number): Family[] {
  if (jobs.size === 0) return []
  const perJob = (value: (job: JobState) => number | undefined): Sample[] =>
    [...jobs].flatMap(([source, job]) => {
      const found = job && value(job)
      return found === undefined ? [] : [{ labels: { source }, value: found }]
    })
  return [
    {
      ...{ name: 'millrace_job_running', type: 'gauge' },
      help: '1 while all tasks of the job run; 0 also while its engine does not answer.',
      samples: [...jobs].map(([source, job]) => ({
        labels: { source },
        value: job?.state === 'RUNNING' && job.runningTasks === job.tasks ? 1 : 0,
      })),
    },
    {
      ...{ name: 'millrace_job_restarts', type: 'gauge', help: 'How often the job was restarted.' },
      samples: perJob(({ restarts }) => restarts),
    },
    {
      ...{ name: 'millrace_job_lag_records', type: 'gauge' },
      help: 'Records of the topic that the job has not read.',
      samples: perJob(({ pendingRecords }) => pendingRecords),
    },
    {
      ...{ name: 'millrace_job_checkpoint_age_seconds', type: 'gauge', unit: 'seconds' },
      help: "Since the job's last checkpoint was complete.",
      samples: perJob(({ checkpointMs }) =>
        checkpointMs === undefined ? undefined : Math.max(nowMs - checkpointMs, 0) / 1000,
      ),
    },
  ]
}
