/** Asks NameNode and DataNodes, and asks again while they are away for a while. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cause } from '../../core/health-facts.ts'
import { jsonOf } from './answer.ts'
import { type Exchange, HttpExchanger, SilenceFault } from './http-exchange.ts'
import { type ReadBean, transferAddressesOf } from './name-node-beans.ts'
import {
  ContentFault,
  codeOf,
  DataNodeFault,
  explainFailure,
  explainWait,
  isFaultOfNode,
  isPassing,
} from './storage-failure.ts'

export interface WebHdfsOptions {
  /** The NameNode's web address, `http://host:9870` or `https://…`. */
  readonly address: string
  /** As whom; a token says it already. */
  readonly user?: string | undefined
  /** A delegation token. */
  readonly token?: string | undefined
  /** PEM text of the authorities to trust. */
  readonly ca?: string | undefined
  /** How long a NameNode or all DataNodes may be away, once the NameNode has answered. */
  readonly patienceMs?: number | undefined
  /** Ends all waiting, and nothing begins after it; then everything rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined
  /** Hears what is waited for, soon after it began, and undefined when that is over. */
  readonly onWait?: ((trouble: Cause | undefined) => void) | undefined
}

export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

export const PATIENCE_MS = 120_000
/** Before the first answer a wrong address is likelier than a restart. */
const FIRST_PATIENCE_MS = 5_000
/** A wait that is over by then is not worth a word. */
const TELL_MS = 1000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3_000
/** Content that is wrong from this many DataNodes is wrong everywhere. */
const CONTENT_ATTEMPTS = 3

export class HdfsClient {
  readonly address: string
  readonly #options: WebHdfsOptions
  readonly #http: HttpExchanger
  readonly #signal: AbortSignal | undefined
  /** Shared with those made by `under`. */
  readonly #known: { hasAnswered: boolean; clockLeadMs: number; nodes: ReadonlyMap<string, string> }

  constructor(options: WebHdfsOptions, shared?: { from: HdfsClient; signal: AbortSignal | undefined }) {
    this.address = options.address.replace(/\/+$/, '')
    this.#options = options
    this.#http = shared ? shared.from.#http : new HttpExchanger(options.ca, options.patienceMs ?? PATIENCE_MS)
    this.#known = shared ? shared.from.#known : { hasAnswered: false, clockLeadMs: 0, nodes: new Map() }
    this.#signal = shared ? shared.signal : options.signal
  }

  /** What ends this one ends the other too. */
  under(signal: AbortSignal | undefined): HdfsClient {
    const either = this.#signal && signal ? AbortSignal.any([this.#signal, signal]) : (signal ?? this.#signal)
    return new HdfsClient(this.#options, { from: this, signal: either })
  }

  now(): number {
    return Date.now() + this.#known.clockLeadMs
  }

  /** An operation that the NameNode does by itself. `onFault` hears of every try that did not succeed. */
  ask(
    method: Exchange['method'],
    path: string,
    op: string,
    parameters: Parameters = {},
    onFault?: (error: unknown) => void,
  ): Promise<unknown> {
    const url = this.#url(path, op, parameters)
    return this.#patiently(path, async () => {
      try {
        const response = await this.send({ method, url })
        this.#noteClock(response)
        return await jsonOf(response)
      } catch (error) {
        onFault?.(error)
        throw error
      }
    })
  }

  /** The NameNode names a DataNode, which does it; one that fails is not asked again as long as there are others. */
  viaDataNode<T>(
    method: Exchange['method'],
    path: string,
    op: string,
    parameters: Parameters,
    act: (location: URL) => Promise<T>,
  ): Promise<T> {
    const shunned = new Set<string>()
    let wrongContents = 0
    return this.#patiently(path, async () => {
      const excludedatanodes = shunned.size > 0 ? [...shunned].join(',') : undefined
      const location = await this.#locate(method, path, op, { ...parameters, excludedatanodes }).catch(
        (error: unknown) => {
          if (shunned.size > 0) shunned.clear()
          throw error
        },
      )
      try {
        return await act(location)
      } catch (error) {
        const isContent = error instanceof ContentFault
        if (isContent) wrongContents++
        if (!isFaultOfNode(error) || (isContent && wrongContents >= CONTENT_ATTEMPTS)) throw error
        shunned.add(await this.#transferAddress(location))
        throw new DataNodeFault(location.host, error)
      }
    })
  }

  /** Undefined when the NameNode does not show its beans to us. */
  readonly bean: ReadBean = async (name) => {
    const url = new URL(`${this.address}/jmx`)
    url.searchParams.set('qry', `Hadoop:service=NameNode,name=${name}`)
    for (const [key, value] of this.#identity()) url.searchParams.set(key, value)
    try {
      const found = await this.#patiently('/jmx', async () => jsonOf(await this.send({ method: 'GET', url })))
      return (found as { beans: Readonly<Record<string, unknown>>[] }).beans[0]
    } catch {
      return undefined
    }
  }

  async #locate(method: Exchange['method'], path: string, op: string, parameters: Parameters): Promise<URL> {
    const url = this.#url(path, op, { ...parameters, noredirect: true })
    const response = await this.send({ method, url })
    this.#noteClock(response)
    // Gateways and old NameNodes redirect all the same.
    if (response.statusCode === 307 && response.headers.location) {
      response.resume()
      return new URL(response.headers.location)
    }
    return new URL(((await jsonOf(response)) as { Location: string }).Location)
  }

  async #transferAddress({ host, hostname }: URL): Promise<string> {
    if (!this.#known.nodes.has(host)) this.#known.nodes = await transferAddressesOf(this.bean)
    return this.#known.nodes.get(host) ?? hostname
  }

  async send(exchange: Exchange): Promise<IncomingMessage> {
    return this.#http.send({ ...exchange, signal: this.#signal })
  }

  #noteClock({ headers }: IncomingMessage): void {
    this.#known.hasAnswered = true
    const told = Date.parse(headers.date ?? '')
    if (!Number.isNaN(told)) this.#known.clockLeadMs = told - Date.now()
  }

  /**
   * Patience is counted from the first failure on: what took long and then failed is tried again at least once. Silence
   * was waited for already.
   */
  async #patiently<T>(path: string, act: () => Promise<T>): Promise<T> {
    let failingSinceMs: number | undefined
    let isTold = false
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        const startedMs = Date.now()
        try {
          return await act()
        } catch (error) {
          failingSinceMs ??= error instanceof SilenceFault ? startedMs : Date.now()
          const waitedMs = Date.now() - failingSinceMs
          const leftMs = this.#patienceMs(error) - waitedMs
          if (!isPassing(error) || leftMs <= 0) throw this.explain(error, path, waitedMs)
          if (!isTold && waitedMs >= TELL_MS) {
            isTold = true
            this.#options.onWait?.(explainWait(error, this.address, leftMs))
          }
          const pause = Math.min(pauseMs * (0.5 + Math.random() / 2), leftMs)
          await sleep(pause, undefined, { signal: this.#signal })
        }
      }
    } finally {
      if (isTold) this.#options.onWait?.(undefined)
    }
  }

  /** Errors: ARCHIVE_*. */
  explain(error: unknown, path: string, waitedMs = 0): unknown {
    const { token, user = 'an unnamed user' } = this.#options
    const known = { address: this.address, user: token ? 'the delegation token' : user }
    return explainFailure(error, { ...known, path, waitedMs })
  }

  #patienceMs(error: unknown): number {
    const patienceMs = this.#options.patienceMs ?? PATIENCE_MS
    if (this.#known.hasAnswered) return patienceMs
    return codeOf(error) === 'ENOTFOUND' ? 0 : Math.min(patienceMs, FIRST_PATIENCE_MS)
  }

  #url(path: string, op: string, parameters: Parameters): URL {
    const url = new URL(`${this.address}/webhdfs/v1${path.split('/').map(encodeURIComponent).join('/')}`)
    url.searchParams.set('op', op)
    for (const [name, value] of this.#identity()) url.searchParams.set(name, value)
    for (const [name, value] of Object.entries(parameters))
      if (value !== undefined) url.searchParams.set(name, String(value))
    return url
  }

  #identity(): [string, string][] {
    const { user, token } = this.#options
    if (token !== undefined) return [['delegation', token]]
    return user === undefined ? [] : [['user.name', user]]
  }
}
