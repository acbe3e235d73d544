/** Jobs that tally the lines of a topic on an engine of their own: where one begins, and what it is doing. */

/** Where a job that reads a topic itself begins. */
export interface StreamStart {
  readonly topic: string
  /** By partition: the first record. */
  readonly positions: ReadonlyMap<number, number>
  /** Chunks from this number on have all of their records there. */
  readonly sinceChunk: number
}

export interface JobState {
  /** As its engine names it: RUNNING, RESTARTING, FAILED, CANCELED, FINISHED …; GONE when it knows no such job. */
  readonly state: string
  readonly startedMs: number
  readonly restarts: number
  readonly runningTasks: number
  readonly tasks: number
  /** Records of the topic that it has not read; absent until that is known. */
  readonly pendingRecords?: number
  /** When the last checkpoint was complete; absent before the first one. */
  readonly checkpointMs?: number
  /** Why it failed last. */
  readonly failure?: string
}

/** What is known of the job of a source. */
export interface DeployedJob {
  readonly jobId: string
  readonly job: JobState
}

export interface StreamJobs {
  /** Undefined where none is deployed. Errors: JOBS_AWAY. */
  state(source: string): Promise<DeployedJob | undefined>
}
