/** PostgreSQL's side of publishing: rows of its tables in one transaction, bulk by COPY straight into them. */
import { tallyTables } from '../../compile/live-tables.ts'
import type { Loaded, LoadJob, PublishStore, StoredValue, StoredVersion } from '../../compile/publish-run.ts'
import { readCoverage } from '../../compile/report-state.ts'
import type { MetricTables } from '../../compile/report-tables.ts'
import { StreamTables } from '../../compile/stream-tables.ts'
import type { MetricPlan } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import { isWholeRange } from '../../core/time-coverage.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { Lines, SeriesNumber, StagedText, StagedTextReader, TextCount } from '../../ports/staged-text.ts'
import { tablesOf } from '../table-key.ts'
import { copyLines } from './copy-lines.ts'
import { tallyColumns } from './metric-tables.ts'
import { replaceView } from './metric-view.ts'
import { instantOf, type PostgresNames, quoteName } from './postgres-names.ts'
import { readAhead } from './read-ahead.ts'
import { hasLiveTables, stateOf, tablesIn, targetOf, withinRange } from './report-sql.ts'
import type { Transaction } from './session.ts'
import { TableBook } from './table-book.ts'
import { takeBriefly, tryBriefly } from './take-briefly.ts'

/** `runId` tells a run that was committed before its connection was lost from one that was not. */
export interface PublishPlace {
  readonly transaction: Transaction
  readonly names: PostgresNames
  readonly text: StagedTextReader
  readonly runId: string
}

/** Text that is made while the server deletes: about 600,000 totals. */
const AHEAD_BYTES = 32 * 1024 * 1024

interface OpenedText {
  readonly text: StagedText
  readonly counted: TextCount
  /** The lines of the plan's first tally. */
  readonly first: Lines
}

interface Bounds {
  readonly first: { readonly ms: number | null }
  readonly last: { readonly ms: number | null }
}

export class PostgresPublishStore implements PublishStore {
  readonly transaction: Transaction
  readonly streams: StreamTables
  readonly book: TableBook
  readonly #names: PostgresNames
  readonly #text: StagedTextReader
  readonly #runId: string

  constructor({ transaction, names, text, runId }: PublishPlace) {
    this.transaction = transaction
    this.streams = new StreamTables(targetOf(transaction, names))
    this.book = new TableBook(transaction, names)
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

  async versions(metric: string): Promise<StoredVersion[]> {
    const sql = `SELECT version, plan, first_window IS NOT NULL FROM ${this.#names.schema}.metrics WHERE tenant = '' AND metric = $1`
    const rows = await this.transaction.rows(sql, [metric])
    return rows.map(([version, plan, hasTotals]) => ({
      ...{ version: String(version), plan: JSON.parse(String(plan)) as MetricPlan },
      hasTotals: hasTotals === true,
    }))
  }

  tables({ metric, version }: MetricPlan): MetricTables {
    return tablesOf(metric, version)
  }

  /** Those that somebody reads at this moment stay, and go when a later run finds them unused. */
  async dropTables(plan: MetricPlan): Promise<void> {
    await this.book.forget(plan)
    await tryBriefly(this.transaction, () => this.book.dropTables(plan))
  }

  /** Other sessions may be reading it; what took long is kept while they are waited for. */
  replaceView(plan: MetricPlan): Promise<void> {
    return takeBriefly(this.transaction, () => replaceView(this.transaction, this.#names, plan))
  }

  async load(job: LoadJob): Promise<Loaded> {
    const tables = this.tables(job.plan)
    const series = this.#qualify(tables.series)
    await this.book.makeTables(job.plan, false)
    if (isWholeRange(job.range)) await this.book.clear(tables.series)
    const { text, counted, first } = await this.#openAndClear(job, tables, await this.#standing(series))
    try {
      await this.#loadSeries(job.plan, text)
      for (const [place, tally] of job.plan.tallies.entries()) {
        const table = tallyTables(tables, tally).ordinary
        const target = `${this.#qualify(table)} (${tallyColumns(tally)})`
        const lines = place === 0 ? first : text.tally(tally, job.revision)
        this.book.note(table, await copyLines(this.transaction, target, lines))
      }
      const { rows, records, firstMs, lastMs } = counted
      const isAll = isWholeRange(job.range)
      const bounds = isAll
        ? { first: { ms: firstMs }, last: { ms: lastMs } }
        : await this.#bounds(job, counted)
      return { rows, records, ...bounds }
    } finally {
      await text.close()
    }
  }

  /** The server deletes the old rows while this machine reads the new ones and writes the first as text. */
  async #openAndClear(
    { plan, staged, range, revision }: LoadJob,
    tables: MetricTables,
    standing: readonly SeriesNumber[],
  ): Promise<OpenedText> {
    const clear = async () => {
      for (const tally of plan.tallies)
        await this.book.clear(tallyTables(tables, tally).ordinary, withinRange(range))
    }
    const open = async (): Promise<OpenedText> => {
      const text = await this.#text.openMetric(plan, staged, standing)
      try {
        const counted = await text.count()
        return { text, counted, first: readAhead(text.tally(plan.tallies[0]!, revision), AHEAD_BYTES) }
      } catch (error) {
        await text.close()
        throw error
      }
    }
    const [opened, cleared] = await Promise.allSettled([open(), clear()])
    if (opened.status === 'rejected') throw opened.reason
    if (cleared.status === 'fulfilled') return opened.value
    await opened.value.text.close()
    throw cleared.reason
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
    const { series } = this.tables(plan)
    const target = `${this.#qualify(series)} (${columns.join(', ')})`
    this.book.note(series, await copyLines(this.transaction, target, text.newSeries()))
  }

  /** Windows outside the range stand as they did: what was known of them is still so, and seldom must rows be read. */
  async #bounds({ plan, range: { fromMs, toMs } }: LoadJob, staged: TextCount): Promise<Bounds> {
    const held = await this.#heldBounds(plan)
    const isBefore = fromMs !== undefined && held.first.ms !== null && held.first.ms < fromMs
    const isAfter = toMs !== undefined && held.last.ms !== null && held.last.ms >= toMs
    if (staged.rows === 0 && (isBefore || isAfter)) return this.#scanBounds(plan)
    return {
      first: isBefore ? held.first : { ms: staged.firstMs },
      last: isAfter ? held.last : { ms: staged.lastMs },
    }
  }

  async #heldBounds({ metric, version }: MetricPlan): Promise<Bounds> {
    const { epochMs } = stateOf(this.transaction, this.#names)
    const sql = `SELECT ${epochMs('first_window')}, ${epochMs('last_window')} FROM ${this.#names.schema}.metrics
      WHERE tenant = '' AND metric = $1 AND version = $2`
    const [row = [null, null]] = await this.transaction.rows(sql, [metric, version])
    return boundsOf(row)
  }

  async #scanBounds(plan: MetricPlan): Promise<Bounds> {
    const { epochMs } = stateOf(this.transaction, this.#names)
    const bounds = ['min', 'max'].map((fn) => epochMs(`${fn}(window_start)`)).join(', ')
    const { ordinary, live } = tablesIn(this.#names, plan, plan.tallies.find((tally) => !tally.key)!)
    const isLive = await hasLiveTables(this.transaction, this.#names, plan)
    const from = [ordinary, ...(isLive ? [live] : [])].map((table) => `SELECT window_start FROM ${table}`)
    const rows = await this.transaction.rows(`SELECT ${bounds} FROM (${from.join(' UNION ALL ')}) AS w`)
    return boundsOf(rows[0]!)
  }

  async clearLive(plan: MetricPlan, range: TimeRange): Promise<void> {
    if (!(await hasLiveTables(this.transaction, this.#names, plan))) return
    const tables = this.tables(plan)
    for (const tally of plan.tallies)
      await this.book.clear(tallyTables(tables, tally).live, withinRange(range))
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

function boundsOf([first, last]: readonly unknown[]): Bounds {
  const toMs = (value: unknown) => ({ ms: value === null ? null : Number(value) })
  return { first: toMs(first), last: toMs(last) }
}
