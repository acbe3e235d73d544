/** Reports of an order in PostgreSQL: a database is one report, and kept as a template of another. */
import pg from 'pg'
import { stagedTextReader } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import type { Report } from '../../src/ports/report.ts'
import { OwnPostgres } from '../cluster/own-postgres.ts'
import type { ReportStore } from './report-store.ts'

const PRESENT = 'present'
/** What is made here may be lost with the machine. */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }

export class PostgresStore implements ReportStore {
  readonly #server: OwnPostgres
  readonly #kept = new Set<string>()

  private constructor(server: OwnPostgres) {
    this.#server = server
  }

  /** A server of its own. */
  static async start(): Promise<PostgresStore> {
    const store = new PostgresStore(await OwnPostgres.start({ settings: SETTINGS }))
    await store.#run(`CREATE DATABASE ${PRESENT}`)
    return store
  }

  open(): Promise<Report> {
    const url = this.#server.urlOf('postgres', undefined, PRESENT)
    return openPostgresReport({ url }, 'write', { text: stagedTextReader })
  }

  async keep(name: string): Promise<void> {
    await this.#run(`CREATE DATABASE "${name}" TEMPLATE ${PRESENT} STRATEGY file_copy`)
    this.#kept.add(name)
  }

  async putBack(name: string): Promise<void> {
    const template = this.#kept.has(name) ? `"${name}"` : 'template0'
    await this.#run(`DROP DATABASE ${PRESENT} WITH (FORCE)`)
    await this.#run(`CREATE DATABASE ${PRESENT} TEMPLATE ${template} STRATEGY file_copy`)
  }

  close(): Promise<void> {
    return this.#server.stop()
  }

  async #run(sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.#server.url })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
}
