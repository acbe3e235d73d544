/** The same lines for the roles under test and for the embedded ones, whose totals are the oracle of whole runs. */
import pg from 'pg'
import { HdfsClient } from '../../src/engines/hdfs/hdfs-client.ts'
import { WebHdfs } from '../../src/engines/hdfs/web-hdfs.ts'
import { openArchive } from '../../src/engines/registry.ts'
import { Pipeline } from '../pipeline.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { type ChosenRoles, clusterRoles } from './cluster-roles.ts'
import { BAD, definition, EDGE, readTotals, webLine } from './whole-job.ts'

type Roles = ReturnType<typeof clusterRoles>

const INGEST_LINES = 400

class Twins {
  readonly tested: Pipeline
  readonly roles: Roles
  readonly #oracle = new Pipeline(definition)
  readonly #embedded: Pipeline
  #lines = 0

  constructor(chosen: ChosenRoles) {
    this.roles = clusterRoles(chosen)
    this.tested = new Pipeline(definition, this.roles)
    this.#embedded = new Pipeline(definition, { ...this.roles, batch: {} })
  }

  /** Each ingest is a block of its own. */
  async grow(ingests: number): Promise<void> {
    for (let index = 0; index < ingests; index++) {
      const lines = Array.from({ length: INGEST_LINES }, () => webLine(this.#lines++))
      for (const twin of [this.tested, this.#oracle]) {
        await twin.ingest('web', [...BAD, ...lines].join('\n'))
        await twin.ingest('edge', [...EDGE, `ts=2026-01-02T00:00:00Z bytes=${this.#lines}`].join('\n'))
      }
    }
  }

  async expected(): Promise<unknown> {
    await this.#oracle.batch()
    return readTotals(this.#oracle)
  }

  totals(): Promise<unknown> {
    return readTotals(this.tested)
  }

  /** Of the tested archive into the tested report, by the embedded engine on another machine. */
  async rerunEmbedded(): Promise<void> {
    await this.#embedded.batch()
  }

  archive() {
    return openArchive(this.tested.folders)
  }

  /** What engines staged in HDFS and nobody removed. */
  async stagedInHdfs(): Promise<string[]> {
    const hdfs = clusterHdfs()
    const parent = `${this.roles.archive.adapter!.options!.path}/batch-staging`
    const owners = await hdfs.list(parent)
    const left = await Promise.all(owners.map(({ pathSuffix }) => hdfs.list(`${parent}/${pathSuffix}`)))
    return left.flat().map(({ pathSuffix }) => pathSuffix)
  }

  /** Of the report in PostgreSQL: its revisions, rejects of older ones, its tables, and transactions still open. */
  async reportState() {
    const { schema } = this.roles.report.adapter!.options!
    const client = new pg.Client({ connectionString: clusterAddress('postgres').url })
    await client.connect()
    const column = async (sql: string) =>
      (await client.query({ text: sql, rowMode: 'array' })).rows.map(([value]) => value as unknown)
    try {
      return {
        revisions: (await column(`SELECT revision FROM ${schema}.runs ORDER BY 1`)).map(Number),
        stale: await column(`SELECT revision FROM ${schema}.rejects
          WHERE revision <> (SELECT max(revision) FROM ${schema}.runs) LIMIT 1`),
        tables: await column(`SELECT tablename FROM pg_tables WHERE schemaname = '${schema}' ORDER BY 1`),
        open: await column(`SELECT query FROM pg_stat_activity
          WHERE pid <> pg_backend_pid() AND datname = current_database() AND xact_start IS NOT NULL`),
      }
    } finally {
      await client.end()
    }
  }

  /** Of HDFS too, whose health would go on telling of replicas that a test has damaged. */
  async remove(): Promise<void> {
    this.tested.remove()
    this.#embedded.remove()
    this.#oracle.remove()
    const { adapter } = this.roles.archive
    if (adapter) await clusterHdfs().remove(`${adapter.options!.path}`)
  }
}

export type { Twins }

function clusterHdfs(): WebHdfs {
  const { http: address, user } = clusterAddress('hdfs')
  return new WebHdfs(new HdfsClient({ address, user }))
}

const made: Twins[] = []

/** With `ingests` blocks of each source. */
export async function makeTwins(chosen: ChosenRoles, ingests = 8): Promise<Twins> {
  const pair = new Twins(chosen)
  made.push(pair)
  await pair.grow(ingests)
  return pair
}

export async function removeTwins(): Promise<void> {
  for (const each of made.splice(0)) await each.remove()
}
