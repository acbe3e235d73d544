/** The JobManager's REST interface: what a job is doing, and how it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../../core/error.ts'
import { causeOf } from './failure.ts'
import { askJson } from './http-json.ts'

const POLL_MS = 200

export interface JobState {
  /** As Flink names it: RUNNING, RESTARTING, FAILED, CANCELED, FINISHED …; GONE when the JobManager knows no such job. */
  readonly state: string
  readonly startedMs: number
  readonly restarts: number
  readonly runningTasks: number
  readonly tasks: number
  /** When the last checkpoint was complete; absent before the first one. */
  readonly checkpointMs?: number
  /** Why it failed last. */
  readonly failure?: string
}

interface JobDetails {
  readonly state: string
  readonly 'start-time': number
  readonly vertices: readonly {
    readonly parallelism: number
    readonly tasks: Readonly<Record<string, number>>
  }[]
}

interface Checkpoints {
  readonly latest?: { readonly completed?: { readonly latest_ack_timestamp: number } | null }
}

interface Exceptions {
  readonly exceptionHistory?: { readonly entries: readonly { readonly stacktrace: string }[] }
}

interface Trigger {
  readonly status: { readonly id: 'IN_PROGRESS' | 'COMPLETED' }
  readonly operation?: {
    readonly location?: string
    readonly 'failure-cause'?: { readonly 'stack-trace': string }
  }
}

export class JobManager {
  readonly #address: string

  constructor(address: string) {
    this.#address = address
  }

  /** Errors: JOBS_AWAY. */
  async job(id: string): Promise<JobState> {
    const details = await this.#ask<JobDetails>(`/jobs/${id}`, 'look at the job').catch(gone)
    if (!details) return { state: 'GONE', startedMs: 0, restarts: 0, runningTasks: 0, tasks: 0 }
    const checkpoints = await this.#ask<Checkpoints>(`/jobs/${id}/checkpoints`, 'look at checkpoints').catch(
      gone,
    )
    const exceptions = await this.#ask<Exceptions>(`/jobs/${id}/exceptions`, 'look at failures').catch(gone)
    const restarts = await this.#restarts(id)
    const checkpointMs = checkpoints?.latest?.completed?.latest_ack_timestamp
    const trace = exceptions?.exceptionHistory?.entries[0]?.stacktrace
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    return {
      ...{ state: details.state, startedMs: details['start-time'], restarts },
      tasks: sum(details.vertices.map(({ parallelism }) => parallelism)),
      runningTasks: sum(details.vertices.map(({ tasks }) => tasks.RUNNING ?? 0)),
      ...(checkpointMs && { checkpointMs }),
      ...(trace && { failure: causeOf(trace) }),
    }
  }

  /** Gives the path of the savepoint. Errors: JOBS_AWAY, JOBS_FAILED, JOBS_NO_SAVEPOINT. */
  async stopWithSavepoint(id: string): Promise<string> {
    const { 'request-id': request } = await this.#ask<{ 'request-id': string }>(
      `/jobs/${id}/stop`,
      'stop the job',
      { drain: false },
    )
    for (;;) {
      const { status, operation } = await this.#ask<Trigger>(
        `/jobs/${id}/savepoints/${request}`,
        'wait for the savepoint',
      )
      const trace = operation?.['failure-cause']?.['stack-trace']
      if (trace) throw new MillraceError('JOBS_NO_SAVEPOINT', { why: causeOf(trace) })
      if (operation?.location) {
        await this.#ended(id)
        return operation.location
      }
      if (status.id === 'COMPLETED') throw new MillraceError('JOBS_NO_SAVEPOINT', { why: 'Flink names none' })
      await sleep(POLL_MS)
    }
  }

  /** Waits until it is gone. */
  async cancel(id: string): Promise<void> {
    await askJson({
      address: this.#address,
      method: 'PATCH',
      path: `/jobs/${id}`,
      doing: 'cancel the job',
    }).catch(gone)
    await this.#ended(id)
  }

  async #ended(id: string): Promise<void> {
    while (isAlive((await this.job(id)).state)) await sleep(POLL_MS)
  }

  async #restarts(id: string): Promise<number> {
    const path = `/jobs/${id}/metrics?get=numRestarts`
    const metrics = await this.#ask<readonly { value: string }[]>(path, 'look at restarts').catch(gone)
    return Number(metrics?.[0]?.value ?? 0)
  }

  #ask<T>(path: string, doing: string, body?: unknown): Promise<T> {
    const method = body === undefined ? 'GET' : 'POST'
    return askJson<T>({ address: this.#address, method, path, doing, ...(body !== undefined && { body }) })
  }
}

export function isAlive(state: string): boolean {
  return !['GONE', 'FAILED', 'CANCELED', 'FINISHED', 'SUSPENDED'].includes(state)
}

/** The JobManager answers 404 for a job that it does not know, as after it was started anew. */
function gone(error: unknown): undefined {
  if (error instanceof MillraceError && error.code === 'JOBS_FAILED') return undefined
  throw error
}
