/** Millrace's own rows about streams, changed by SQL that the databases of reports share. */
import {
  limitRanges,
  MOST_RANGES,
  type NotedRange,
  rangesOfWindows,
  withoutCounted,
} from '../core/late-ranges.ts'
import type { LatenessStep } from '../core/lateness.ts'
import type { PublishedRange } from '../core/metric-ranges.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import { readPublished, readPublishedOf } from './report-state.ts'
import type { StateTarget } from './state-source.ts'
import { versionKey } from './version-key.ts'

export interface StoredStream {
  readonly incarnation: string
  /** Null while the source had no archive. */
  readonly archive: string | null
  readonly endOffset: number
  readonly clockMs: number
}

/** How far one version of a metric has come; it is left behind while the definition does not hold it. */
export interface StoredMetric {
  readonly startClockMs: number
  readonly endOffset: number
  readonly clockMs: number
  /** Of the last advance. */
  readonly latenessMs: number
  /** Windows that start before this are final, and stay so. */
  readonly finalBeforeMs: number
  /** Of its first and last windows; null while it has none. */
  readonly bounds: { readonly firstMs: number; readonly lastMs: number } | null
}

export interface WindowLines {
  readonly windowMs: number
  readonly lines: number
}

export interface MetricProgress extends Omit<StoredMetric, 'startClockMs' | 'bounds'> {
  readonly appended: number
  readonly counted: number
  readonly filtered: number
  readonly late: number
  readonly rejected: number
  readonly lost: number
}

export interface MetricStart {
  readonly startOffset: number
  readonly startClockMs: number
}

const PLACE_COLUMNS = ['end_offset', 'clock_ms', 'lateness_ms', 'final_before_ms'] as const
const LEDGER_COLUMNS = ['appended', 'counted', 'filtered', 'late', 'rejected', 'lost'] as const
const MINE = `tenant = '' AND metric = $1 AND version = $2`

export class StreamTables {
  readonly #target: StateTarget

  constructor(target: StateTarget) {
    this.#target = target
  }

  async readStream(source: string): Promise<StoredStream | undefined> {
    const columns = 'incarnation, archive, end_offset, clock_ms'
    const sql = `SELECT ${columns} FROM ${this.#table('streams')} WHERE tenant = '' AND source = $1`
    const [row] = await this.#target.read(sql, [source])
    if (!row) return undefined
    const [incarnation, archive, endOffset, clockMs] = row
    return {
      ...{ incarnation: String(incarnation), archive: archive === null ? null : String(archive) },
      ...{ endOffset: Number(endOffset), clockMs: Number(clockMs) },
    }
  }

  async writeStream(source: string, stream: StoredStream, isNew: boolean) {
    const { incarnation, archive, endOffset, clockMs } = stream
    const table = this.#table('streams')
    const columns = 'tenant, source, incarnation, archive, end_offset, clock_ms'
    const sql = isNew
      ? `INSERT INTO ${table} (${columns}) VALUES ('', $1, $2, $3, $4, $5)`
      : `UPDATE ${table} SET incarnation = $2, archive = $3, end_offset = $4, clock_ms = $5
          WHERE tenant = '' AND source = $1`
    await this.#target.run(sql, [source, incarnation, archive, endOffset, clockMs])
  }

  async readMetric(plan: MetricPlan): Promise<StoredMetric | undefined> {
    return (await this.readMetrics([plan])).get(versionKey(plan.metric, plan.version))
  }

  /** Those that the report holds, by `versionKey`, and all in one statement, as a micro-batch is small. */
  async readMetrics(plans: readonly MetricPlan[]): Promise<Map<string, StoredMetric>> {
    const ends = ['m.first_window', 'm.last_window'].map((column) => this.#target.epochMs(column))
    const columns = 's.start_clock_ms, s.end_offset, s.clock_ms, s.lateness_ms, s.final_before_ms'
    const names = plans.map(({ metric }) => metric)
    const sql = `SELECT s.metric, s.version, ${columns}, ${ends.join(', ')} FROM ${this.#table('stream_metrics')} s
      LEFT JOIN ${this.#table('metrics')} m ON m.tenant = '' AND m.metric = s.metric AND m.version = s.version
      WHERE s.tenant = '' AND s.metric IN (${names.map((_, place) => `$${place + 1}`).join(', ')})`
    const rows = names.length > 0 ? await this.#target.read(sql, names) : []
    return new Map(
      rows.map(([metric, version, ...rest]) => [versionKey(String(metric), String(version)), toStored(rest)]),
    )
  }

  /** A metric joins: its ledger begins anew, with what `addProgress` then adds. */
  async beginMetric({ metric, version, source }: MetricPlan, start: MetricStart): Promise<void> {
    const table = this.#table('stream_metrics')
    await this.#target.run(`DELETE FROM ${table} WHERE ${MINE}`, [metric, version])
    const begin = { start_offset: start.startOffset, start_clock_ms: start.startClockMs }
    const zeros = Object.fromEntries([...PLACE_COLUMNS, ...LEDGER_COLUMNS].map((column) => [column, 0]))
    const numbers = { ...begin, ...zeros }
    const columns = ['tenant', 'metric', 'version', 'source', ...Object.keys(numbers)].join(', ')
    const values = [`''`, '$1', '$2', '$3', ...Object.values(numbers)].join(', ')
    await this.#target.run(`INSERT INTO ${table} (${columns}) VALUES (${values})`, [metric, version, source])
  }

  /** Of metrics that have joined, in one statement. */
  async addProgress(steps: readonly { readonly plan: MetricPlan; readonly progress: MetricProgress }[]) {
    if (steps.length === 0) return
    const names: string[] = []
    const rows = steps.map(({ plan, progress }) => {
      const { endOffset, clockMs, latenessMs, finalBeforeMs, ...ledger } = progress
      const counts = LEDGER_COLUMNS.map((column) => ledger[column])
      const keys = [names.push(plan.metric), names.push(plan.version)].map((place) => `$${place}`)
      return `(${[...keys, endOffset, clockMs, latenessMs, finalBeforeMs, ...counts].join(', ')})`
    })
    const sets = PLACE_COLUMNS.map((column) => `${column} = step.${column}`)
    const sums = LEDGER_COLUMNS.map((column) => `${column} = held.${column} + step.${column}`)
    const columns = ['metric', 'version', ...PLACE_COLUMNS, ...LEDGER_COLUMNS].join(', ')
    await this.#target.run(
      `UPDATE ${this.#table('stream_metrics')} AS held SET ${[...sets, ...sums].join(', ')}
        FROM (VALUES ${rows.join(', ')}) AS step(${columns})
        WHERE held.tenant = '' AND held.metric = step.metric AND held.version = step.version`,
      names,
    )
  }

  /** Takes the place of a step that no line was judged by. */
  async addLateness({ source, metric, version }: MetricPlan, step: LatenessStep): Promise<void> {
    const { fromOffset, latenessMs, finalBeforeMs } = step
    const table = this.#table('lateness')
    await this.#target.run(`DELETE FROM ${table} WHERE ${MINE} AND from_offset >= ${fromOffset}`, [
      metric,
      version,
    ])
    const columns = 'tenant, metric, version, source, from_offset, lateness_ms, final_before_ms'
    const values = [fromOffset, latenessMs, finalBeforeMs ?? 'NULL'].join(', ')
    await this.#target.run(`INSERT INTO ${table} (${columns}) VALUES ('', $1, $2, $3, ${values})`, [
      metric,
      version,
      source,
    ])
  }

  /** Newest first. */
  published({ metric, version }: MetricPlan): Promise<PublishedRange[]> {
    return readPublished(this.#target, metric, version)
  }

  /** The same of several metrics, by `versionKey`. */
  publishedOf(plans: readonly MetricPlan[]): Promise<Map<string, PublishedRange[]>> {
    return readPublishedOf(this.#target, plans)
  }

  /** Leaves no published range beyond the instant. */
  async endCoverage({ metric, version }: MetricPlan, toMs: number): Promise<void> {
    const end = this.#target.instant(toMs)
    for (const name of ['coverage', 'cuts']) {
      const table = this.#table(name)
      const of = [metric, version]
      await this.#target.run(`DELETE FROM ${table} WHERE ${MINE} AND from_time >= ${end}`, of)
      const beyond = `(to_time IS NULL OR to_time > ${end})`
      await this.#target.run(`UPDATE ${table} SET to_time = ${end} WHERE ${MINE} AND ${beyond}`, of)
    }
  }

  /** The rows stay, but nothing calls them whole. */
  async forgetPublished({ metric, version }: MetricPlan): Promise<void> {
    for (const name of ['coverage', 'cuts'])
      await this.#target.run(`DELETE FROM ${this.#table(name)} WHERE ${MINE}`, [metric, version])
  }

  async noteLate(plan: MetricPlan, windows: readonly WindowLines[], endOffset: number): Promise<void> {
    await this.#note(plan, rangesOfWindows(windows, plan.windowMs, endOffset))
  }

  /** Of no lines: all windows from one start to the other, both included. */
  async noteWindows(plan: MetricPlan, { fromMs, toMs }: Required<TimeRange>, endOffset: number) {
    if (fromMs <= toMs) await this.#note(plan, [{ fromMs, toMs: toMs + plan.windowMs, lines: 0, endOffset }])
  }

  async #note(plan: MetricPlan, added: readonly NotedRange[]): Promise<void> {
    const held = await this.#noted(plan)
    if (held.length + added.length <= MOST_RANGES) return this.#addNotes(plan, added)
    await this.#replaceNotes(plan, limitRanges([...held, ...added]))
  }

  async #noted({ metric, version }: MetricPlan): Promise<NotedRange[]> {
    const ends = ['from_time', 'to_time'].map((column) => this.#target.epochMs(column)).join(', ')
    const sql = `SELECT ${ends}, lines, end_offset FROM ${this.#table('late_ranges')} WHERE ${MINE}`
    const rows = await this.#target.read(sql, [metric, version])
    return rows.map((row) => {
      const [fromMs, toMs, lines, endOffset] = row.map(Number)
      return { fromMs: fromMs!, toMs: toMs!, lines: lines!, endOffset: endOffset! }
    })
  }

  async #replaceNotes(plan: MetricPlan, notes: readonly NotedRange[]): Promise<void> {
    const sql = `DELETE FROM ${this.#table('late_ranges')} WHERE ${MINE}`
    await this.#target.run(sql, [plan.metric, plan.version])
    await this.#addNotes(plan, notes)
  }

  /** At most MOST_RANGES, so that the statement is short. */
  async #addNotes({ source, metric, version }: MetricPlan, notes: readonly NotedRange[]): Promise<void> {
    if (notes.length === 0) return
    const rows = notes.map(({ fromMs, toMs, lines, endOffset }) => {
      const ends = [fromMs, toMs].map((ms) => this.#target.instant(ms))
      return `('', $1, $2, $3, ${[...ends, lines, endOffset].join(', ')})`
    })
    const columns = 'tenant, source, metric, version, from_time, to_time, lines, end_offset'
    const sql = `INSERT INTO ${this.#table('late_ranges')} (${columns}) VALUES ${rows.join(', ')}`
    await this.#target.run(sql, [source, metric, version])
  }

  async widenBounds({ metric, version }: MetricPlan, firstMs: number, lastMs: number): Promise<void> {
    const [first, last] = [firstMs, lastMs].map((ms) => this.#target.instant(ms))
    await this.#target.run(
      `UPDATE ${this.#table('metrics')} SET first_window = least(first_window, ${first}),
          last_window = greatest(last_window, ${last})
        WHERE ${MINE} AND (first_window IS NULL OR first_window > ${first} OR last_window < ${last})`,
      [metric, version],
    )
  }

  /** Records that the range was counted up to the cut, and takes away notes of late lines below the cut. */
  async takeOver(
    plan: MetricPlan,
    range: TimeRange,
    { revision, cut }: { readonly revision: number; readonly cut: number },
  ): Promise<void> {
    const { metric, version } = plan
    const { fromMs, toMs } = range
    const cuts = this.#table('cuts')
    const of = [metric, version]
    const between = (from: string, before: string) => [
      ...(fromMs === undefined ? [] : [`${from} >= ${this.#target.instant(fromMs)}`]),
      ...(toMs === undefined ? [] : [`${before} ${this.#target.instant(toMs)}`]),
    ]
    const inside = [MINE, ...between('from_time', 'to_time <=')].join(' AND ')
    await this.#target.run(`DELETE FROM ${cuts} WHERE ${inside}`, of)
    const [from, to] = [fromMs, toMs].map((ms) => (ms === undefined ? 'NULL' : this.#target.instant(ms)))
    await this.#target.run(
      `INSERT INTO ${cuts} (tenant, metric, version, from_time, to_time, cut, revision)
        VALUES ('', $1, $2, ${from}, ${to}, ${cut}, ${revision})`,
      of,
    )
    const noted = await this.#noted(plan)
    const left = noted.flatMap((one) => withoutCounted(one, range, cut))
    const isSame = left.length === noted.length && left.every((one, place) => isEqual(one, noted[place]!))
    if (!isSame) await this.#replaceNotes(plan, limitRanges(left))
  }

  /** Of all versions of all metrics that stream from the source. */
  async plansOf(source: string): Promise<MetricPlan[]> {
    const rows = await this.#target.read(
      `SELECT m.plan FROM ${this.#table('stream_metrics')} s JOIN ${this.#table('metrics')} m
        ON m.tenant = '' AND m.metric = s.metric AND m.version = s.version
        WHERE s.tenant = '' AND s.source = $1`,
      [source],
    )
    return rows.map(([plan]) => JSON.parse(String(plan)) as MetricPlan)
  }

  /** The next advance begins a stream of it. */
  async forgetSource(source: string): Promise<void> {
    await this.#target.run(`DELETE FROM ${this.#table('streams')} WHERE tenant = '' AND source = $1`, [
      source,
    ])
  }

  /** Of versions of a source whose lines beyond the offset are there no longer. */
  async forgetBeyond(source: string, offset: number): Promise<void> {
    const table = this.#table('stream_metrics')
    const sql = `DELETE FROM ${table} WHERE tenant = '' AND source = $1 AND end_offset > ${offset}`
    await this.#target.run(sql, [source])
  }

  /** Of a version that is given up, or counted from its first line again. */
  async forgetStream({ metric, version }: MetricPlan): Promise<void> {
    for (const table of ['stream_metrics', 'lateness', 'late_ranges', 'cuts'])
      await this.#target.run(`DELETE FROM ${this.#table(table)} WHERE ${MINE}`, [metric, version])
  }

  #table(name: string): string {
    return `${this.#target.schema}.${name}`
  }
}

function toStored(row: readonly unknown[]): StoredMetric {
  const [startClockMs, endOffset, clockMs, latenessMs, finalBeforeMs] = row.map(Number)
  const [first, last] = row.slice(5)
  return {
    ...{ startClockMs: startClockMs!, endOffset: endOffset! },
    ...{ clockMs: clockMs!, latenessMs: latenessMs!, finalBeforeMs: finalBeforeMs! },
    bounds: first === null || last === null ? null : { firstMs: Number(first), lastMs: Number(last) },
  }
}

function isEqual(a: NotedRange, b: NotedRange): boolean {
  return a.fromMs === b.fromMs && a.toMs === b.toMs
}
