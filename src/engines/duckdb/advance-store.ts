/** The embedded report's side of a stream's advance: live partials and rejected lines, in one transaction. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { AdvanceStore } from '../../compile/advance-stream.ts'
import { mergeRows, rowKeys } from '../../compile/live-tables.ts'
import type { WindowLines } from '../../compile/stream-tables.ts'
import { versionKey } from '../../compile/version-key.ts'
import type { OffsetRange } from '../../core/lost-lines.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { createTable, liveType, qualifiedTables, TALLY_TYPES } from './live-tables.ts'
import { DuckdbPublishStore } from './publish-store.ts'
import { readRows } from './read-rows.ts'
import { dimensionColumnType, hasLiveTables, qualify, SCHEMA, WIDE } from './report-tables.ts'
import { printNewSeries } from './series-sql.ts'
import { outsideRanges, timestampOf } from './window-range.ts'

type StagedMetric = StagedSource['metrics'][number]

/** Rows of a live table since this process began, as far as it has counted, and those that the last merge left. */
export interface LiveRows {
  readonly rows: number
  readonly merged: number
}

/** Kept from one advance to the next. */
export interface AdvanceMemory {
  /** By live table. */
  readonly liveRows: Map<string, LiveRows>
  /** Versions whose live tables were found. */
  readonly withLive: Set<string>
}

/** A live table is merged once so many rows came in since it was merged last, or as many as that left. */
const MERGE_ROWS = 20_000

const quoteText = (text: string) => duckdbDialect.quoteText(text)

export class DuckdbAdvanceStore extends DuckdbPublishStore implements AdvanceStore {
  readonly #connection: DuckDBConnection
  readonly #liveRows: AdvanceMemory['liveRows']
  readonly #withLive: AdvanceMemory['withLive']
  /** Metrics with series that the report does not know. */
  readonly #withNewSeries = new Set<string>()

  constructor(connection: DuckDBConnection, { liveRows, withLive }: AdvanceMemory) {
    super(connection)
    this.#connection = connection
    this.#liveRows = liveRows
    this.#withLive = withLive
  }

  async withoutLive(plans: readonly MetricPlan[]): Promise<MetricPlan[]> {
    const missing: MetricPlan[] = []
    for (const plan of plans) {
      if (this.#withLive.has(versionKey(plan.metric, plan.version))) continue
      if (await hasLiveTables(this.#connection, plan))
        this.#withLive.add(versionKey(plan.metric, plan.version))
      else missing.push(plan)
    }
    return missing
  }

  async createTables(plan: MetricPlan): Promise<void> {
    const dimensions = plan.dimensions.map(({ type }, index) => `, d${index} ${dimensionColumnType(type)}`)
    const columns = `tenant VARCHAR, series_id INTEGER, series_key UUID${dimensions.join('')}`
    const series = qualify(this.tables(plan).series)
    await this.#connection.run(`CREATE TABLE IF NOT EXISTS ${series} (${columns})`)
    for (const tally of plan.tallies) {
      const { ordinary, live } = qualifiedTables(plan, tally)
      await this.#connection.run(createTable(tally, ordinary, false))
      await this.#connection.run(createTable(tally, live, true))
    }
  }

  async stagedWindows(plan: MetricPlan, staged: StagedMetric): Promise<WindowLines[]> {
    const base = plan.tallies.find((tally) => !tally.key)!
    const series = `SELECT series_key FROM ${qualify(this.tables(plan).series)}`
    const isNew = `CAST(series_key AS UUID) NOT IN (${series})`
    const rows = await readRows(
      this.#connection,
      `SELECT window_ms, sum(records), bool_or(${isNew}) FROM ${fileOf(staged, base)} GROUP BY 1 ORDER BY 1`,
    )
    if (rows.some(([, , hasNew]) => hasNew === true)) this.#withNewSeries.add(plan.metric)
    return rows.map(([windowMs, lines]) => ({ windowMs: Number(windowMs), lines: Number(lines) }))
  }

  async addPartials(
    plan: MetricPlan,
    staged: StagedMetric,
    dropped: readonly Required<TimeRange>[],
  ): Promise<void> {
    const series = qualify(this.tables(plan).series)
    if (this.#withNewSeries.has(plan.metric)) await this.#addSeries(plan, staged, series)
    const where = `WHERE ${outsideRanges(dropped, 'p.window_ms')}`
    for (const tally of plan.tallies) {
      const columns = [
        `''`,
        timestampOf('p.window_ms'),
        's.series_id',
        ...(tally.key ? ['CAST(p."key" AS INTEGER)'] : []),
        ...tally.columns.map((column) => `CAST(p.${column.column} AS ${liveType(tally, column)})`),
      ]
      const from = `${fileOf(staged, tally)} p JOIN ${series} s ON s.series_key = CAST(p.series_key AS UUID)`
      const into = qualifiedTables(plan, tally).live
      const sql = `INSERT INTO ${into} SELECT ${columns.join(', ')} FROM ${from} ${where}`
      const { rowsChanged } = await this.#connection.run(sql)
      const { rows, merged } = this.#liveRows.get(into) ?? {
        rows: (await this.#count(into)) - rowsChanged,
        merged: 0,
      }
      this.#liveRows.set(into, { rows: rows + rowsChanged, merged })
    }
  }

  async #addSeries(plan: MetricPlan, staged: StagedMetric, series: string): Promise<void> {
    const base = plan.tallies.find((tally) => !tally.key)!
    const fresh = printNewSeries(plan, fileOf(staged, base), series)
    await this.#connection.run(
      `INSERT INTO ${series} SELECT '' AS tenant, * FROM (${fresh}) ORDER BY series_id`,
    )
  }

  async settle(plan: MetricPlan, beforeMs: number): Promise<void> {
    const isFinal = `window_start < ${timestampOf(beforeMs)}`
    const base = plan.tallies.find((tally) => !tally.key)!
    const sql = `SELECT 1 FROM ${qualifiedTables(plan, base).live} WHERE ${isFinal} LIMIT 1`
    if ((await readRows(this.#connection, sql)).length === 0) return
    for (const tally of plan.tallies) await this.#settleTally(plan, tally, isFinal)
  }

  async #settleTally(plan: MetricPlan, tally: Tally, isFinal: string): Promise<void> {
    const { ordinary, live } = qualifiedTables(plan, tally)
    const windows = `window_start IN (SELECT DISTINCT window_start FROM ${live} WHERE ${isFinal})`
    const merged = mergeRows(
      tally,
      [`(SELECT * FROM ${ordinary} WHERE ${windows})`, `(SELECT * FROM ${live} WHERE ${isFinal})`],
      TALLY_TYPES,
    )
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE settling AS ${merged}`)
    for (const column of tally.columns) {
      if (liveType(tally, column) === WIDE) await this.#widen(ordinary, column.column)
    }
    await this.#connection.run(`DELETE FROM ${ordinary} WHERE ${windows}`)
    const columns = [...rowKeys(tally), ...tally.columns.map(({ column }) => column)].join(', ')
    await this.#connection.run(
      `INSERT INTO ${ordinary} (revision, ${columns}) SELECT 0, ${columns} FROM settling ORDER BY ${rowKeys(tally).join(', ')}`,
    )
    await this.#mergeLive(tally, live, `NOT (${isFinal})`)
  }

  /** Values that no BIGINT holds make the column wide, for as long as the table lives. */
  async #widen(table: string, column: string): Promise<void> {
    const beyond = `${column} > ${2n ** 63n - 1n} OR ${column} < ${-(2n ** 63n)}`
    const found = await readRows(this.#connection, `SELECT 1 FROM settling WHERE ${beyond} LIMIT 1`)
    if (found.length > 0) await this.#connection.run(`ALTER TABLE ${table} ALTER ${column} TYPE ${WIDE}`)
  }

  async mergeGrown(plan: MetricPlan): Promise<void> {
    for (const tally of plan.tallies) {
      const { live } = qualifiedTables(plan, tally)
      const { rows, merged } = this.#liveRows.get(live) ?? { rows: 0, merged: 0 }
      if (rows > merged + Math.max(MERGE_ROWS, merged)) await this.#mergeLive(tally, live, 'TRUE')
    }
  }

  async #mergeLive(tally: Tally, live: string, where: string): Promise<void> {
    const rows = mergeRows(tally, [`(SELECT * FROM ${live} WHERE ${where})`], TALLY_TYPES)
    await this.#connection.run(`CREATE OR REPLACE TABLE ${live} AS ${rows}`)
    const left = await this.#count(live)
    this.#liveRows.set(live, { rows: left, merged: left })
  }

  async #count(table: string): Promise<number> {
    return Number((await readRows(this.#connection, `SELECT count(*) FROM ${table}`))[0]![0])
  }

  async addRejects(
    { source, rejectsPath }: StagedSource,
    { fromOffset, endOffset }: OffsetRange,
  ): Promise<void> {
    const name = quoteText(source)
    const known = `SELECT 1 FROM ${SCHEMA}.rejects k WHERE k.tenant = '' AND k.source = ${name}
      AND k."offset" >= ${fromOffset} AND k."offset" < ${endOffset} AND k."offset" = r."offset" AND k.metric IS NOT DISTINCT FROM r.metric`
    const columns = `'', ${name}, 0, r.block, r."offset", r.metric, r.reason, r.field`
    const file = `read_parquet(${quoteText(rejectsPath)})`
    await this.#connection.run(
      `INSERT INTO ${SCHEMA}.rejects SELECT ${columns} FROM ${file} r WHERE NOT EXISTS (${known})
        ORDER BY r."offset", r.metric`,
    )
  }
}

function fileOf({ metric, tallies }: StagedMetric, tally: Tally): string {
  const file = tallies.find(({ id }) => id === tally.id)
  if (!file) throw new Error(`tally ${tally.id} of metric ${metric} was not staged`)
  return `read_parquet(${quoteText(file.path)})`
}
