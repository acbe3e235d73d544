/** PostgreSQL's side of a stream's advance: live partials by COPY, merged by the server when they are many or final. */

import type { AdvanceStore } from '../../compile/advance-stream.ts'
import { mergeRows, rowKeys } from '../../compile/live-tables.ts'
import type { WindowLines } from '../../compile/stream-tables.ts'
import { versionKey } from '../../compile/version-key.ts'
import type { OffsetRange } from '../../core/lost-lines.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { Lines, SeriesNumber, StagedFiles, StagedPartials } from '../../ports/staged-text.ts'
import { copyLines } from './copy-lines.ts'
import { createLiveTables, createTables, TALLY_TYPES, tallyColumns } from './metric-tables.ts'
import { instantOf } from './postgres-names.ts'
import { PostgresPublishStore, type PublishPlace } from './publish-store.ts'
import { hasLiveTables, stateOf, tablesIn } from './report-sql.ts'

type StagedMetric = StagedSource['metrics'][number]

/** Rows of a live table since this process began, and those that the last merge left. */
export interface LiveRows {
  readonly rows: number
  readonly merged: number
}

export interface AdvancePlace extends Omit<PublishPlace, 'runId'> {
  /** By live table; kept from one advance to the next. Only when to merge hangs on it. */
  readonly liveRows: Map<string, LiveRows>
  /** Versions whose live tables were found; kept likewise. */
  readonly withLive: Set<string>
  /** Of the advance; the caller closes them. */
  readonly files: StagedFiles
}

/** A live table is merged once so many rows came in since it was merged last, or as many as that left. */
const MERGE_ROWS = 20_000

/** The revision of rejects that this transaction has just added, before those are left out that stood there. */
const FRESH = -1

export class PostgresAdvanceStore extends PostgresPublishStore implements AdvanceStore {
  readonly #place: AdvancePlace
  readonly #files: StagedFiles
  /** By metric. */
  readonly #partials = new Map<string, StagedPartials>()

  constructor(place: AdvancePlace) {
    super({ ...place, runId: '' })
    this.#place = place
    this.#files = place.files
  }

  async createTables(plan: MetricPlan): Promise<void> {
    const { schema } = this.#place.names
    const tables = this.tables(plan)
    const statements = [...createTables(plan, tables, schema), ...createLiveTables(plan, tables, schema)]
    for (const statement of statements) await this.transaction.run(statement)
  }

  async withoutLive(plans: readonly MetricPlan[]): Promise<MetricPlan[]> {
    const { names, withLive } = this.#place
    const missing: MetricPlan[] = []
    for (const plan of plans) {
      if (withLive.has(versionKey(plan.metric, plan.version))) continue
      if (await hasLiveTables(this.transaction, names, plan))
        withLive.add(versionKey(plan.metric, plan.version))
      else missing.push(plan)
    }
    return missing
  }

  async stagedWindows(plan: MetricPlan): Promise<WindowLines[]> {
    return (await this.#open(plan)).windows()
  }

  async #open(plan: MetricPlan): Promise<StagedPartials> {
    const opened = this.#partials.get(plan.metric) ?? (await this.#files.metric(plan))
    this.#partials.set(plan.metric, opened)
    return opened
  }

  async addPartials(
    plan: MetricPlan,
    _: StagedMetric,
    dropped: readonly Required<TimeRange>[],
  ): Promise<void> {
    const partials = await this.#open(plan)
    const text = await partials.number(await this.#standingOf(plan, await partials.seriesKeys()))
    try {
      await this.copySeries(plan, text)
      for (const tally of plan.tallies) await this.#copyTally(plan, tally, text.tally(tally, 0, dropped))
    } finally {
      await text.close()
    }
  }

  async #copyTally(plan: MetricPlan, tally: Tally, lines: Lines): Promise<void> {
    const { live } = tablesIn(this.#place.names, plan, tally)
    const added = await copyLines(this.transaction, `${live} (${tallyColumns(tally)})`, lines)
    const { rows, merged } = await this.#liveRows(live, added)
    this.#place.liveRows.set(live, { rows: rows + added, merged })
  }

  /** Of these series, and the one with the highest number, after which new ones are counted. */
  async #standingOf(plan: MetricPlan, keys: readonly string[]): Promise<SeriesNumber[]> {
    const { schema } = this.#place.names
    const series = `${schema}.${this.tables(plan).series}`
    const rows = await this.transaction.rows(
      `SELECT series_key, series_id FROM ${series} WHERE series_key = ANY($1::uuid[])
        UNION SELECT series_key, series_id FROM ${series} WHERE series_id = (SELECT max(series_id) FROM ${series})`,
      [keys],
    )
    return rows.map(([key, id]) => ({ seriesKey: String(key), seriesId: Number(id) }))
  }

  /** Counted when this process meets the table for the first time. */
  async #liveRows(live: string, added: number): Promise<LiveRows> {
    const known = this.#place.liveRows.get(live)
    return known ?? { rows: (await this.#count(live)) - added, merged: 0 }
  }

  async #count(table: string): Promise<number> {
    return Number((await this.transaction.rows(`SELECT count(*) FROM ${table}`))[0]![0])
  }

  async settle(plan: MetricPlan, beforeMs: number): Promise<void> {
    const { names } = this.#place
    const base = plan.tallies.find((tally) => !tally.key)!
    const ms = stateOf(this.transaction, names).epochMs('window_start')
    const isFinal = `window_start < ${instantOf(beforeMs)}`
    const [[first, last] = []] = await this.transaction.rows(
      `SELECT min(${ms}), max(${ms}) FROM ${tablesIn(names, plan, base).live} WHERE ${isFinal}`,
    )
    if (first === null) return
    const bounds = `window_start BETWEEN ${instantOf(Number(first))} AND ${instantOf(Number(last))}`
    for (const tally of plan.tallies) await this.#settleTally(plan, tally, bounds)
  }

  /** The bounds let the index of the ordinary table skip what is older; all parts see the rows of before. */
  async #settleTally(plan: MetricPlan, tally: Tally, bounds: string): Promise<void> {
    const { ordinary, live } = tablesIn(this.#place.names, plan, tally)
    const columns = tallyRow(tally)
    const [[gone] = []] = await this.transaction.rows(
      `WITH windows AS (SELECT DISTINCT window_start FROM ${live} WHERE ${bounds}),
        settled AS (DELETE FROM ${live} WHERE ${bounds} RETURNING *),
        standing AS (DELETE FROM ${ordinary} WHERE ${bounds}
          AND window_start IN (SELECT window_start FROM windows) RETURNING *),
        merged AS (${mergeRows(tally, ['settled', 'standing'], TALLY_TYPES)}),
        stored AS (INSERT INTO ${ordinary} (revision, ${columns})
          SELECT 0, ${columns} FROM merged ORDER BY ${rowKeys(tally).join(', ')})
        SELECT count(*) FROM settled`,
    )
    this.#forgetRows(live, Number(gone))
  }

  #forgetRows(live: string, gone: number): void {
    const known = this.#place.liveRows.get(live)
    if (!known) return
    const rows = Math.max(0, known.rows - gone)
    this.#place.liveRows.set(live, { rows, merged: Math.min(rows, known.merged) })
  }

  async mergeGrown(plan: MetricPlan): Promise<void> {
    for (const tally of plan.tallies) {
      const { live } = tablesIn(this.#place.names, plan, tally)
      const { rows, merged } = this.#place.liveRows.get(live) ?? { rows: 0, merged: 0 }
      if (rows > merged + Math.max(MERGE_ROWS, merged)) await this.#mergeLive(tally, live)
    }
  }

  async #mergeLive(tally: Tally, live: string): Promise<void> {
    const columns = tallyRow(tally)
    const { rowCount } = await this.transaction.client.query(
      `WITH parts AS (DELETE FROM ${live} RETURNING *),
        merged AS (${mergeRows(tally, ['parts'], TALLY_TYPES)})
        INSERT INTO ${live} (revision, ${columns}) SELECT 0, ${columns} FROM merged`,
    )
    const rows = rowCount ?? 0
    this.#place.liveRows.set(live, { rows, merged: rows })
  }

  async addRejects({ source }: StagedSource, { fromOffset, endOffset }: OffsetRange): Promise<void> {
    const table = `${this.#place.names.schema}.rejects`
    const columns = 'source, revision, block, "offset", metric, reason, field'
    const here = (rows: string) =>
      `${rows}.tenant = '' AND ${rows}.source = $1 AND ${rows}."offset" >= $2 AND ${rows}."offset" < $3`
    const place = [source, fromOffset, endOffset]
    const known = await this.transaction.rows(`SELECT 1 FROM ${table} k WHERE ${here('k')} LIMIT 1`, place)
    if (known.length === 0) {
      await copyLines(this.transaction, `${table} (${columns})`, this.#files.rejects(0))
      return
    }
    await copyLines(this.transaction, `${table} (${columns})`, this.#files.rejects(FRESH))
    await this.transaction.run(
      `DELETE FROM ${table} r USING ${table} k WHERE ${here('r')} AND r.revision = ${FRESH} AND ${here('k')}
        AND k.revision >= 0 AND k."offset" = r."offset" AND k.metric IS NOT DISTINCT FROM r.metric`,
      place,
    )
    const settle = `UPDATE ${table} r SET revision = 0 WHERE ${here('r')} AND r.revision = ${FRESH}`
    await this.transaction.run(settle, place)
  }
}

/** What a row says, without the run that it came from. */
function tallyRow(tally: Tally): string {
  return [...rowKeys(tally), ...tally.columns.map(({ column }) => column)].join(', ')
}
