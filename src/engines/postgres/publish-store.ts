/** PostgreSQL's side of publishing: rows of its tables in one transaction, bulk by COPY straight into them. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Loaded, LoadJob, PublishStore, StoredValue, Streaming } from '../../compile/publish-run.ts'
import { readCoverage } from '../../compile/report-state.ts'
import { allTables, type MetricTables } from '../../compile/report-tables.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import { isWholeRange } from '../../core/time-coverage.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { Lines, SeriesNumber, StagedText, StagedTextReader } from '../../ports/staged-text.ts'
import { tablesOf } from '../table-key.ts'
import { createTables, tallyColumns } from './metric-tables.ts'
import { replaceView } from './metric-view.ts'
import { instantOf, type PostgresNames, quoteName } from './postgres-names.ts'
import { stateOf, withinRange } from './report-sql.ts'
import type { Transaction } from './session.ts'

/** `runId` tells a run that was committed before its connection was lost from one that was not. */
export interface PublishPlace {
  readonly transaction: Transaction
  readonly names: PostgresNames
  readonly text: StagedTextReader
  readonly runId: string
}

export class PostgresPublishStore implements PublishStore {
  readonly #transaction: Transaction
  readonly #names: PostgresNames
  readonly #text: StagedTextReader
  readonly #runId: string

  constructor({ transaction, names, text, runId }: PublishPlace) {
    this.#transaction = transaction
    this.#names = names
    this.#text = text
    this.#runId = runId
  }

  async nextRevision(): Promise<number> {
    const sql = `SELECT coalesce(max(revision), 0) + 1 FROM ${this.#names.schema}.runs`
    return Number((await this.#transaction.rows(sql))[0]![0])
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
    await this.#transaction.run(sql, values)
  }

  async forget(table: string, metric: string, version: string): Promise<void> {
    const sql = `DELETE FROM ${this.#names.schema}.${table} WHERE tenant = '' AND metric = $1 AND version = $2`
    await this.#transaction.run(sql, [metric, version])
  }

  coverage(metric: string, version: string): Promise<TimeRange[]> {
    return readCoverage(stateOf(this.#transaction, this.#names), metric, version)
  }

  async versions(metric: string): Promise<{ version: string; plan: MetricPlan }[]> {
    const sql = `SELECT version, plan FROM ${this.#names.schema}.metrics WHERE tenant = '' AND metric = $1`
    const rows = await this.#transaction.rows(sql, [metric])
    return rows.map(([version, plan]) => ({ version: String(version), plan: JSON.parse(String(plan)) }))
  }

  tables({ metric, version }: MetricPlan): MetricTables {
    return tablesOf(metric, version)
  }

  async dropTables(plan: MetricPlan): Promise<void> {
    for (const table of allTables(plan, this.tables(plan)))
      await this.#transaction.run(`DROP TABLE IF EXISTS ${this.#qualify(table)}`)
  }

  replaceView(plan: MetricPlan): Promise<void> {
    return replaceView(this.#transaction, this.#names, plan)
  }

  async load(job: LoadJob): Promise<Loaded> {
    const tables = this.tables(job.plan)
    const series = this.#qualify(tables.series)
    for (const statement of createTables(job.plan, tables, this.#names.schema))
      await this.#transaction.run(statement)
    if (isWholeRange(job.range)) await this.#transaction.run(`DELETE FROM ${series}`)
    const text = await this.#openAndClear(job, tables, await this.#standing(series))
    try {
      await this.#copySeries(job.plan, series, text)
      for (const tally of job.plan.tallies) {
        const target = `${this.#tableOf(tally, tables)} (${tallyColumns(tally)})`
        await this.#copy(target, text.tally(tally, job.revision))
      }
      const { rows, records, firstMs, lastMs } = await text.count()
      const isAll = isWholeRange(job.range)
      const bounds = isAll ? { first: { ms: firstMs }, last: { ms: lastMs } } : await this.#bounds(tables)
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
        await this.#transaction.run(`DELETE FROM ${this.#tableOf(tally, tables)} WHERE ${withinRange(range)}`)
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
    const rows = await this.#transaction.rows(`SELECT series_key, series_id FROM ${series}`)
    return rows.map(([key, id]) => ({ seriesKey: String(key), seriesId: Number(id) }))
  }

  async #copySeries({ dimensions }: MetricPlan, series: string, text: StagedText): Promise<void> {
    const columns = ['series_id', 'series_key', ...dimensions.map((_, index) => `d${index}`)]
    await this.#copy(`${series} (${columns.join(', ')})`, text.newSeries())
    await this.#transaction.run(`ANALYZE ${series}`)
  }

  async #bounds({ totals }: MetricTables): Promise<Pick<Loaded, 'first' | 'last'>> {
    const { epochMs } = stateOf(this.#transaction, this.#names)
    const bounds = ['min', 'max'].map((fn) => epochMs(`${fn}(window_start)`)).join(', ')
    const rows = await this.#transaction.rows(`SELECT ${bounds} FROM ${this.#qualify(totals)}`)
    const [first, last] = rows[0]!.map((ms) => ({ ms: ms === null ? null : Number(ms) }))
    return { first: first!, last: last! }
  }

  /** No stream adds to this report yet. */
  async streaming(): Promise<Streaming | undefined> {
    return undefined
  }

  async takeOver(
    { metric, version }: MetricPlan,
    { fromMs, toMs }: TimeRange,
    { revision, cut }: { readonly revision: number; readonly cut: number },
  ): Promise<void> {
    const inside = [
      ...(fromMs === undefined ? [] : [`from_time >= ${instantOf(fromMs)}`]),
      ...(toMs === undefined ? [] : [`to_time <= ${instantOf(toMs)}`]),
    ]
    const older = [`tenant = '' AND metric = $1 AND version = $2`, ...inside].join(' AND ')
    await this.#transaction.run(`DELETE FROM ${this.#names.schema}.cuts WHERE ${older}`, [metric, version])
    const bounds = { from_time: { ms: fromMs ?? null }, to_time: { ms: toMs ?? null } }
    await this.insert('cuts', { metric, version, ...bounds, cut, revision })
  }

  async dropStream({ metric, version }: MetricPlan): Promise<void> {
    await this.forget('cuts', metric, version)
  }

  async replaceRejects(
    staged: StagedSource,
    metrics: readonly string[],
    { revision }: { readonly revision: number },
  ): Promise<void> {
    const table = `${this.#names.schema}.rejects`
    await this.#transaction.run(
      `DELETE FROM ${table} WHERE tenant = '' AND source = $1 AND (metric IS NULL OR metric = ANY($2))`,
      [staged.source, metrics],
    )
    const columns = 'source, revision, block, "offset", metric, reason, field'
    await this.#copy(`${table} (${columns})`, this.#text.readRejects(staged, revision))
  }

  async #copy(target: string, lines: Lines): Promise<void> {
    const sql = `COPY ${target} FROM STDIN WITH (FORMAT text, ENCODING 'UTF8')`
    await pipeline(Readable.from(lines), this.#transaction.client.query(copyFrom(sql)))
  }

  #qualify(table: string): string {
    return `${this.#names.schema}.${quoteName(table)}`
  }
}
