/** The SQL Gateway's REST interface (version 3, Flink 2.0): a session, in which statements run one after another. */
import { setTimeout as sleep } from 'node:timers/promises'
import { flinkFailure } from './failure.ts'
import { askJson } from './http-json.ts'

const VERSION = '/v3'
const POLL_MS = 100
/** A statement that starts a job takes seconds, on a busy machine a minute. */
const PATIENCE_MS = 300_000

interface Results {
  readonly resultType: 'PAYLOAD' | 'NOT_READY' | 'EOS'
  readonly nextResultUri?: string
  readonly jobID?: string
  readonly results?: { readonly data: readonly { readonly fields: readonly unknown[] }[] }
}

export interface Outcome {
  readonly rows: readonly (readonly unknown[])[]
  /** Of a statement that started a job. */
  readonly jobId: string | undefined
}

export class GatewaySession {
  readonly #address: string
  readonly #path: string

  private constructor(address: string, handle: string) {
    this.#address = address
    this.#path = `/sessions/${handle}`
  }

  /** The session is closed whatever happens; a job goes on without it. Errors: JOBS_AWAY, JOBS_FAILED. */
  static async use<T>(
    address: string,
    properties: Readonly<Record<string, string>>,
    act: (session: GatewaySession) => Promise<T>,
  ): Promise<T> {
    const { sessionHandle } = await askJson<{ sessionHandle: string }>({
      ...{ address, method: 'POST', path: `${VERSION}/sessions`, body: { properties } },
      doing: 'open a session of the SQL gateway',
    })
    const session = new GatewaySession(address, sessionHandle)
    try {
      return await act(session)
    } finally {
      await session.#close()
    }
  }

  /** Waits until the statement has run, or its job has started. */
  async run(statement: string, doing: string): Promise<Outcome> {
    const { operationHandle } = await this.#ask<{ operationHandle: string }>(
      { method: 'POST', path: '/statements', body: { statement } },
      doing,
    )
    const operation = `/operations/${operationHandle}`
    const rows: (readonly unknown[])[] = []
    let jobId: string | undefined
    const giveUpMs = Date.now() + PATIENCE_MS
    for (let path: string | undefined = `${operation}/result/0?rowFormat=JSON`; path; ) {
      const results: Results = await this.#ask({ path }, doing)
      for (const { fields } of results.results?.data ?? []) rows.push(fields)
      jobId ??= results.jobID
      if (Date.now() > giveUpMs) throw flinkFailure(doing, 'it has not answered for five minutes')
      if (results.resultType === 'NOT_READY') await sleep(POLL_MS)
      path = results.resultType === 'EOS' ? undefined : restOf(results.nextResultUri, this.#path)
    }
    return { rows, jobId }
  }

  #ask<T>(
    { method, path, body }: { method?: 'GET' | 'POST' | 'DELETE'; path: string; body?: unknown },
    doing: string,
  ): Promise<T> {
    const place = { address: this.#address, path: `${VERSION}${this.#path}${path}` }
    return askJson<T>({ ...place, ...(method && { method }), ...(body !== undefined && { body }), doing })
  }

  async #close(): Promise<void> {
    // A gateway that is gone has no sessions left.
    await this.#ask({ method: 'DELETE', path: '' }, 'close the session').catch(() => undefined)
  }
}

/** What follows the session's own path. */
function restOf(uri: string | undefined, path: string): string | undefined {
  return uri?.slice(uri.indexOf(path) + path.length)
}
