/** Answers a totals query: merges base windows and series to steps and the dimensions kept, in SQL. */
import { type DuckDBConnection, DuckDBDecimalValue, type DuckDBValue } from '@duckdb/node-api'
import {
  alignColumns,
  estimate,
  findMeasure,
  type TallyResult as MergedTally,
} from '../../compile/align-tallies.ts'
import { printEstimateParts, printRanks } from '../../compile/print-sketch.ts'
import { isExact } from '../../compile/report-tables.ts'
import type { MeasureSource, Tally, TallyColumn } from '../../core/plan.ts'
import { windowStart } from '../../core/window.ts'
import type { DimensionValue, MergedColumn, MergedTotals, TotalsQuery } from '../../ports/report.ts'
import { tablesOf } from '../table-key.ts'
import { duckdbDialect } from './dialect.ts'
import { readColumns } from './read-rows.ts'
import { HUGE, qualify, WIDE } from './report-tables.ts'
import { withinRange } from './window-range.ts'

/** Series that the query keeps, with the number of the output group they fall in, in output order. */
const SELECTED = 'selected_series'
/** Base window → number of its step, when steps are not even. */
const STEPS = 'step_of_window'
/** Start of a step → its number. */
const STARTS = 'step_starts'
/** Both are small numbers, so that the keys of groups stay narrow. */
const GROUPS = ['step', 'grp']

/** Starts of windows, and whether a stream has tables of its own beside the ordinary ones. */
export interface WindowsHeld {
  readonly firstMs: number
  readonly lastMs: number
  readonly isLive: boolean
}

/** A merged column: over the rows of a table, over the merges of several, and the type that these share. */
interface MergeSql {
  readonly name: string
  readonly merge: string
  readonly again: string
  readonly type?: string
}

type TallyResult = MergedTally<DuckDBValue>

export class TotalsReader {
  readonly #connection: DuckDBConnection
  readonly #query: TotalsQuery
  readonly #held: WindowsHeld
  readonly #tables: ReturnType<typeof tablesOf>

  /**
   * The connection is the reader's own, inside a transaction: temporary tables are left in it. `held` are the
   * first and the last window that the tables hold.
   */
  constructor(connection: DuckDBConnection, query: TotalsQuery, held: WindowsHeld) {
    this.#connection = connection
    this.#query = query
    this.#held = held
    this.#tables = tablesOf(query.plan.metric, query.plan.version)
  }

  async read(): Promise<MergedTotals> {
    const groups = await this.#selectSeries()
    if (this.#query.step.kind === 'boundaries') await this.#mapSteps(this.#query.step.boundaries)
    const sources = this.#query.measures.map((name) => findMeasure(this.#query, name))
    const base = this.#query.plan.tallies.find((tally) => !tally.key)!
    const columns = base.columns.filter(({ column }) =>
      sources.some((source) => source.tally === base.id && source.columns.includes(column)),
    )
    const totals = await this.#readTally(this.#printBase(columns))
    const measures: MergedColumn[] = []
    for (const source of sources) {
      const isBase = source.tally === base.id
      measures.push(isBase ? baseColumn(source, columns, totals) : await this.#readSketch(source, totals))
    }
    const dimensions = totals.groups.map((group) => groups[(group as number) - 1]!)
    return { windowMs: totals.steps.map((step) => this.#startOf(Number(step))), dimensions, measures }
  }

  /** Numbers the groups in the order of their dimensions, and returns their values in that order. */
  async #selectSeries(): Promise<DimensionValue[][]> {
    const { plan, by, where } = this.#query
    const place = new Map(plan.dimensions.map(({ name }, index) => [name, `d${index}`]))
    const columns = by.map((name) => place.get(name)!)
    const order = columns.map((column) => `${column} NULLS LAST`).join(', ')
    const group = columns.length > 0 ? `dense_rank() OVER (ORDER BY ${order})` : '1'
    const condition = where
      ? duckdbDialect.printExpr(where, { field: (name) => place.get(name)!, eventMs: 'NULL' })
      : 'TRUE'
    const list = ['series_id', `CAST(${group} AS INTEGER) AS grp`, ...columns].join(', ')
    const from = `${qualify(this.#tables.series)} WHERE tenant = '' AND (${condition})`
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${SELECTED} AS SELECT ${list} FROM ${from}`)
    if (columns.length === 0) return [[]]
    const values = await readColumns(
      this.#connection,
      `SELECT DISTINCT grp, ${columns.join(', ')} FROM ${SELECTED} ORDER BY grp`,
    )
    return (values[0] ?? []).map((_, row) => values.slice(1).map((column) => column[row] as DimensionValue))
  }

  /** Windows are few beside rows, so each is placed once and rows find their step by a hash join. */
  async #mapSteps(boundaries: readonly number[]): Promise<void> {
    const rows = this.#tablesOf(this.#tables.totals).map(
      (table) => `SELECT DISTINCT window_start FROM ${qualify(table)} WHERE ${this.#rowFilter()}`,
    )
    const windows = rows.join(' UNION ')
    // Appended, since a list of a million numbers takes the parser of SQL half a minute.
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${STARTS} (start_ms BIGINT, step INTEGER)`)
    const appender = await this.#connection.createAppender(STARTS, 'main', 'temp')
    for (const [step, startMs] of boundaries.entries()) {
      appender.appendBigInt(BigInt(startMs))
      appender.appendInteger(step)
      appender.endRow()
    }
    appender.closeSync()
    const joined = `(${windows}) w ASOF JOIN ${STARTS} b ON epoch_ms(w.window_start) >= b.start_ms`
    await this.#connection.run(
      `CREATE OR REPLACE TEMP TABLE ${STEPS} AS SELECT w.window_start, b.step FROM ${joined}`,
    )
  }

  /** The step of the first window held is number 0 when steps are even. */
  #originMs(stepMs: number): number {
    return windowStart(this.#held.firstMs, stepMs)
  }

  #startOf(step: number): number {
    const rule = this.#query.step
    return rule.kind === 'fixed' ? this.#originMs(rule.stepMs) + step * rule.stepMs : rule.boundaries[step]!
  }

  /** No window comes before the origin, so division that cuts toward zero is rounding toward the past. */
  #evenStep(stepMs: number): string {
    const originMs = this.#originMs(stepMs)
    const isNarrow = (this.#held.lastMs - originMs) / stepMs < 2 ** 31
    const number = `(epoch_us(window_start) - ${originMs * 1000}) // ${stepMs * 1000}`
    return isNarrow ? `CAST(${number} AS INTEGER)` : number
  }

  #rowFilter(): string {
    return `tenant = '' AND ${withinRange(this.#query.range)}`
  }

  /** Each group is one series, so series can be told apart by their own numbers until the rows are merged. */
  #keepsSeries(): boolean {
    return this.#query.by.length === this.#query.plan.dimensions.length && !this.#query.where
  }

  /** `FROM` and `WHERE` of a tally's rows, and the columns that group them. */
  #source(table: string): { groups: string; from: string } {
    const { step } = this.#query
    const isEven = step.kind === 'fixed'
    const keepsSeries = this.#keepsSeries()
    const series = keepsSeries ? '' : ` JOIN ${SELECTED} USING (series_id)`
    const steps = isEven ? '' : ` JOIN ${STEPS} USING (window_start)`
    const stepColumn = isEven ? this.#evenStep(step.stepMs) : 'step'
    return {
      groups: `${stepColumn} AS step, ${keepsSeries ? 'series_id AS grp' : 'grp'}`,
      from: `${qualify(table)}${series}${steps} WHERE ${this.#rowFilter()}`,
    }
  }

  #printBase(columns: readonly TallyColumn[]): string {
    const merged = columns.map((column) => ({
      name: column.column,
      merge: printMerge(column),
      again: printMerge(column),
      ...(isExact(column) && { type: WIDE }),
    }))
    return this.#printMerged(this.#tables.totals, merged)
  }

  /** Each table is merged by itself, since a narrow column is far faster to sum than a wide one, then both. */
  #printMerged(table: string, columns: readonly MergeSql[], key: readonly string[] = []): string {
    const { isLive } = this.#held
    const merges = this.#tablesOf(table).map((name) => {
      const { groups, from } = this.#source(name)
      const list = columns.map(({ name, merge, type }) =>
        isLive && type ? `CAST(${merge} AS ${type}) AS ${name}` : `${merge} AS ${name}`,
      )
      return `SELECT ${[groups, ...key, ...list].join(', ')} FROM ${from} GROUP BY ALL`
    })
    if (!isLive) return merges.join()
    const list = [...GROUPS, ...key, ...columns.map(({ name, again }) => `${again} AS ${name}`)]
    return `SELECT ${list.join(', ')} FROM (${merges.join(' UNION ALL ')}) GROUP BY ALL`
  }

  #tablesOf(table: string): string[] {
    return this.#held.isLive ? [table, this.#tables.live(table)] : [table]
  }

  async #readTally(sql: string): Promise<TallyResult> {
    // Joining merged rows instead of all rows saves a third of the time.
    const numbered = this.#keepsSeries()
      ? `SELECT r.* REPLACE (s.grp AS grp) FROM (${sql}) r JOIN ${SELECTED} s ON s.series_id = r.grp`
      : sql
    const ordered = `SELECT * FROM (${numbered}) ORDER BY ${GROUPS.join(', ')}`
    const [steps = [], groups = [], ...rest] = await readColumns(this.#connection, ordered)
    return { steps, groups, columns: rest }
  }

  async #readSketch(source: MeasureSource, totals: TallyResult): Promise<MergedColumn> {
    const tally = this.#query.plan.tallies.find(({ id }) => id === source.tally)!
    const isDistinct = source.measure.call.aggregate === 'distinct'
    const rows = this.#printSketch(tally, source, isDistinct)
    const ranks = this.#query.quantiles
    const sql = isDistinct ? printEstimateParts(rows, GROUPS) : printRanks(rows, GROUPS, ranks, HUGE)
    const columns = alignColumns(totals, await this.#readTally(sql))
    if (!isDistinct) return { kind: 'quantiles', buckets: columns as (number | null)[][] }
    return { kind: 'distinct', estimates: estimate(source, columns) }
  }

  #printSketch(tally: Tally, source: MeasureSource, isDistinct: boolean): string {
    const merge = (column: string) => (isDistinct ? `max(${column})` : `CAST(sum(${column}) AS BIGINT)`)
    const column = { name: 'n', merge: merge(source.columns[0]!), again: merge('n') }
    return this.#printMerged(this.#tables.sketch(tally.id), [column], ['"key"'])
  }
}

/** Counts stay far below 64 bits, which are faster to read than the 128 that a sum has. */
function printMerge({ column, fn }: TallyColumn): string {
  return fn === 'count' ? `CAST(sum(${column}) AS BIGINT)` : `${fn}(${column})`
}

function baseColumn(
  source: MeasureSource,
  columns: readonly TallyColumn[],
  totals: TallyResult,
): MergedColumn {
  const kind = source.float ? 'float' : 'exact'
  const read = source.columns.map((name) => {
    const values = totals.columns[columns.findIndex(({ column }) => column === name)]!
    return values.some((value) => value instanceof DuckDBDecimalValue) ? values.map(unwrapDecimal) : values
  })
  return { kind, columns: read } as MergedColumn
}

function unwrapDecimal(value: DuckDBValue): DuckDBValue {
  return value instanceof DuckDBDecimalValue ? value.value : value
}
