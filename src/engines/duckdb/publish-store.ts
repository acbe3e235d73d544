/** The embedded report's side of publishing: rows of its own tables, in the transaction of one connection. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Loaded, LoadJob, PublishStore, StoredValue, StoredVersion } from '../../compile/publish-run.ts'
import { readCoverage } from '../../compile/report-state.ts'
import { allTables, type MetricTables } from '../../compile/report-tables.ts'
import { StreamTables } from '../../compile/stream-tables.ts'
import type { MetricPlan } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import { tablesOf } from '../table-key.ts'
import { duckdbDialect } from './dialect.ts'
import { allRows, qualifiedTables } from './live-tables.ts'
import { TotalsLoader } from './load-totals.ts'
import { readRows, runBound } from './read-rows.ts'
import { hasLiveTables, printView, qualify, SCHEMA, stateOf, targetOf } from './report-tables.ts'
import { timestampOf, withinRange } from './window-range.ts'

export class DuckdbPublishStore implements PublishStore {
  readonly streams: StreamTables
  readonly #connection: DuckDBConnection

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
    this.streams = new StreamTables(targetOf(connection))
  }

  async nextRevision(): Promise<number> {
    const sql = `SELECT coalesce(max(revision), 0) + 1 FROM ${SCHEMA}.runs`
    return Number((await readRows(this.#connection, sql))[0]![0])
  }

  async insert(table: string, row: Readonly<Record<string, StoredValue>>): Promise<void> {
    const names = ['tenant', ...Object.keys(row)].join(', ')
    const values = Object.values(row).map(printValue).join(', ')
    await this.#connection.run(`INSERT INTO ${SCHEMA}.${table} (${names}) VALUES ('', ${values})`)
  }

  async forget(table: string, metric: string, version: string): Promise<void> {
    const sql = `DELETE FROM ${SCHEMA}.${table} WHERE tenant = '' AND metric = $1 AND version = $2`
    await runBound(this.#connection, sql, [metric, version])
  }

  coverage(metric: string, version: string): Promise<TimeRange[]> {
    return readCoverage(stateOf(this.#connection), metric, version)
  }

  async versions(metric: string): Promise<StoredVersion[]> {
    const sql = `SELECT version, plan, first_window IS NOT NULL FROM ${SCHEMA}.metrics WHERE tenant = '' AND metric = $1`
    const rows = await readRows(this.#connection, sql, [metric])
    return rows.map(([version, plan, hasTotals]) => ({
      ...{ version: String(version), plan: JSON.parse(String(plan)) as MetricPlan },
      hasTotals: hasTotals === true,
    }))
  }

  tables({ metric, version }: MetricPlan): MetricTables {
    return tablesOf(metric, version)
  }

  async dropTables(plan: MetricPlan): Promise<void> {
    for (const table of allTables(plan, this.tables(plan)))
      await this.#connection.run(`DROP TABLE IF EXISTS ${qualify(table)}`)
    for (const tally of plan.tallies)
      await this.#connection.run(`DROP TABLE IF EXISTS ${qualifiedTables(plan, tally).live}`)
  }

  load(job: LoadJob): Promise<Loaded> {
    return new TotalsLoader(this.#connection, job).load()
  }

  async replaceView(plan: MetricPlan): Promise<void> {
    const isLive = await hasLiveTables(this.#connection, plan)
    await this.#connection.run(isLive ? printView(plan, (tally) => allRows(plan, tally)) : printView(plan))
  }

  async clearLive(plan: MetricPlan, range: TimeRange): Promise<void> {
    if (!(await hasLiveTables(this.#connection, plan))) return
    for (const tally of plan.tallies)
      await this.#connection.run(
        `DELETE FROM ${qualifiedTables(plan, tally).live} WHERE ${withinRange(range)}`,
      )
  }

  async replaceRejects(
    staged: StagedSource,
    metrics: readonly string[],
    { revision, cut }: { readonly revision: number; readonly cut: number },
  ): Promise<void> {
    const source = duckdbDialect.quoteText(staged.source)
    const names = metrics.map((metric) => duckdbDialect.quoteText(metric)).join(', ')
    const mine = names === '' ? '' : ` OR metric IN (${names})`
    const table = `${SCHEMA}.rejects`
    await this.#connection.run(
      `DELETE FROM ${table} WHERE tenant = '' AND source = ${source} AND (metric IS NULL${mine}) AND (block <> '' OR "offset" < ${cut})`,
    )
    const columns = `'', ${source}, ${revision}, block, "offset", metric, reason, field`
    const file = `read_parquet(${duckdbDialect.quoteText(staged.rejectsPath)})`
    await this.#connection.run(
      `INSERT INTO ${table} SELECT ${columns} FROM ${file} ORDER BY "offset", metric`,
    )
  }
}

function printValue(value: StoredValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return duckdbDialect.quoteText(value)
  if (typeof value === 'number') return String(value)
  if ('ms' in value) return value.ms === null ? 'NULL' : timestampOf(value.ms)
  return `[${value.map((text) => duckdbDialect.quoteText(text)).join(', ')}]`
}
