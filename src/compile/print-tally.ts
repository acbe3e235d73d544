/** Tallies as SQL over parsed records: one GROUP BY each, and the merge of partials that it comes back to. */
import type { Expr } from '../core/expr.ts'
import type { LatenessStep, LatenessSteps } from '../core/lateness.ts'
import { type PublishedRange, rangeOf } from '../core/metric-ranges.ts'
import type { MetricPlan, Tally, TallyColumn } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { BatchRequest } from '../ports/batch-engine.ts'
import type { ExprColumns, SqlDialect } from './sql-dialect.ts'

/** Bytes of text a dimension value may have; longer ones reject the record for the metric. */
export const MAX_DIMENSION_BYTES = 1024

/** The columns of a parsed record that belong to one metric; `error(field)` is true when its value is bad. */
export interface RecordColumns extends ExprColumns {
  error(field: string): string
  readonly reason: string
  readonly eventMs: string
  /** Both are needed where records can be late. */
  readonly observedMs: string
  readonly offset: string
}

/** Which records of a metric count besides its own condition. */
export interface RecordFilter {
  readonly range: TimeRange
  /** For how long after its end a window takes records; forever when absent. */
  readonly lateness?: LatenessSteps | undefined
  /** Records from here on are late whatever their time. */
  readonly endOffset?: number | undefined
  /** Windows that take all records below an offset, late or not; the first range that holds a window decides. */
  readonly published?: readonly PublishedRange[] | undefined
}

/** What a keyed tally spreads over its keys: no field may have this name, and no column has the other. */
const VALUE = '$value'
const VALUE_COLUMN = 'key_value'

export function filterOf(
  request: Pick<BatchRequest, 'range' | 'ranges' | 'lateness' | 'published' | 'ends'>,
  metric: string,
): RecordFilter {
  return {
    endOffset: request.ends?.get(metric),
    range: rangeOf(request, metric),
    lateness: request.lateness?.get(metric),
    published: request.published?.get(metric),
  }
}

/** Whether records of a metric can be late, and are told apart. */
export function tellsLate(
  request: Pick<BatchRequest, 'lateness' | 'published' | 'ends'>,
  metric: string,
): boolean {
  const isTimed = request.lateness?.get(metric) !== undefined || request.ends?.get(metric) !== undefined
  return isTimed || Boolean(request.published?.get(metric)?.length)
}

/** Conditions that split parsed records; each is exactly true or false, never null. */
export interface RecordConditions {
  /** The record is rejected for this metric alone. */
  readonly rejected: string
  /** Its window is not asked for. */
  readonly outside: string
  /** The record counts: `where` is true, its window lies in the range, and it is not late. */
  readonly counted: string
  /** The record would count but for its lateness. */
  readonly late: string
}

/** What becomes of a parsed record for one metric, as `verdict` prints it. */
export const VERDICTS = { counted: 0, filtered: 1, late: 2, rejected: 3, outside: 4 } as const

export class TallyPrinter {
  readonly #dialect: SqlDialect
  readonly #metric: MetricPlan
  readonly #columns: RecordColumns

  constructor(dialect: SqlDialect, metric: MetricPlan, columns: RecordColumns) {
    this.#dialect = dialect
    this.#metric = metric
    this.#columns = columns
  }

  conditions(filter: RecordFilter): RecordConditions {
    const faults = [
      ...this.#metric.usedFields.map((field) => this.#columns.error(field)),
      ...this.#longDimensions(),
    ]
    const late = this.#late(filter)
    const bounds = this.#bounds(filter.range)
    const wanted = [this.#where(), ...bounds].join(' AND ')
    return {
      rejected: faults.length > 0 ? `(${faults.join(' OR ')})` : 'FALSE',
      outside: bounds.length > 0 ? `(NOT (${bounds.join(' AND ')}))` : 'FALSE',
      counted: late ? `(${wanted} AND NOT ${late})` : `(${wanted})`,
      late: late ? `(${wanted} AND ${late})` : 'FALSE',
    }
  }

  /** One of VERDICTS for each parsed record, null for lines that gave none. */
  verdict(filter: RecordFilter): string {
    const { rejected, outside, counted, late } = this.conditions(filter)
    const whens = [
      `WHEN ${this.#columns.reason} IS NOT NULL THEN NULL`,
      ...(rejected === 'FALSE' ? [] : [`WHEN ${rejected} THEN ${VERDICTS.rejected}`]),
      ...(outside === 'FALSE' ? [] : [`WHEN ${outside} THEN ${VERDICTS.outside}`]),
      `WHEN ${counted} THEN ${VERDICTS.counted}`,
      ...(late === 'FALSE' ? [] : [`WHEN ${late} THEN ${VERDICTS.late}`]),
    ]
    return `CASE ${whens.join(' ')} ELSE ${VERDICTS.filtered} END`
  }

  /** Start of the record's window, in milliseconds. */
  get windowStart(): string {
    return this.#windowStart()
  }

  /** Partials of one tally over `relation`; groups may recur in other relations and merge by `mergePartials`. */
  partials(tally: Tally, relation: string, filter: RecordFilter): string {
    const { rejected, counted } = this.conditions(filter)
    const valid = `${this.#columns.reason} IS NULL AND NOT ${rejected} AND ${counted}`
    return this.partialsWhere(tally, relation, valid)
  }

  /** The same where the records that count are known by a condition of the relation's own. */
  partialsWhere(tally: Tally, relation: string, valid: string): string {
    const [windowMs, ...dimensions] = this.groupValues()
    const groups = [`${windowMs} AS window_ms`, ...dimensions.map((value, index) => `${value} AS d${index}`)]
    if (!tally.key) {
      const columns = this.aggregates(tally)
      return select([...groups, ...columns], `${relation} WHERE ${valid}`, groups.length)
    }
    const { value, key, columns } = nameValue(tally, tally.key)
    const keyed = `(SELECT *, ${this.#print(value)} AS ${VALUE_COLUMN} FROM ${relation} WHERE ${valid}) WHERE ${VALUE_COLUMN} IS NOT NULL`
    const aggregates = this.aggregates({ ...tally, columns })
    return select([...groups, `${this.#print(key)} AS "key"`, ...aggregates], keyed, groups.length + 1)
  }

  /** What records are grouped by: the start of their window, and each dimension. */
  groupValues(): string[] {
    return [this.#windowStart(), ...this.#metric.dimensions.map(({ expr }) => this.#print(expr))]
  }

  /** The columns of a tally, each over all records of a group or over those that `only` holds for. */
  aggregates(tally: Tally, only?: string): string[] {
    const filter = only ? ` FILTER (WHERE ${only})` : ''
    return tally.columns.map((column) => `${this.#aggregate(column, filter)} AS ${column.column}`)
  }

  /** Partials of any number of relations, merged to one row per group; same columns in and out. */
  mergePartials(tally: Tally, relation: string): string {
    const groups = this.groupNames(tally)
    const columns = tally.columns.map(
      (column) => `${mergeFunction(column)}(${column.column}) AS ${column.column}`,
    )
    return select([...groups, ...columns], relation, groups.length)
  }

  groupNames(tally: Tally): string[] {
    const dimensions = this.#metric.dimensions.map((_, index) => `d${index}`)
    return ['window_ms', ...dimensions, ...(tally.key ? ['"key"'] : [])]
  }

  /**
   * The md5 of the length-prefixed, null-tagged dimension values: `n` for null, else the byte length of the
   * value's text, a colon and the text. `textType` is the engine's name of the type.
   */
  seriesKey(textType = 'VARCHAR'): string {
    const parts = this.#metric.dimensions.map((_, index) => {
      const text = `CAST(d${index} AS ${textType})`
      return `CASE WHEN d${index} IS NULL THEN 'n' ELSE concat(${this.#dialect.byteLength(text)}, ':', ${text}) END`
    })
    return `md5(concat('', ${parts.length > 0 ? parts.join(', ') : `''`}))`
  }

  #print(expr: Expr): string {
    const field = (name: string) => (name === VALUE ? VALUE_COLUMN : this.#columns.field(name))
    return this.#dialect.printExpr(expr, { field, eventMs: this.#columns.eventMs })
  }

  #where(): string {
    return this.#metric.where ? `coalesce(${this.#print(this.#metric.where)}, FALSE)` : 'TRUE'
  }

  #bounds({ fromMs, toMs }: TimeRange): string[] {
    const start = this.#windowStart()
    return [
      ...(fromMs === undefined ? [] : [`${start} >= ${fromMs}`]),
      ...(toMs === undefined ? [] : [`${start} < ${toMs}`]),
    ]
  }

  /** A fact of the record alone: no order, no batch and no crash changes it. */
  #late(filter: RecordFilter): string | undefined {
    const { published = [] } = filter
    const isLate = this.#lateByTime(filter)
    if (published.length === 0) return isLate && `(${isLate})`
    const whens = published.map(({ range, cut }) => {
      const isIn = this.#bounds(range).join(' AND ') || 'TRUE'
      const isAfter = `${this.#columns.offset} >= ${cut}`
      return `WHEN ${isIn} THEN ${isLate ? `(${isAfter} AND (${isLate}))` : isAfter}`
    })
    return `(CASE ${whens.join(' ')} ELSE ${isLate ?? 'FALSE'} END)`
  }

  #lateByTime({ lateness, endOffset }: RecordFilter): string | undefined {
    const conditions = [
      ...(lateness === undefined ? [] : [this.#lateBySteps(lateness)]),
      ...(endOffset === undefined ? [] : [`${this.#columns.offset} >= ${endOffset}`]),
    ]
    return conditions.length === 0 ? undefined : conditions.join(' OR ')
  }

  #lateBySteps(steps: LatenessSteps): string {
    const conditions = steps.map((step) => this.#lateByStep(step))
    const last = conditions.pop()!
    const whens = conditions.map((isLate, place) => {
      return `WHEN ${this.#columns.offset} < ${steps[place + 1]!.fromOffset} THEN ${isLate}`
    })
    return whens.length === 0 ? last : `CASE ${whens.join(' ')} ELSE ${last} END`
  }

  #lateByStep({ latenessMs, finalBeforeMs }: LatenessStep): string {
    const start = this.#windowStart()
    const isLate = `${this.#columns.observedMs} >= ${start} + ${this.#metric.windowMs + latenessMs}`
    return finalBeforeMs === undefined ? isLate : `${isLate} OR ${start} < ${finalBeforeMs}`
  }

  #windowStart(): string {
    const { eventMs } = this.#columns
    const width = this.#metric.windowMs
    return `(${eventMs} - ((${eventMs} % ${width}) + ${width}) % ${width})`
  }

  #longDimensions(): string[] {
    const texts = this.#metric.dimensions.filter((dimension) => dimension.type.kind === 'string')
    return texts.map(({ expr }) => {
      const length = this.#dialect.byteLength(this.#print(expr))
      return `coalesce(${length} > ${MAX_DIMENSION_BYTES}, FALSE)`
    })
  }

  #aggregate({ fn, expr }: TallyColumn, filter: string): string {
    if (!expr) return `count(*)${filter}`
    const value = this.#print(expr)
    if (fn === 'sum' && expr.type.kind !== 'float') return this.#dialect.exactSum(value, expr.type, filter)
    return `${fn}(${value})${filter}`
  }
}

/** Key and columns say their value tens of times, so it has a name. It is null where the key is. */
function nameValue({ columns }: Tally, key: Expr) {
  const [value] = key.node === 'call' ? key.args : []
  if (!value) throw new Error('a key is a call')
  const named: Expr = { node: 'field', name: VALUE, type: value.type }
  const isValue = (expr: Expr) => JSON.stringify(expr) === JSON.stringify(value)
  const rename = (expr: Expr): Expr =>
    expr.node === 'call' ? { ...expr, args: expr.args.map((arg) => (isValue(arg) ? named : arg)) } : expr
  return {
    ...{ value, key: rename(key) },
    columns: columns.map(({ expr, ...column }) => ({ ...column, ...(expr && { expr: rename(expr) }) })),
  }
}

function mergeFunction({ fn }: TallyColumn): string {
  return fn === 'count' ? 'sum' : fn
}

function select(columns: readonly string[], from: string, groups: number): string {
  const places = Array.from({ length: groups }, (_, index) => index + 1)
  return `SELECT ${columns.join(', ')} FROM ${from} GROUP BY ${places.join(', ')}`
}
