/** The embedded report's side of a stream's advance: live partials, notes and offsets, in one transaction. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type {
  AdvanceStore,
  MetricProgress,
  MetricStart,
  StoredMetric,
  StoredStream,
  WindowLines,
} from '../../compile/advance-stream.ts'
import { readPublished } from '../../compile/report-state.ts'
import type { PublishedRange } from '../../core/metric-ranges.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { createTable, liveType, mergeRows, rowKeys, tallyTables } from './live-tables.ts'
import { DuckdbPublishStore } from './publish-store.ts'
import { readRows, runBound } from './read-rows.ts'
import { dimensionColumnType, qualify, SCHEMA, stateOf, WIDE } from './report-tables.ts'
import { printNewSeries } from './series-sql.ts'
import { timestampOf } from './window-range.ts'

type StagedMetric = StagedSource['metrics'][number]

/** A live table is merged once so many rows came in since it was merged last, or as many as that left. */
const MERGE_ROWS = 20_000

const quoteText = (text: string) => duckdbDialect.quoteText(text)

export class DuckdbAdvanceStore extends DuckdbPublishStore implements AdvanceStore {
  readonly #connection: DuckDBConnection
  /** By live table, its rows after it was merged last; kept from one advance to the next. */
  readonly #merged: Map<string, number>

  constructor(connection: DuckDBConnection, merged: Map<string, number>) {
    super(connection)
    this.#connection = connection
    this.#merged = merged
  }

  async readStream(source: string): Promise<StoredStream | undefined> {
    const sql = `SELECT incarnation, end_offset, clock_ms FROM ${SCHEMA}.streams WHERE tenant = '' AND source = $1`
    const [row] = await readRows(this.#connection, sql, [source])
    return row && { incarnation: String(row[0]), endOffset: Number(row[1]), clockMs: Number(row[2]) }
  }

  async writeStream(source: string, { incarnation, endOffset, clockMs }: StoredStream): Promise<void> {
    await runBound(this.#connection, `DELETE FROM ${SCHEMA}.streams WHERE tenant = '' AND source = $1`, [
      source,
    ])
    await this.insert('streams', { source, incarnation, end_offset: endOffset, clock_ms: clockMs })
  }

  async readMetric({ metric, version }: MetricPlan): Promise<StoredMetric | undefined> {
    const sql = `SELECT end_offset, clock_ms, lateness_ms FROM ${SCHEMA}.stream_metrics
      WHERE tenant = '' AND metric = $1 AND version = $2`
    const [row] = await readRows(this.#connection, sql, [metric, version])
    if (!row) return undefined
    const [endOffset, clockMs, latenessMs] = row.map(Number)
    return { endOffset: endOffset!, clockMs: clockMs!, latenessMs: latenessMs! }
  }

  async writeMetric(plan: MetricPlan, progress: MetricProgress, start?: MetricStart): Promise<void> {
    const { metric, version, source } = plan
    const { endOffset, clockMs, latenessMs, ...ledger } = progress
    const place = { end_offset: endOffset, clock_ms: clockMs, lateness_ms: latenessMs }
    if (start) {
      await this.#forgetStream(plan)
      const begin = { start_offset: start.startOffset, start_clock_ms: start.startClockMs }
      await this.insert('stream_metrics', { source, metric, version, ...begin, ...place, ...ledger })
      return
    }
    const sets = Object.entries(place).map(([column, value]) => `${column} = ${value}`)
    const sums = Object.entries(ledger).map(([column, value]) => `${column} = ${column} + ${value}`)
    await runBound(
      this.#connection,
      `UPDATE ${SCHEMA}.stream_metrics SET ${[...sets, ...sums].join(', ')}
        WHERE tenant = '' AND metric = $1 AND version = $2`,
      [metric, version],
    )
  }

  async #forgetStream({ metric, version }: MetricPlan): Promise<void> {
    const sql = `DELETE FROM ${SCHEMA}.stream_metrics WHERE tenant = '' AND metric = $1 AND version = $2`
    await runBound(this.#connection, sql, [metric, version])
  }

  async createTables(plan: MetricPlan): Promise<void> {
    const dimensions = plan.dimensions.map(({ type }, index) => `, d${index} ${dimensionColumnType(type)}`)
    const columns = `tenant VARCHAR, series_id INTEGER, series_key UUID${dimensions.join('')}`
    const series = qualify(this.tables(plan).series)
    await this.#connection.run(`CREATE TABLE IF NOT EXISTS ${series} (${columns})`)
    for (const tally of plan.tallies) {
      const { ordinary, live } = tallyTables(plan, tally)
      await this.#connection.run(createTable(tally, ordinary, false))
      await this.#connection.run(createTable(tally, live, true))
    }
  }

  published({ metric, version }: MetricPlan): Promise<PublishedRange[]> {
    return readPublished(stateOf(this.#connection), metric, version)
  }

  async endCoverage({ metric, version }: MetricPlan, toMs: number): Promise<void> {
    const end = timestampOf(toMs)
    for (const table of ['coverage', 'cuts']) {
      const mine = `tenant = '' AND metric = $1 AND version = $2`
      const of = [metric, version]
      await runBound(
        this.#connection,
        `DELETE FROM ${SCHEMA}.${table} WHERE ${mine} AND from_time >= ${end}`,
        of,
      )
      const beyond = `(to_time IS NULL OR to_time > ${end})`
      const sql = `UPDATE ${SCHEMA}.${table} SET to_time = ${end} WHERE ${mine} AND ${beyond}`
      await runBound(this.#connection, sql, of)
    }
  }

  async stagedWindows(plan: MetricPlan, staged: StagedMetric): Promise<WindowLines[]> {
    const base = plan.tallies.find((tally) => !tally.key)!
    const sql = `SELECT window_ms, sum(records) FROM ${fileOf(staged, base)} GROUP BY 1 ORDER BY 1`
    const rows = await readRows(this.#connection, sql)
    return rows.map(([windowMs, lines]) => ({ windowMs: Number(windowMs), lines: Number(lines) }))
  }

  async addPartials(plan: MetricPlan, staged: StagedMetric, dropped: readonly number[]): Promise<void> {
    const series = qualify(this.tables(plan).series)
    const base = plan.tallies.find((tally) => !tally.key)!
    const fresh = printNewSeries(plan, fileOf(staged, base), series)
    await this.#connection.run(
      `INSERT INTO ${series} SELECT '' AS tenant, * FROM (${fresh}) ORDER BY series_id`,
    )
    const where = dropped.length > 0 ? `WHERE p.window_ms NOT IN (${dropped.join(', ')})` : ''
    for (const tally of plan.tallies) {
      const columns = [
        `''`,
        timestampOf('p.window_ms'),
        's.series_id',
        ...(tally.key ? ['CAST(p."key" AS INTEGER)'] : []),
        ...tally.columns.map((column) => `CAST(p.${column.column} AS ${liveType(tally, column)})`),
      ]
      const from = `${fileOf(staged, tally)} p JOIN ${series} s ON s.series_key = CAST(p.series_key AS UUID)`
      const into = tallyTables(plan, tally).live
      await this.#connection.run(`INSERT INTO ${into} SELECT ${columns.join(', ')} FROM ${from} ${where}`)
    }
  }

  async noteLate(plan: MetricPlan, windows: readonly WindowLines[], endOffset: number): Promise<void> {
    const rows = windows.map(({ windowMs, lines }) => `(${windowMs}, ${lines})`)
    await this.#note(plan, `(VALUES ${rows.join(', ')}) t(ms, lines)`, endOffset)
  }

  async noteWindows(
    plan: MetricPlan,
    { fromMs, toMs }: Required<TimeRange>,
    endOffset: number,
  ): Promise<void> {
    const starts = `range(${fromMs}::BIGINT, ${toMs + 1}::BIGINT, ${plan.windowMs}::BIGINT)`
    await this.#note(plan, `(SELECT range AS ms, 0 AS lines FROM ${starts})`, endOffset)
  }

  async #note({ source, metric, version }: MetricPlan, windows: string, endOffset: number): Promise<void> {
    const names = [source, metric, version].map(quoteText).join(', ')
    await this.#connection.run(
      `INSERT INTO ${SCHEMA}.late_windows SELECT '', ${names}, ${timestampOf('ms')}, lines, ${endOffset} FROM ${windows}`,
    )
  }

  async settle(plan: MetricPlan, beforeMs: number): Promise<void> {
    const isFinal = `window_start < ${timestampOf(beforeMs)}`
    const base = plan.tallies.find((tally) => !tally.key)!
    const sql = `SELECT 1 FROM ${tallyTables(plan, base).live} WHERE ${isFinal} LIMIT 1`
    if ((await readRows(this.#connection, sql)).length === 0) return
    for (const tally of plan.tallies) await this.#settleTally(plan, tally, isFinal)
  }

  async #settleTally(plan: MetricPlan, tally: Tally, isFinal: string): Promise<void> {
    const { ordinary, live } = tallyTables(plan, tally)
    const windows = `window_start IN (SELECT DISTINCT window_start FROM ${live} WHERE ${isFinal})`
    const merged = mergeRows(tally, [
      `(SELECT * FROM ${ordinary} WHERE ${windows})`,
      `(SELECT * FROM ${live} WHERE ${isFinal})`,
    ])
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
      const { live } = tallyTables(plan, tally)
      const merged = this.#merged.get(live) ?? 0
      if ((await this.#count(live)) > merged + Math.max(MERGE_ROWS, merged))
        await this.#mergeLive(tally, live, 'TRUE')
    }
  }

  async #mergeLive(tally: Tally, live: string, where: string): Promise<void> {
    const rows = mergeRows(tally, [`(SELECT * FROM ${live} WHERE ${where})`])
    await this.#connection.run(`CREATE OR REPLACE TABLE ${live} AS ${rows}`)
    this.#merged.set(live, await this.#count(live))
  }

  async #count(table: string): Promise<number> {
    return Number((await readRows(this.#connection, `SELECT count(*) FROM ${table}`))[0]![0])
  }

  async widenBounds({ metric, version }: MetricPlan, firstMs: number, lastMs: number): Promise<void> {
    const [first, last] = [timestampOf(firstMs), timestampOf(lastMs)]
    await runBound(
      this.#connection,
      `UPDATE ${SCHEMA}.metrics SET first_window = least(first_window, ${first}),
          last_window = greatest(last_window, ${last})
        WHERE tenant = '' AND metric = $1 AND version = $2
          AND (first_window IS NULL OR first_window > ${first} OR last_window < ${last})`,
      [metric, version],
    )
  }

  async addRejects({ source, rejectsPath }: StagedSource): Promise<void> {
    const name = quoteText(source)
    const known = `SELECT 1 FROM ${SCHEMA}.rejects k WHERE k.tenant = '' AND k.source = ${name}
      AND k."offset" = r."offset" AND k.metric IS NOT DISTINCT FROM r.metric`
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
