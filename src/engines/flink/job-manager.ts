/** The JobManager's REST interface: what a job is doing, and how it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../../core/error.ts'
import type { JobState } from '../../ports/stream-jobs.ts'
import { causeOf, flinkFailure } from './failure.ts'
import { askJson } from './http-json.ts'

const POLL_MS = 200
/** Flink itself gives up sooner, unless its tasks do not run. */
const SAVEPOINT_PATIENCE_MS = 660_000
const END_PATIENCE_MS = 60_000
/** Of a source: records that it has not read yet. */
const PENDING = /\.pendingRecords$/

interface JobDetails {
  readonly state: string
  readonly 'start-time': number
  readonly vertices: readonly {
    readonly id: string
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

interface Overview {
  readonly jobs: readonly { readonly jid: string; readonly name: string; readonly state: string }[]
}

type Metrics = readonly { readonly id: string; readonly value?: string; readonly sum?: number }[]

export class JobManager {
  readonly #address: string

  constructor(address: string) {
    this.#address = address
  }

  /** The ids of jobs that have not ended, by their name. Errors: JOBS_AWAY. */
  async find(isSought: (name: string) => boolean): Promise<string[]> {
    const { jobs } = await this.#ask<Overview>('/jobs/overview', 'list the jobs')
    return jobs.filter(({ name, state }) => isAlive(state) && isSought(name)).map(({ jid }) => jid)
  }

  /** Errors: JOBS_AWAY. */
  async job(id: string): Promise<JobState> {
    const details = await this.#ask<JobDetails>(`/jobs/${id}`, 'look at the job').catch(gone)
    if (!details) return { state: 'GONE', startedMs: 0, restarts: 0, runningTasks: 0, tasks: 0 }
    const [checkpoints, exceptions, restarts, pending] = await Promise.all([
      this.#ask<Checkpoints>(`/jobs/${id}/checkpoints`, 'look at checkpoints').catch(gone),
      this.#ask<Exceptions>(`/jobs/${id}/exceptions`, 'look at failures').catch(gone),
      this.#restarts(id),
      this.#pending(id, details),
    ])
    const checkpointMs = checkpoints?.latest?.completed?.latest_ack_timestamp
    const trace = exceptions?.exceptionHistory?.entries[0]?.stacktrace
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    return {
      ...{ state: details.state, startedMs: details['start-time'], restarts },
      tasks: sum(details.vertices.map(({ parallelism }) => parallelism)),
      runningTasks: sum(details.vertices.map(({ tasks }) => tasks.RUNNING ?? 0)),
      ...(pending !== undefined && { pendingRecords: pending }),
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
    for (const giveUpMs = Date.now() + SAVEPOINT_PATIENCE_MS; Date.now() < giveUpMs; ) {
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
    throw new MillraceError('JOBS_NO_SAVEPOINT', { why: 'it is not complete after eleven minutes' })
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
    const giveUpMs = Date.now() + END_PATIENCE_MS
    for (let { state } = await this.job(id); isAlive(state); { state } = await this.job(id)) {
      if (Date.now() > giveUpMs)
        throw flinkFailure('end the job', `it is ${state} still, a minute after it was told to end`)
      await sleep(POLL_MS)
    }
  }

  async #restarts(id: string): Promise<number> {
    const path = `/jobs/${id}/metrics?get=numRestarts`
    const metrics = await this.#ask<Metrics>(path, 'look at restarts').catch(gone)
    return Number(metrics?.[0]?.value ?? 0)
  }

  /** Undefined until the source has read something. The first vertex is that which reads. */
  async #pending(id: string, { vertices: [source] }: JobDetails): Promise<number | undefined> {
    if (!source) return undefined
    const path = `/jobs/${id}/vertices/${source.id}/subtasks/metrics`
    const known = await this.#ask<Metrics>(path, 'list metrics').catch(gone)
    const name = known?.map((metric) => metric.id).find((metric) => PENDING.test(metric))
    if (name === undefined) return undefined
    const query = `?get=${encodeURIComponent(name)}&agg=sum`
    const [found] = (await this.#ask<Metrics>(`${path}${query}`, 'look at lag').catch(gone)) ?? []
    return found?.sum === undefined ? undefined : Math.max(found.sum, 0)
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
