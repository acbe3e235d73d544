/** The door for lines in this process, over a log of its own, and a client that speaks plain HTTP to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Source } from '../../src/core/definition.ts'
import { type Health, judgeHealth } from '../../src/core/health.ts'
import { causeOf } from '../../src/core/health-facts.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { Counters } from '../../src/server/counters.ts'
import { DEFAULT_LIMITS, type ServeLimits, type ServeSettings } from '../../src/server/serve-settings.ts'
import { type RunningServer, type ServerJob, startServer } from '../../src/server/server.ts'
import { StreamWatch } from '../../src/server/stream-watch.ts'
import { readAll, textOf } from '../contract/log.contract.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: { error?: { code: string; message: string } } & Record<string, unknown>
}

export type DoorSettings = Partial<Omit<ServeSettings, 'limits'>> & { readonly limits?: Partial<ServeLimits> }

export function sourceOf(name: string, kind: 'iso' | 'rfc3164' = 'iso'): Source {
  const time = { field: 't', path: ['t'], layout: { kind }, zone: 'UTC' }
  return { name, format: { kind: 'json' }, time, nullTexts: [], fields: [] }
}

const SOURCES = ['web', 'edge'].map((name) => sourceOf(name))

export class Door {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'millrace-door-'))
  log!: FilesLog
  server!: RunningServer
  counters!: Counters

  /** A door that runs is stopped first; its log stays. */
  async start({ limits, ...settings }: DoorSettings = {}, job: Partial<ServerJob> = {}): Promise<void> {
    if (this.server) await this.stop()
    this.log = await FilesLog.open({ dataDir: this.#dataDir, firstOffset: async () => 0 })
    this.counters = new Counters()
    this.server = await startServer({
      ...{
        log: this.log,
        counters: this.counters,
        sources: new Map(SOURCES.map((source) => [source.name, source])),
      },
      ...{ health: () => this.#judge(), streams: new StreamWatch() },
      onFailure: (error) => {
        throw error
      },
      ...job,
      settings: {
        ...{ host: '127.0.0.1', port: 0, hosts: [], proxies: [], tokens: new Map() },
        ...settings,
        limits: { ...DEFAULT_LIMITS, ...limits },
      },
    })
  }

  /** Of its log alone. */
  #judge(): Health {
    const { failure, trouble } = this.log
    const shared = {
      ...(failure && { logFailure: causeOf(failure) }),
      ...(trouble && { logTrouble: causeOf(trouble) }),
    }
    return judgeHealth({ sources: [], ...shared }, {}, Date.now())
  }

  async stop(): Promise<void> {
    await this.server.stop(1000)
    await this.log.close()
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.#dataDir, { recursive: true, force: true })
  }

  get port(): number {
    return Number(new URL(this.server.url).port)
  }

  send(
    body: string | Buffer | undefined,
    headers: Record<string, string> = {},
    { path = '/v1/ingest/web', method = 'POST' } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.port, path, method, headers }, (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString()
          const isJson = String(answer.headers['content-type']).startsWith('application/json')
          const body = isJson ? JSON.parse(text) : { text }
          resolve({ status: answer.statusCode!, headers: answer.headers, body })
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  /** The status of /healthz over TLS. */
  statusByTls(headers: Record<string, string>): Promise<number> {
    const options = {
      host: '127.0.0.1',
      port: this.port,
      path: '/healthz',
      headers,
      rejectUnauthorized: false,
    }
    return new Promise((resolve, reject) => {
      const asked = requestTls(options, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode!))
      })
      asked.once('error', reject).end()
    })
  }

  /** Everything the server says to these bytes until it closes. */
  raw(text: string, then?: (socket: ReturnType<typeof connect>) => void): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      let answer = ''
      socket.on('data', (part) => {
        answer += part
      })
      socket.on('close', () => resolve(answer))
      socket.on('error', () => undefined)
      socket.write(text, () => then?.(socket))
    })
  }

  async held(source = 'web'): Promise<string> {
    return this.log.sources().length === 0 ? '' : textOf(await readAll(this.log, source, 0))
  }
}
