/** PostgreSQL's side of a stream's advance: live partials by COPY, merged by the server when they are many or final. */

import type { AdvanceStore } from '../../compile/advance-stream.ts'
import { mergeRows, rowKeys, tallyTables } from '../../compile/live-tables.ts'
import type { WindowLines } from '../../compile/stream-tables.ts'
import { versionKey } from '../../compile/version-key.ts'
import type { OffsetRange } from '../../core/lost-lines.ts'
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { TimeRange } from '../../core/run-record.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { Lines, SeriesNumber, StagedFiles, StagedPartials } from '../../ports/staged-text.ts'
import { copyLines } from './copy-lines.ts'
import { TALLY_TYPES, tallyColumns } from './metric-tables.ts'
import { replaceView, showsFinalOnly } from './metric-view.ts'
import { instantOf } from './postgres-names.ts'
import { PostgresPublishStore, type PublishPlace } from './publish-store.ts'
import { hasLiveTables, stateOf, tablesIn } from './report-sql.ts'
import { tryBriefly } from './take-briefly.ts'

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
  /** Versions whose view could not be replaced, and when that was tried last. */
  readonly olderViews: Map<string, number>
  /** Of the advance; the caller closes them. */
  readonly files: StagedFiles
}

/** A live table is merged once so many rows came in since it was merged last, or as many as that left. */
const MERGE_ROWS = 20_000

/** Each attempt makes readers of the view wait for a moment. */
const VIEW_PAUSE_MS = 30_000

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

  createTables(plan: MetricPlan): Promise<void> {
    return this.book.makeTables(plan, true)
  }

  /** Where somebody reads it just now it shows what is final, and the stream goes on; a later advance replaces it. */
  override async replaceView(plan: MetricPlan): Promise<void> {
    const key = versionKey(plan.metric, plan.version)
    const { names, olderViews } = this.#place
    const isReplaced = await tryBriefly(this.transaction, () => replaceView(this.transaction, names, plan))
    if (isReplaced) olderViews.delete(key)
    else olderViews.set(key, performance.now())
  }

  async withoutLive(plans: readonly MetricPlan[]): Promise<MetricPlan[]> {
    const { names, withLive, olderViews } = this.#place
    const missing: MetricPlan[] = []
    for (const plan of plans) {
      const key = versionKey(plan.metric, plan.version)
      const triedMs = olderViews.get(key)
      if (triedMs !== undefined) {
        if (performance.now() - triedMs > VIEW_PAUSE_MS) missing.push(plan)
        continue
      }
      if (withLive.has(key)) continue
      const isLive = await hasLiveTables(this.transaction, names, plan)
      if (isLive && !(await showsFinalOnly(this.transaction, names, plan))) withLive.add(key)
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
    this.book.note(tallyTables(this.tables(plan), tally).live, added)
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
    const [[settled, standing, stored] = []] = await this.transaction.rows(
      `WITH windows AS (SELECT DISTINCT window_start FROM ${live} WHERE ${bounds}),
        settled AS (DELETE FROM ${live} WHERE ${bounds} RETURNING *),
        standing AS (DELETE FROM ${ordinary} WHERE ${bounds}
          AND window_start IN (SELECT window_start FROM windows) RETURNING *),
        merged AS (${mergeRows(tally, ['settled', 'standing'], TALLY_TYPES)}),
        stored AS (INSERT INTO ${ordinary} (revision, ${columns})
          SELECT 0, ${columns} FROM merged ORDER BY ${rowKeys(tally).join(', ')} RETURNING 1)
        SELECT (SELECT count(*) FROM settled), (SELECT count(*) FROM standing), (SELECT count(*) FROM stored)`,
    )
    const names = tallyTables(this.tables(plan), tally)
    this.book.note(names.live, -Number(settled))
    this.book.note(names.ordinary, Number(stored) - Number(standing))
    this.#forgetRows(live, Number(settled))
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
      if (rows > merged + Math.max(MERGE_ROWS, merged)) await this.#mergeLive(plan, tally)
    }
  }

  async #mergeLive(plan: MetricPlan, tally: Tally): Promise<void> {
    const { live } = tablesIn(this.#place.names, plan, tally)
    const columns = tallyRow(tally)
    const [[parts, stored] = []] = await this.transaction.rows(
      `WITH parts AS (DELETE FROM ${live} RETURNING *),
        merged AS (${mergeRows(tally, ['parts'], TALLY_TYPES)}),
        stored AS (INSERT INTO ${live} (revision, ${columns}) SELECT 0, ${columns} FROM merged RETURNING 1)
        SELECT (SELECT count(*) FROM parts), (SELECT count(*) FROM stored)`,
    )
    const rows = Number(stored)
    this.book.note(tallyTables(this.tables(plan), tally).live, rows - Number(parts))
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
