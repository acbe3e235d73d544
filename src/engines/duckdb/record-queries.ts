/** The SQL of what is asked of parsed records, by batch runs and micro-batches alike: verdicts, counts, partials. */
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { printParse } from '../../compile/parse-source.ts'
import { filterOf, type RecordFilter, TallyPrinter, tellsLate, VERDICTS } from '../../compile/print-tally.ts'
import { recordColumns } from '../../compile/record-columns.ts'
import type { SourcePlan, Tally } from '../../core/plan.ts'
import type { BatchRequest } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED, verdictColumn } from './parsed-table.ts'
import { stagedColumns } from './staged-columns.ts'

/** What tallies need to know of a batch run or a micro-batch. */
export type TallyRequest = Omit<BatchRequest, 'shared'>

export interface RecordCounts {
  readonly lines: number
  readonly parsed: number
  readonly headers: number
  /** Lines of no use to any metric. */
  readonly rejected: number
  readonly metrics: readonly MetricCounts[]
}

/** Verdicts on parsed records. */
export interface MetricCounts {
  readonly counted: number
  readonly filtered: number
  readonly late: number
  readonly rejected: number
  readonly outside: number
}

export class RecordQueries {
  readonly #plan: SourcePlan
  readonly #printers: readonly TallyPrinter[]
  readonly #filters: readonly RecordFilter[]
  readonly #timed: readonly boolean[]

  constructor(request: Pick<TallyRequest, 'plan' | 'range' | 'ranges' | 'lateness' | 'published' | 'ends'>) {
    const { plan } = request
    this.#timed = plan.metrics.map(({ metric }) => tellsLate(request, metric))
    this.#plan = plan
    this.#printers = plan.metrics.map((metric) => {
      return new TallyPrinter(duckdbDialect, metric, recordColumns(plan))
    })
    this.#filters = plan.metrics.map(({ metric }) => filterOf(request, metric))
  }

  /** The rows of the table of parsed records, from a relation of offsets, observed times and raw bytes. */
  records(dialect: EngineDialect, lines: string): string {
    const parse = printParse(this.#plan, dialect, lines, ['"offset"', 'observed_ms'])
    const verdicts = this.#printers.map((printer, place) => {
      return `CAST(${printer.verdict(this.#filters[place]!)} AS TINYINT) AS ${verdictColumn(place)}`
    })
    return `SELECT ${['*', ...verdicts].join(', ')} FROM (${parse})`
  }

  /** One row, for `readCounts`. */
  counts(): string {
    const where = (condition: string) => `count(*) FILTER (WHERE ${condition})`
    const perMetric = this.#plan.metrics.flatMap((_, place) =>
      Object.values(VERDICTS).map((verdict) => where(`${verdictColumn(place)} = ${verdict}`)),
    )
    const perSource = [where('reason IS NULL'), where(`reason = 'header'`), where(`reason <> 'header'`)]
    return `SELECT ${['count(*)', ...perSource, ...perMetric].join(', ')} FROM ${PARSED}`
  }

  readCounts([lines, parsed, headers, rejected, ...rest]: readonly number[]): RecordCounts {
    const names = Object.keys(VERDICTS) as (keyof MetricCounts)[]
    const metrics = this.#plan.metrics.map((_, place) => {
      const entries = names.map((name, index) => [name, rest[place * names.length + index]!])
      return Object.fromEntries(entries) as Record<keyof MetricCounts, number>
    })
    return { lines: lines!, parsed: parsed!, headers: headers!, rejected: rejected!, metrics }
  }

  /** Late records by the start of their window. */
  late(place: number): string {
    const isLate = `${verdictColumn(place)} = ${VERDICTS.late}`
    return `SELECT ${this.#printers[place]!.windowStart}, count(*) FROM ${PARSED} WHERE ${isLate} GROUP BY 1`
  }

  /** Whether late records are told apart. */
  isTimed(place: number): boolean {
    return this.#timed[place]!
  }

  partials(place: number, tally: Tally): string {
    const counts = `${verdictColumn(place)} = ${VERDICTS.counted}`
    return this.#printers[place]!.partialsWhere(tally, PARSED, counts)
  }

  /** Partials of no records. */
  noPartials(place: number, tally: Tally): string {
    return this.#printers[place]!.partials(tally, emptyRecords(this.#plan), this.#filters[place]!)
  }

  mergePartials(place: number, tally: Tally, relation: string): string {
    return this.#printers[place]!.mergePartials(tally, relation)
  }

  /** Rows as they are staged, of partials that have one row for each group. */
  staged(place: number, tally: Tally, partials: string): string {
    const printer = this.#printers[place]!
    const columns = stagedColumns(this.#plan.metrics[place]!, tally, printer).join(', ')
    return `SELECT ${columns} FROM (${partials}) ORDER BY ${printer.groupNames(tally).join(', ')}`
  }
}

function emptyRecords(plan: SourcePlan): string {
  const fields = plan.fields.flatMap((field, index) => {
    const type = {
      string: 'VARCHAR',
      boolean: 'BOOLEAN',
      integer: 'BIGINT',
      decimal: 'BIGINT',
      float: 'DOUBLE',
    }
    return [`NULL::${type[field.type.kind]} AS f${index}`, `FALSE AS e${index}`]
  })
  const columns = [
    'NULL::VARCHAR AS reason',
    '0::BIGINT AS event_ms',
    '0::BIGINT AS observed_ms',
    '0::BIGINT AS "offset"',
    ...fields,
  ]
  return `(SELECT ${columns.join(', ')} LIMIT 0)`
}
