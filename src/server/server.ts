/** Sockets and routes: the door for lines, and what watches over the server. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { MillraceError } from '../core/error.ts'
import { doorFault, type Fault, type Health } from '../core/health.ts'
import { describeHealth } from './describe-health.ts'
import { describeJobs } from './describe-jobs.ts'
import { describeServer } from './describe-server.ts'
import { describeStreams } from './describe-streams.ts'
import { type IngestDoor, ingestLines } from './ingest-route.ts'
import { OPEN_METRICS_TYPE, printFamilies } from './open-metrics.ts'
import { answerJson, answerProblem, Problem } from './problem.ts'
import { refuseForeign } from './refuse-foreign.ts'
import { requestTarget } from './request-target.ts'
import type { ServeSettings } from './serve-settings.ts'
import type { StreamWatch } from './stream-watch.ts'

export interface ServerJob extends IngestDoor {
  health(): Health
  readonly streams: StreamWatch
  /** Whatever goes wrong that no client can mend. */
  onFailure(error: unknown): void
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string
  /** Certificate and limits; the next request goes by them. */
  update(settings: ServeSettings): void
  /** Takes no more requests, and answers those that are there within `graceMs`. */
  stop(graceMs: number): Promise<void>
}

const INGEST = /^\/v1\/ingest\/([^/]+)$/
const WATCHED: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])
const CHECK_MS = 500

/** Errors: SERVE_PORT_IN_USE, SERVE_CANNOT_LISTEN. */
export async function startServer(job: ServerJob): Promise<RunningServer> {
  const { host, port, tls, limits } = job.settings
  const options = { handshakeTimeout: limits.handshakeMs, connectionsCheckingInterval: CHECK_MS }
  const listener = (request: IncomingMessage, response: ServerResponse) => void route(job, request, response)
  const secure = tls && createTlsServer({ ...options, ...tls }, listener)
  const server: Server = secure ?? createServer(options, listener)
  const update = (settings: ServeSettings) => {
    if (settings.tls) secure?.setSecureContext(settings.tls)
    server.requestTimeout = settings.limits.requestMs
    server.headersTimeout = Math.min(10_000, settings.limits.requestMs)
    server.maxConnections = settings.limits.connections
  }
  update(job.settings)
  await listen(server, host, port)
  const { port: taken } = server.address() as { port: number }
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${taken}`,
    update,
    stop: (graceMs) => stop(server, graceMs),
  }
}

/** Before anything is opened that would leave files behind. Errors: SERVE_PORT_IN_USE, SERVE_CANNOT_LISTEN. */
export async function requirePort({ host, port }: Pick<ServeSettings, 'host' | 'port'>): Promise<void> {
  const server = createServer()
  await listen(server, host, port)
  await new Promise((resolve) => server.close(resolve))
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'SERVE_PORT_IN_USE' : 'SERVE_CANNOT_LISTEN'
      reject(new MillraceError(code, { host, port, why: error.message }, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const hurry = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(hurry)
}

async function route(job: ServerJob, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = requestTarget(request)
  const source = INGEST.exec(target.path)?.[1]
  try {
    refuseForeign(request, target, job.settings)
    if (source !== undefined) {
      requireMethod(request, response, 'POST')
      await ingestLines(job, source, request, response)
    } else {
      if (!WATCHED.has(target.path)) throw nothingHere()
      requireMethod(request, response, 'GET')
      answerAbout(job, target.path, response)
    }
  } catch (error) {
    refuse(job, response, error)
  }
  if (source !== undefined) job.counters.countRequest(response.statusCode)
}

function nothingHere(): Problem {
  const what = 'Send lines to POST /v1/ingest/SOURCE; see /healthz, /readyz and /metrics.'
  return new Problem(404, 'NOT_FOUND', `There is nothing here. ${what}`)
}

function requireMethod({ method }: IncomingMessage, response: ServerResponse, allowed: string): void {
  if (method === allowed || (allowed === 'GET' && method === 'HEAD')) return
  response.setHeader('Allow', allowed)
  throw new Problem(405, 'METHOD_NOT_ALLOWED', `Only ${allowed} is understood here, not ${method}.`)
}

function answerAbout(
  { log, counters, health, streams }: ServerJob,
  path: string,
  response: ServerResponse,
): void {
  const found = health()
  if (path === '/healthz')
    answerHealth(
      response,
      [doorFault(found)].flatMap((fault) => fault ?? []),
    )
  // Lines are taken all the same, but totals or the archive are not what they should be.
  else if (path === '/readyz') answerHealth(response, found.faults)
  else {
    const text = printFamilies([
      ...describeServer(counters, log),
      ...describeHealth(found),
      ...describeStreams(streams, log),
      ...describeJobs(streams, Date.now()),
    ])
    response.writeHead(200, { 'Content-Type': OPEN_METRICS_TYPE, 'Content-Length': Buffer.byteLength(text) })
    response.end(text)
  }
}

/** By the worst of the faults; how many more there are is said. */
function answerHealth(response: ServerResponse, [fault, ...others]: readonly Fault[]): void {
  if (!fault) {
    answerJson(response, 200, { status: 'ok' })
    return
  }
  const more = others.length === 0 ? '' : ` \`millrace status\` tells of ${others.length} more.`
  throw new Problem(503, fault.code, `${fault.message}${more}`)
}

function refuse(job: ServerJob, response: ServerResponse, error: unknown): void {
  // A client that has left hears nothing.
  if (response.headersSent || response.destroyed) response.destroy()
  else if (error instanceof Problem) answerProblem(response, error)
  else {
    job.onFailure(error)
    const message = 'Something unexpected went wrong. Nothing was added.'
    answerProblem(response, new Problem(500, 'UNEXPECTED', message))
  }
}
