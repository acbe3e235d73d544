/** Transactions on one server: a connection for each, tried again when the server was away or a lock was held. */
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type PostgresAddress, planConnection } from './connection-config.ts'
import { LockWatch } from './lock-watch.ts'
import {
  asBlocked,
  explainFailure,
  InterruptedError,
  isPassing,
  isReadOnly,
  isStarting,
} from './postgres-failure.ts'
import { whyReadOnly } from './read-only.ts'
import { Transaction } from './transaction.ts'

export type { Rows } from './transaction.ts'
export { Transaction }

export type Kind = 'write' | 'snapshot'

/** Whether it may write is left to the server: an administrator may have said that nobody does. */
const BEGIN: Readonly<Record<Kind, string>> = {
  write: 'BEGIN ISOLATION LEVEL READ COMMITTED',
  snapshot: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
}
/** What servers and users may set otherwise, and texts depend on. */
const SETTINGS = `SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1;
  SET LOCAL search_path = pg_catalog; SET LOCAL client_min_messages = warning`

/** For a lock that is held; whoever queues behind us waits no longer for it either. */
const LOCK_MS = 2000
/** A session that says nothing for so long is of a machine that froze; see Transaction for how ours are heard of. */
const SILENT_MS = 30_000
/** The server looks so soon whether a silent machine is there at all. */
const LIMITS = `SET LOCAL lock_timeout = ${LOCK_MS};
  SET LOCAL idle_in_transaction_session_timeout = ${SILENT_MS};
  SET LOCAL tcp_keepalives_idle = 10; SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3`

/**
 * Tables that a stream fills have no statistics yet: taken for a few rows, they are joined by nested loops, in minutes
 * where a hash join needs milliseconds.
 */
const PLANS: Readonly<Record<Kind, string>> = { write: '', snapshot: '; SET LOCAL enable_nestloop = off' }

/** The administrator's limit for a statement in milliseconds, 0 without one. */
const FACTS = `SELECT pg_backend_pid(),
  CAST(extract(epoch FROM CAST(current_setting('statement_timeout') AS interval)) * 1000 AS bigint)`

/** A lock that is held for less is nothing to tell of. */
const TELL_MS = 5000
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3000
const IDLE_MS = 10_000
/** A server that does not answer is not waited for to say goodbye. */
const CLOSE_MS = 1000

export interface SessionOptions {
  /** How long a lost server, or a lock that somebody holds, is waited for. */
  readonly patienceMs: number
  /** Hears who holds what is waited for, where that lasts. */
  readonly onBlocked?: ((blocker: string) => void) | undefined
}

export class Session {
  readonly shown: string
  readonly #pool: pg.Pool
  readonly #watchers: pg.Pool
  readonly #sockets: Set<Socket>
  readonly #patienceMs: number
  readonly #stopped = new AbortController()
  /** The one that was seen last, and since when. */
  #blocker: { pid: number; firstMs: number; lastMs: number; isTold: boolean } | undefined
  readonly #onBlocked: ((blocker: string) => void) | undefined

  private constructor(shown: string, config: pg.PoolConfig, { patienceMs, onBlocked }: SessionOptions) {
    this.shown = shown
    this.#onBlocked = onBlocked
    const sockets = new Set<Socket>()
    const stream = () => {
      const socket = new Socket()
      sockets.add(socket)
      return socket.once('close', () => sockets.delete(socket))
    }
    this.#sockets = sockets
    this.#pool = new pg.Pool({ ...config, stream, max: 4, idleTimeoutMillis: IDLE_MS })
    this.#watchers = new pg.Pool({ ...config, stream, max: 1, idleTimeoutMillis: IDLE_MS })
    this.#patienceMs = patienceMs
    // The server may end idle connections; the next transaction makes a new one.
    for (const pool of [this.#pool, this.#watchers]) pool.on('error', () => undefined)
  }

  /** Errors: REPORT_BAD_ADDRESS, REPORT_UNREACHABLE and whatever else `explainFailure` tells. */
  static async open(address: PostgresAddress, options: SessionOptions): Promise<Session> {
    const { patienceMs } = options
    const { configs, shown } = await planConnection(address)
    const giveUpMs = performance.now() + patienceMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return new Session(shown, await chooseConfig(configs), options)
      } catch (error) {
        if (!isStarting(error) || performance.now() > giveUpMs) throw explainFailure(error, shown)
        await sleep(pauseMs)
      }
    }
  }

  /**
   * All or nothing. After a loss, or when a lock was held, the whole task runs again, so it must find out what it has
   * done already. `waitMs` is how long locks are waited for, however often it loses its turn. Errors: REPORT_BLOCKED,
   * REPORT_READ_ONLY and whatever else `explainFailure` tells.
   */
  async transact<T>(
    kind: Kind,
    task: (transaction: Transaction) => Promise<T>,
    waitMs = this.#patienceMs,
  ): Promise<T> {
    const startedMs = performance.now()
    let failedMs: number | undefined
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        this.#stopped.signal.throwIfAborted()
        return await this.#once(kind, task)
      } catch (error) {
        if (this.#stopped.signal.aborted) throw explainFailure(new InterruptedError(), this.shown)
        // A long task that is lost late has all its patience still.
        failedMs ??= performance.now()
        const blocked = asBlocked(error)
        const patienceMs = blocked ? waitMs : this.#patienceMs
        if ((!blocked && !isPassing(error)) || performance.now() > failedMs + patienceMs) {
          const seconds = Math.ceil((performance.now() - startedMs) / 1000)
          throw isReadOnly(error)
            ? await this.#readOnly(error)
            : explainFailure(error, this.shown, { seconds })
        }
        await sleep(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined)
      }
    }
  }

  async #once<T>(kind: Kind, task: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    // A lost connection fails the statement at hand; without a listener it would end the process too.
    const ignore = () => undefined
    client.on('error', ignore)
    let failure: unknown
    let watch: LockWatch | undefined
    let transaction: Transaction | undefined
    try {
      const begun = (await client.query({
        text: `${BEGIN[kind]}; ${SETTINGS}; ${LIMITS}${PLANS[kind]}; ${FACTS}`,
        rowMode: 'array',
      })) as unknown as { readonly rows: unknown[][] }[]
      const [pid, statementMs] = begun.at(-1)!.rows[0]!
      watch = new LockWatch(this.#watchers, Number(pid), (holder, text) => this.#seeBlocker(holder, text))
      transaction = new Transaction(client, Number(statementMs))
      const result = await task(transaction)
      await transaction.end()
      await client.query('COMMIT')
      return result
    } catch (error) {
      failure = asBlocked(error)?.by(watch?.blocker) ?? error
      throw failure
    } finally {
      watch?.stop()
      await transaction?.end()
      client.off('error', ignore)
      // Ending the connection is the one rollback that cannot fail.
      client.release(failure !== undefined)
    }
  }

  /** Once for each that lasts: whoever waits is to know whom to ask. */
  #seeBlocker(pid: number, blocker: string): void {
    const nowMs = performance.now()
    const since = this.#blocker
    if (since?.pid !== pid || nowMs - since.lastMs > TELL_MS) {
      this.#blocker = { pid, firstMs: nowMs, lastMs: nowMs, isTold: false }
      return
    }
    since.lastMs = nowMs
    if (since.isTold || nowMs - since.firstMs < TELL_MS) return
    since.isTold = true
    this.#onBlocked?.(blocker)
  }

  async #readOnly(error: unknown): Promise<unknown> {
    const why = await whyReadOnly(this.#watchers).catch(() => undefined)
    return explainFailure(error, this.shown, { readOnly: why })
  }

  /** Whatever waits for the server ends at once by REPORT_UNREACHABLE, and nothing begins after it. */
  interrupt(): void {
    this.#stopped.abort()
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    const ended = Promise.all([this.#pool.end(), this.#watchers.end()])
    const timer = new AbortController()
    const late = sleep(CLOSE_MS, undefined, { signal: timer.signal }).then(
      () => this.interrupt(),
      () => undefined,
    )
    await Promise.race([ended, late])
    timer.abort()
  }
}

/** The first that connects; the next one is tried only where encryption was the fault. */
async function chooseConfig(configs: readonly pg.ClientConfig[]): Promise<pg.ClientConfig> {
  for (const [place, config] of configs.entries()) {
    const client = new pg.Client(config)
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      return config
    } catch (error) {
      await client.end().catch(() => undefined)
      const isTls = /SSL|encryption/i.test((error as Error).message)
      if (!isTls || place === configs.length - 1) throw error
    }
  }
  throw new Error('no way to connect was given')
}
