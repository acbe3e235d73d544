/** The embedded report's side of publishing: rows of its own tables, in the transaction of one connection. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { Loaded, LoadJob, PublishStore, StoredValue, Streaming } from '../../compile/publish-run.ts'
import { readCoverage } from '../../compile/report-state.ts'
import { allTables, type MetricTables } from '../../compile/report-tables.ts'
import type { MetricPlan } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import { tablesOf } from '../table-key.ts'
import { duckdbDialect } from './dialect.ts'
import { allRows, tallyTables } from './live-tables.ts'
import { TotalsLoader } from './load-totals.ts'
import { readRows, runBound } from './read-rows.ts'
import { hasLiveTables, printView, qualify, SCHEMA, stateOf } from './report-tables.ts'
import { timestampOf, withinRange } from './window-range.ts'

interface CutPlace {
  readonly revision: number
  readonly cut: number
}

export class DuckdbPublishStore implements PublishStore {
  readonly #connection: DuckDBConnection

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
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

  async versions(metric: string): Promise<{ version: string; plan: MetricPlan }[]> {
    const sql = `SELECT version, plan FROM ${SCHEMA}.metrics WHERE tenant = '' AND metric = $1`
    const rows = await readRows(this.#connection, sql, [metric])
    return rows.map(([version, plan]) => ({ version: String(version), plan: JSON.parse(String(plan)) }))
  }

  tables({ metric, version }: MetricPlan): MetricTables {
    return tablesOf(metric, version)
  }

  async dropTables(plan: MetricPlan): Promise<void> {
    for (const table of allTables(plan, this.tables(plan)))
      await this.#connection.run(`DROP TABLE IF EXISTS ${qualify(table)}`)
  }

  load(job: LoadJob): Promise<Loaded> {
    return new TotalsLoader(this.#connection, job).load()
  }

  async replaceView(plan: MetricPlan): Promise<void> {
    const isLive = await hasLiveTables(this.#connection, plan)
    await this.#connection.run(isLive ? printView(plan, (tally) => allRows(plan, tally)) : printView(plan))
  }

  async streaming({ metric, version }: MetricPlan): Promise<Streaming | undefined> {
    const sql = `SELECT start_clock_ms, clock_ms, lateness_ms FROM ${SCHEMA}.stream_metrics
      WHERE tenant = '' AND metric = $1 AND version = $2`
    const [row] = await readRows(this.#connection, sql, [metric, version])
    if (!row) return undefined
    const [startClockMs, clockMs, latenessMs] = row.map(Number)
    return { startClockMs: startClockMs!, clockMs: clockMs!, latenessMs: latenessMs! }
  }

  async takeOver(plan: MetricPlan, range: TimeRange, { revision, cut }: CutPlace): Promise<void> {
    const { metric, version } = plan
    const { fromMs = null, toMs = null } = range
    const mine = `tenant = '' AND metric = $1 AND version = $2`
    const inside = [
      ...(fromMs === null ? [] : [`from_time >= ${timestampOf(fromMs)}`]),
      ...(toMs === null ? [] : [`to_time <= ${timestampOf(toMs)}`]),
    ]
    const older = [mine, ...inside].join(' AND ')
    await runBound(this.#connection, `DELETE FROM ${SCHEMA}.cuts WHERE ${older}`, [metric, version])
    const place = { from_time: { ms: fromMs }, to_time: { ms: toMs }, cut, revision }
    await this.insert('cuts', { metric, version, ...place })
    const counted = `${mine} AND end_offset <= ${cut} AND ${withinRange(range)}`
    await runBound(this.#connection, `DELETE FROM ${SCHEMA}.late_windows WHERE ${counted}`, [metric, version])
    if (!(await hasLiveTables(this.#connection, plan))) return
    for (const tally of plan.tallies) {
      const { live } = tallyTables(plan, tally)
      await this.#connection.run(`DELETE FROM ${live} WHERE ${withinRange(range)}`)
    }
  }

  async dropStream(plan: MetricPlan): Promise<void> {
    for (const table of ['stream_metrics', 'late_windows', 'cuts']) {
      const sql = `DELETE FROM ${SCHEMA}.${table} WHERE tenant = '' AND metric = $1 AND version = $2`
      await runBound(this.#connection, sql, [plan.metric, plan.version])
    }
    for (const tally of plan.tallies)
      await this.#connection.run(`DROP TABLE IF EXISTS ${tallyTables(plan, tally).live}`)
  }

  async replaceRejects(
    staged: StagedSource,
    metrics: readonly string[],
    { revision, cut }: CutPlace,
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
