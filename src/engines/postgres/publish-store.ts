/** PostgreSQL's side of publishing: rows of its tables in one transaction, bulk by COPY straight into them. */
import type { Loaded, LoadJob, PublishStore, StoredValue } from '../../compile/publish-run.ts'
import { readCoverage } from '../../compile/report-state.ts'
import { allTables, type MetricTables } from '../../compile/report-tables.ts'
import { StreamTables } from '../../compile/stream-tables.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import { isWholeRange } from '../../core/time-coverage.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { SeriesNumber, StagedText, StagedTextReader } from '../../ports/staged-text.ts'
import { tablesOf } from '../table-key.ts'
import { copyLines } from './copy-lines.ts'
import { createTables, tallyColumns } from './metric-tables.ts'
import { replaceView } from './metric-view.ts'
import { instantOf, type PostgresNames, quoteName } from './postgres-names.ts'
import { hasLiveTables, stateOf, tablesIn, targetOf, withinRange } from './report-sql.ts'
import type { Transaction } from './session.ts'

/** `runId` tells a run that was committed before its connection was lost from one that was not. */
export interface PublishPlace {
  readonly transaction: Transaction
  readonly names: PostgresNames
  readonly text: StagedTextReader
  readonly runId: string
}

export class PostgresPublishStore implements PublishStore {
  readonly transaction: Transaction
  readonly streams: StreamTables
  readonly #names: PostgresNames
  readonly #text: StagedTextReader
  readonly #runId: string

  constructor({ transaction, names, text, runId }: PublishPlace) {
    this.transaction = transaction
    this.streams = new StreamTables(targetOf(transaction, names))
    this.#names = names
    this.#text = text
    this.#runId = runId
  }

  async nextRevision(): Promise<number> {
    const sql = `SELECT coalesce(max(revision), 0) + 1 FROM ${this.#names.schema}.runs`
    return Number((await this.transaction.rows(sql))[0]![0])
  }

  async insert(table: string, row: Readonly<Record<string, StoredValue>>): Promise<void> {
    const all = table === 'runs' ? { ...row, run_id: this.#runId } : row
    const values: unknown[] = []
    const places = Object.values(all).map((value) => {
      if (typeof value === 'object' && value !== null && 'ms' in value)
        return value.ms === null ? 'NULL' : instantOf(value.ms)
      return `$${values.push(value)}`
    })
    const columns = Object.keys(all).join(', ')
    const sql = `INSERT INTO ${this.#names.schema}.${table} (${columns}) VALUES (${places.join(', ')})`
    await this.transaction.run(sql, values)
  }

  async forget(table: string, metric: string, version: string): Promise<void> {
    const sql = `DELETE FROM ${this.#names.schema}.${table} WHERE tenant = '' AND metric = $1 AND version = $2`
    await this.transaction.run(sql, [metric, version])
  }

  coverage(metric: string, version: string): Promise<TimeRange[]> {
    return readCoverage(stateOf(this.transaction, this.#names), metric, version)
  }

  async versions(metric: string): Promise<{ version: string; plan: MetricPlan }[]> {
    const sql = `SELECT version, plan FROM ${this.#names.schema}.metrics WHERE tenant = '' AND metric = $1`
    const rows = await this.transaction.rows(sql, [metric])
    return rows.map(([version, plan]) => ({ version: String(version), plan: JSON.parse(String(plan)) }))
  }

  tables({ metric, version }: MetricPlan): MetricTables {
    return tablesOf(metric, version)
  }

  async dropTables(plan: MetricPlan): Promise<void> {
    for (const table of allTables(plan, this.tables(plan)))
      await this.transaction.run(`DROP TABLE IF EXISTS ${this.#qualify(table)}`)
  }

  replaceView(plan: MetricPlan): Promise<void> {
    return replaceView(this.transaction, this.#names, plan)
  }

  async load(job: LoadJob): Promise<Loaded> {
    const tables = this.tables(job.plan)
    const series = this.#qualify(tables.series)
    for (const statement of createTables(job.plan, tables, this.#names.schema))
      await this.transaction.run(statement)
    if (isWholeRange(job.range)) await this.transaction.run(`DELETE FROM ${series}`)
    const text = await this.#openAndClear(job, tables, await this.#standing(series))
    try {
      await this.#loadSeries(job.plan, text)
      for (const tally of job.plan.tallies) {
        const target = `${this.#tableOf(tally, tables)} (${tallyColumns(tally)})`
        await copyLines(this.transaction, target, text.tally(tally, job.revision))
      }
      const { rows, records, firstMs, lastMs } = await text.count()
      const isAll = isWholeRange(job.range)
      const bounds = isAll ? { first: { ms: firstMs }, last: { ms: lastMs } } : await this.#bounds(job.plan)
      return { rows, records, ...bounds }
    } finally {
      await text.close()
    }
  }

  /** The server deletes the old rows while this machine reads the new ones. */
  async #openAndClear(
    { plan, staged, range }: LoadJob,
    tables: MetricTables,
    standing: readonly SeriesNumber[],
  ): Promise<StagedText> {
    const clear = async () => {
      for (const tally of plan.tallies)
        await this.transaction.run(`DELETE FROM ${this.#tableOf(tally, tables)} WHERE ${withinRange(range)}`)
    }
    const [opened, cleared] = await Promise.allSettled([
      this.#text.openMetric(plan, staged, standing),
      clear(),
    ])
    if (opened.status === 'rejected') throw opened.reason
    if (cleared.status === 'fulfilled') return opened.value
    await opened.value.close()
    throw cleared.reason
  }

  #tableOf(tally: Tally, tables: MetricTables): string {
    return this.#qualify(tally.key ? tables.sketch(tally.id) : tables.totals)
  }

  async #standing(series: string): Promise<SeriesNumber[]> {
    const rows = await this.transaction.rows(`SELECT series_key, series_id FROM ${series}`)
    return rows.map(([key, id]) => ({ seriesKey: String(key), seriesId: Number(id) }))
  }

  async #loadSeries(plan: MetricPlan, text: StagedText): Promise<void> {
    await this.copySeries(plan, text)
    await this.transaction.run(`ANALYZE ${this.#qualify(this.tables(plan).series)}`)
  }

  /** Those that are new. */
  async copySeries(plan: MetricPlan, text: StagedText): Promise<void> {
    const columns = ['series_id', 'series_key', ...plan.dimensions.map((_, index) => `d${index}`)]
    const series = this.#qualify(this.tables(plan).series)
    await copyLines(this.transaction, `${series} (${columns.join(', ')})`, text.newSeries())
  }

  async #bounds(plan: MetricPlan): Promise<Pick<Loaded, 'first' | 'last'>> {
    const { epochMs } = stateOf(this.transaction, this.#names)
    const bounds = ['min', 'max'].map((fn) => epochMs(`${fn}(window_start)`)).join(', ')
    const { ordinary, live } = tablesIn(this.#names, plan, plan.tallies.find((tally) => !tally.key)!)
    const isLive = await hasLiveTables(this.transaction, this.#names, plan)
    const from = [ordinary, ...(isLive ? [live] : [])].map((table) => `SELECT window_start FROM ${table}`)
    const rows = await this.transaction.rows(`SELECT ${bounds} FROM (${from.join(' UNION ALL ')}) AS w`)
    const [first, last] = rows[0]!.map((ms) => ({ ms: ms === null ? null : Number(ms) }))
    return { first: first!, last: last! }
  }

  async clearLive(plan: MetricPlan, range: TimeRange): Promise<void> {
    if (!(await hasLiveTables(this.transaction, this.#names, plan))) return
    for (const tally of plan.tallies)
      await this.transaction.run(
        `DELETE FROM ${tablesIn(this.#names, plan, tally).live} WHERE ${withinRange(range)}`,
      )
  }

  async dropLive(plan: MetricPlan): Promise<void> {
    for (const tally of plan.tallies)
      await this.transaction.run(`DROP TABLE IF EXISTS ${tablesIn(this.#names, plan, tally).live}`)
  }

  async replaceRejects(
    staged: StagedSource,
    metrics: readonly string[],
    { revision, cut }: { readonly revision: number; readonly cut: number },
  ): Promise<void> {
    const table = `${this.#names.schema}.rejects`
    await this.transaction.run(
      `DELETE FROM ${table} WHERE tenant = '' AND source = $1 AND (metric IS NULL OR metric = ANY($2))
        AND (block <> '' OR "offset" < $3)`,
      [staged.source, metrics, cut],
    )
    const columns = 'source, revision, block, "offset", metric, reason, field'
    const lines = this.#text.readRejects(staged, revision)
    await copyLines(this.transaction, `${table} (${columns})`, lines)
  }

  #qualify(table: string): string {
    return `${this.#names.schema}.${quoteName(table)}`
  }
}
