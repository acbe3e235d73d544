/** Transactions on one server: a connection for each, tried again when the server was away for a while. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type PostgresAddress, planConnection } from './connection-config.ts'
import { explainFailure, isPassing, isStarting } from './postgres-failure.ts'

export type Rows = readonly unknown[][]
export type Kind = 'write' | 'snapshot'

const BEGIN: Readonly<Record<Kind, string>> = {
  write: 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
  snapshot: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
}
/** What servers and users may set otherwise, and texts depend on. */
const SETTINGS = `SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 1;
  SET LOCAL search_path = pg_catalog; SET LOCAL client_min_messages = warning`

/**
 * Tables that a stream fills have no statistics yet: taken for a few rows, they are joined by nested loops, in minutes
 * where a hash join needs milliseconds.
 */
const PLANS: Readonly<Record<Kind, string>> = { write: '', snapshot: '; SET LOCAL enable_nestloop = off' }

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 3000
const IDLE_MS = 10_000

/** One connection inside a transaction. */
export class Transaction {
  readonly client: pg.ClientBase

  constructor(client: pg.ClientBase) {
    this.client = client
  }

  /** Values fill `$1`, `$2` …; integers of 64 bits and numerics come as text. */
  async rows(sql: string, values: readonly unknown[] = []): Promise<Rows> {
    const result = await this.client.query({ text: sql, values: [...values], rowMode: 'array' })
    return result.rows
  }

  async run(sql: string, values: readonly unknown[] = []): Promise<void> {
    await this.client.query(sql, [...values])
  }
}

export class Session {
  readonly shown: string
  readonly #pool: pg.Pool
  readonly #patienceMs: number

  private constructor(shown: string, pool: pg.Pool, patienceMs: number) {
    this.shown = shown
    this.#pool = pool
    this.#patienceMs = patienceMs
    // The server may end idle connections; the next transaction makes a new one.
    pool.on('error', () => undefined)
  }

  /** Errors: REPORT_BAD_ADDRESS, REPORT_UNREACHABLE and whatever else `explainFailure` tells. */
  static async open(address: PostgresAddress, patienceMs: number): Promise<Session> {
    const { configs, shown } = await planConnection(address)
    const giveUpMs = performance.now() + patienceMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        const pool = new pg.Pool({ ...(await chooseConfig(configs)), max: 4, idleTimeoutMillis: IDLE_MS })
        return new Session(shown, pool, patienceMs)
      } catch (error) {
        if (!isStarting(error) || performance.now() > giveUpMs) throw explainFailure(error, shown)
        await sleep(pauseMs)
      }
    }
  }

  /** All or nothing. After a loss the whole task runs again, so it must find out what it has done already. */
  async transact<T>(kind: Kind, task: (transaction: Transaction) => Promise<T>): Promise<T> {
    let giveUpMs = Number.POSITIVE_INFINITY
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.#once(kind, task)
      } catch (error) {
        // A long task that is lost late has all its patience still.
        if (giveUpMs === Number.POSITIVE_INFINITY) giveUpMs = performance.now() + this.#patienceMs
        if (!isPassing(error) || performance.now() > giveUpMs) throw explainFailure(error, this.shown)
        await sleep(pauseMs)
      }
    }
  }

  async #once<T>(kind: Kind, task: (transaction: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect()
    // A lost connection fails the statement at hand; without a listener it would end the process too.
    const ignore = () => undefined
    client.on('error', ignore)
    let failure: unknown
    try {
      await client.query(`${BEGIN[kind]}; ${SETTINGS}${PLANS[kind]}`)
      const result = await task(new Transaction(client))
      await client.query('COMMIT')
      return result
    } catch (error) {
      failure = error
      throw error
    } finally {
      client.off('error', ignore)
      // Ending the connection is the one rollback that cannot fail.
      client.release(failure !== undefined)
    }
  }

  async close(): Promise<void> {
    await this.#pool.end()
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
