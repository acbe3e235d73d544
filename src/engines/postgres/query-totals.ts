/** Answers a totals query in one snapshot: windows are placed in steps here, rows are merged by the server. */
import {
  alignColumns,
  estimate,
  findMeasure,
  type TallyResult as MergedTally,
} from '../../compile/align-tallies.ts'
import { printEstimateParts, printRanks } from '../../compile/print-sketch.ts'
import { isExact } from '../../compile/report-tables.ts'
import { MillraceError } from '../../core/error.ts'
import { MAX_EXACT_MAGNITUDE } from '../../core/expr.ts'
import type { MeasureSource, MetricPlan, PlanDimension, Tally, TallyColumn } from '../../core/plan.ts'
import { windowStart } from '../../core/window.ts'
import type { DimensionValue, MergedColumn, MergedTotals, TotalsQuery } from '../../ports/report.ts'
import type { StagedTextReader } from '../../ports/staged-text.ts'
import { tablesOf } from '../table-key.ts'
import { mergeColumn } from './metric-tables.ts'
import { NUMERIC } from './numeric-math.ts'
import { type PostgresNames, quoteName } from './postgres-names.ts'
import { stateOf, tablesIn, withinRange } from './report-sql.ts'
import type { Transaction } from './session.ts'

type TallyResult = MergedTally<unknown>

const GROUPS = ['step', 'grp']

/** Starts of windows as the server's text, the number of the step of each, and the starts of steps. */
interface Steps {
  readonly windows: readonly string[]
  readonly numbers: readonly number[]
  readonly starts: readonly number[]
}

interface Groups {
  /** Series kept and the group of each, from 0, in output order. */
  readonly series: readonly number[]
  readonly numbers: readonly number[]
  readonly values: readonly (readonly DimensionValue[])[]
}

export interface QueryPlace {
  readonly transaction: Transaction
  readonly names: PostgresNames
  readonly text: StagedTextReader
  /** A stream has tables of its own beside the ordinary ones. */
  readonly isLive: boolean
}

export class TotalsReader {
  readonly #place: QueryPlace
  readonly #query: TotalsQuery
  readonly #tables: ReturnType<typeof tablesOf>

  constructor(place: QueryPlace, query: TotalsQuery) {
    this.#place = place
    this.#query = query
    this.#tables = tablesOf(query.plan.metric, query.plan.version)
  }

  /** Errors: REPORT_SUM_OVERFLOW. */
  async read(): Promise<MergedTotals> {
    const groups = await this.#selectSeries()
    const steps = await this.#placeWindows()
    const sources = this.#query.measures.map((name) => findMeasure(this.#query, name))
    const base = this.#query.plan.tallies.find((tally) => !tally.key)!
    const columns = base.columns.filter(({ column }) =>
      sources.some((source) => source.tally === base.id && source.columns.includes(column)),
    )
    const merged = columns.map((column) => `${printMerge(column)} AS ${column.column}`)
    const rows = this.#printMerged(base, merged)
    const totals = await this.#readTally(rows, steps, groups)
    const measures: MergedColumn[] = []
    for (const source of sources)
      measures.push(
        source.tally === base.id
          ? baseColumn(this.#query.plan, source, columns, totals)
          : await this.#readSketch(source, totals, steps, groups),
      )
    return {
      windowMs: totals.steps.map((step) => steps.starts[Number(step)]!),
      dimensions: totals.groups.map((group) => groups.values[Number(group)]!),
      measures,
    }
  }

  /** The server orders texts by bytes, and only it knows what is equal; conditions are decided as batches do. */
  async #selectSeries(): Promise<Groups> {
    const { plan, by, where } = this.#query
    const places = by.map((name) => plan.dimensions.findIndex((dimension) => dimension.name === name))
    const order = places.map((place) => `d${place} NULLS LAST`).join(', ')
    const group = places.length > 0 ? `dense_rank() OVER (ORDER BY ${order})` : '1'
    const all = plan.dimensions.map((_, index) => `d${index}`)
    const sql = `SELECT ${['series_id', `${group} - 1`, ...all].join(', ')} FROM ${this.#qualify(this.#tables.series)}
      WHERE tenant = ''`
    const rows = await this.#place.transaction.rows(sql)
    const values = rows.map((row) =>
      plan.dimensions.map((dimension, index) => toDimension(dimension, row[index + 2])),
    )
    const kept = where ? await this.#place.text.decide(plan, where, values) : undefined
    const groups: DimensionValue[][] = []
    const chosen = rows.flatMap((row, place) => (kept?.[place] === false ? [] : [{ row, place }]))
    for (const { row, place } of chosen)
      groups[Number(row[1])] ??= places.map((index) => values[place]![index]!)
    return {
      series: chosen.map(({ row }) => Number(row[0])),
      numbers: chosen.map(({ row }) => Number(row[1])),
      values: groups,
    }
  }

  /** Windows are few beside rows, so each is placed once, by the same arithmetic for every rule and server. */
  async #placeWindows(): Promise<Steps> {
    const { transaction, names } = this.#place
    const base = this.#query.plan.tallies.find((tally) => !tally.key)!
    const found = `SELECT DISTINCT window_start FROM ${this.#rowsOf(base, ['window_start'])}`
    const ms = stateOf(transaction, names).epochMs('window_start')
    const sql = `SELECT CAST(window_start AS text), ${ms} FROM (${found}) w ORDER BY w.window_start`
    const rows = await transaction.rows(sql)
    const starts: number[] = []
    const numbers = rows.map(([, windowMs]) => {
      const start = this.#stepStart(Number(windowMs))
      if (starts.at(-1) !== start) starts.push(start)
      return starts.length - 1
    })
    return { windows: rows.map(([text]) => String(text)), numbers, starts }
  }

  #stepStart(windowMs: number): number {
    const rule = this.#query.step
    if (rule.kind === 'fixed') return windowStart(windowMs, rule.stepMs)
    let [low, high] = [0, rule.boundaries.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (rule.boundaries[middle]! <= windowMs) low = middle
      else high = middle
    }
    return rule.boundaries[low]!
  }

  #rowFilter(): string {
    return `tenant = '' AND ${withinRange(this.#query.range)}`
  }

  #qualify(table: string): string {
    return `${this.#place.names.schema}.${quoteName(table)}`
  }

  /** Those in range, of the table of batch runs and of the stream's. */
  #rowsOf(tally: Tally, columns: readonly string[]): string {
    const { names, isLive } = this.#place
    const { ordinary, live } = tablesIn(names, this.#query.plan, tally)
    const parts = [ordinary, ...(isLive ? [live] : [])].map(
      (table) => `SELECT ${columns.join(', ')} FROM ${table} WHERE ${this.#rowFilter()}`,
    )
    return `(${parts.join(' UNION ALL ')}) AS t`
  }

  /** Parameters: windows, their steps, series, their groups. */
  #printMerged(tally: Tally, columns: readonly string[], keys: readonly string[] = []): string {
    const steps = 'unnest($1::timestamptz[], $2::integer[]) AS w(window_start, step)'
    const series = 'unnest($3::integer[], $4::integer[]) AS s(series_id, grp)'
    const read = ['window_start', 'series_id', ...keys, ...tally.columns.map(({ column }) => column)]
    return `SELECT ${[...GROUPS, ...keys, ...columns].join(', ')} FROM ${this.#rowsOf(tally, read)}
      JOIN ${steps} USING (window_start) JOIN ${series} USING (series_id) GROUP BY ${[...GROUPS, ...keys].join(', ')}`
  }

  async #readTally(sql: string, steps: Steps, groups: Groups): Promise<TallyResult> {
    const ordered = `SELECT * FROM (${sql}) merged ORDER BY ${GROUPS.join(', ')}`
    const { windows, numbers } = steps
    const values = [windows, numbers, groups.series, groups.numbers]
    const result = await this.#place.transaction.ask(ordered, values)
    const rows = result.rows as unknown[][]
    const columns = result.fields.slice(GROUPS.length).map((_, place) => rows.map((row) => row[place + 2]))
    return { steps: rows.map((row) => row[0]), groups: rows.map((row) => row[1]), columns }
  }

  async #readSketch(
    source: MeasureSource,
    totals: TallyResult,
    steps: Steps,
    groups: Groups,
  ): Promise<MergedColumn> {
    const tally = this.#query.plan.tallies.find(({ id }) => id === source.tally)!
    const isDistinct = source.measure.call.aggregate === 'distinct'
    const column = source.columns[0]!
    const merged = `${isDistinct ? `max(${column})` : `CAST(sum(${column}) AS bigint)`} AS n`
    const rows = this.#printMerged(tally, [merged], ['"key"'])
    const ranks = this.#query.quantiles
    const sql = isDistinct ? printEstimateParts(rows, GROUPS) : printRanks(rows, GROUPS, ranks, NUMERIC)
    const columns = alignColumns(totals, await this.#readTally(sql, steps, groups))
    if (isDistinct) return { kind: 'distinct', estimates: estimate(source, columns) }
    return { kind: 'quantiles', buckets: columns as (number | null)[][] }
  }
}

function toDimension({ type }: PlanDimension, value: unknown): DimensionValue {
  if (value === null || type.kind === 'string' || type.kind === 'boolean') return value as DimensionValue
  return BigInt(String(value))
}

function printMerge(column: TallyColumn): string {
  return column.fn === 'count' ? `CAST(${mergeColumn(column)} AS bigint)` : mergeColumn(column)
}

function baseColumn(
  plan: MetricPlan,
  source: MeasureSource,
  columns: readonly TallyColumn[],
  totals: TallyResult,
): MergedColumn {
  const read = source.columns.map((name) => {
    const place = columns.findIndex(({ column }) => column === name)
    const values = totals.columns[place]!
    if (columns[place]!.fn !== 'count' && !isExact(columns[place]!)) return values
    return values.map((value) => (value === null ? null : toExact(String(value), plan.metric)))
  })
  return { kind: source.float ? 'float' : 'exact', columns: read } as MergedColumn
}

/** The server's numbers have no end; a report's have 38 digits. */
function toExact(digits: string, metric: string): bigint {
  const value = BigInt(digits)
  if (value > MAX_EXACT_MAGNITUDE || value < -MAX_EXACT_MAGNITUDE)
    throw new MillraceError('REPORT_SUM_OVERFLOW', { metric })
  return value
}
