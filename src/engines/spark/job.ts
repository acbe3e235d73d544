/** The SQL script of one Spark application: per source one read of its lines, then all that is staged from it. */
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { lineColumns, printLines } from '../../compile/observed-lines.ts'
import {
  filterOf,
  type RecordColumns,
  type RecordFilter,
  TallyPrinter,
  tellsLate,
  VERDICTS,
} from '../../compile/print-tally.ts'
import { recordColumns } from '../../compile/record-columns.ts'
import type { MetricPlan, Tally, TallyColumn } from '../../core/plan.ts'
import type { BatchRequest, BlockLocation } from '../../ports/batch-engine.ts'
import { caseOfTrue } from './case-of-true.ts'
import { type SourceStatements, sourceStatements } from './source-statements.ts'
import { printStep } from './step.ts'

/** Sub-folders of the shared folder. */
export const COUNTS = 'counts'
export const REJECTS = 'rejects'

export function tallyFolder(metric: number, tally: Tally): string {
  return `metric${metric}-${tally.id}`
}

/** Statements end with a semicolon and a newline each. */
export function printJob(dialect: EngineDialect, requests: readonly BatchRequest[]): string {
  const statements = requests.flatMap((request, index) => new SourceJob(dialect, request, index).statements())
  return statements.map((statement) => `${caseOfTrue(statement)};\n`).join('')
}

class SourceJob {
  readonly #dialect: EngineDialect
  readonly #request: BatchRequest
  readonly #parsed: string
  readonly #lines: string
  readonly #columns: RecordColumns

  constructor(dialect: EngineDialect, request: BatchRequest, index: number) {
    this.#dialect = dialect
    this.#request = request
    this.#parsed = `parsed_${index}`
    this.#lines = `lines_${index}`
    this.#columns = recordColumns(request.plan)
  }

  /** The cache is dropped at the end of the source, so that sources do not crowd one another out. */
  statements(): string[] {
    const { plan } = this.#request
    const printers = plan.metrics.map((metric) => new TallyPrinter(this.#dialect, metric, this.#columns))
    const source = sourceStatements(this.#request, this.#dialect, this.#parsed, this.#lines)
    return [
      ...this.#readBlocks(),
      ...source.make.flatMap(printStep),
      this.#write(COUNTS, 'json', this.#counts(printers, source)),
      ...plan.metrics.flatMap((_, index) => this.#tallies(index, printers[index]!, source)),
      this.#write(REJECTS, 'parquet', this.#rejects(printers)),
      ...source.drop,
    ]
  }

  #readBlocks(): string[] {
    const types: Record<string, string> = { raw: 'BINARY', context: 'STRING' }
    const columns = lineColumns(this.#request.plan).map((name) => [name, types[name] ?? 'BIGINT'])
    const none = `SELECT ${columns.map(([name, type]) => `CAST(NULL AS ${type}) AS ${name}`).join(', ')} WHERE FALSE`
    // Of a block of format 1, which has no context, it reads as null.
    const declared = columns.map((column) => column.join(' ')).join(', ')
    const views = foldersOf(this.#request.blocks).map(([folder, names], index) => ({
      name: `${this.#lines}_${index}`,
      path: this.#dialect.quoteText(folder),
      glob: this.#dialect.quoteText(`{${names.join(',')}}`),
    }))
    const all = views.map(({ name }) => printLines(this.#request, name))
    return [
      ...views.map(
        ({ name, path, glob }) =>
          `CREATE TEMPORARY VIEW ${name} (${declared}) USING parquet OPTIONS (path ${path}, pathGlobFilter ${glob})`,
      ),
      `CREATE TEMPORARY VIEW ${this.#lines} AS ${[...all, ...(all.length > 0 ? [] : [none])].join(' UNION ALL ')}`,
    ]
  }

  /** One file per folder, as the staging format promises. */
  #write(name: string, format: string, query: string, order: readonly string[] = []): string {
    const place = this.#dialect.quoteText(hadoopPath(`${this.#request.shared!.uri}/${name}`))
    const sorted = order.length > 0 ? ` SORT BY ${order.join(', ')}` : ''
    return `INSERT OVERWRITE DIRECTORY ${place} USING ${format} SELECT /*+ REPARTITION(1) */ * FROM (${query})${sorted}`
  }

  /** All in one scan: per source, then rejected, filtered and counted records of each metric. */
  #counts(printers: readonly TallyPrinter[], { grouped }: SourceStatements): string {
    const where = (condition: string) => `count(*) FILTER (WHERE ${condition})`
    const perMetric = printers.flatMap((printer, index): [string, string][] => {
      const { rejected, outside, counted, late } = printer.conditions(this.#filter(index))
      const isRead = `reason IS NULL AND NOT ${rejected}`
      const valid = outside === 'FALSE' ? isRead : `${isRead} AND NOT ${outside}`
      return [
        [`rejected${index}`, where(`reason IS NULL AND ${rejected}`)],
        ...(outside === 'FALSE'
          ? []
          : [[`outside${index}`, where(`${isRead} AND ${outside}`)] as [string, string]]),
        [`filtered${index}`, where(`${valid} AND NOT ${counted} AND NOT ${late}`)],
        [`counted${index}`, where(`${valid} AND ${counted}`)],
      ]
    })
    const columns: [string, string][] = [
      ['"lines"', 'count(*)'],
      ['parsed', where('reason IS NULL')],
      ['headers', where(`reason = 'header'`)],
      ['rejected', where(`reason <> 'header'`)],
      ...perMetric,
    ]
    const ofRecords = `SELECT ${columns.map(([name, sql]) => `${sql} AS ${name}`).join(', ')} FROM ${this.#parsed}`
    const late = isTimed(this.#request) ? `, (${this.#late(printers, grouped)}) AS late` : ''
    if (!grouped) return `SELECT *${late} FROM (${ofRecords})`
    const both = `${ofRecords} UNION ALL SELECT ${columns.map(([name]) => groupedCount(name)).join(', ')} FROM (${grouped.verdicts})`
    return `SELECT ${columns.map(([name]) => `sum(${name}) AS ${name}`).join(', ')}${late} FROM (${both})`
  }

  /** A list of late records by metric and start of their window; a window may recur. */
  #late(printers: readonly TallyPrinter[], grouped: SourceStatements['grouped']): string {
    const ofRecords = printers.map((printer, index) => {
      const { rejected, late } = printer.conditions(this.#filter(index))
      const isLate = `reason IS NULL AND NOT ${rejected} AND ${late}`
      return `SELECT ${index} AS place, CAST(${printer.windowStart} AS BIGINT) AS window_ms, count(*) AS "lines" FROM ${this.#parsed} WHERE ${isLate} GROUP BY 2`
    })
    const ofGroups = grouped ? [`SELECT 0 AS place, window_ms, "lines" FROM (${grouped.late})`] : []
    const all = [...ofRecords, ...ofGroups].join(' UNION ALL ')
    return `SELECT collect_list(named_struct('place', place, 'windowMs', window_ms, 'lines', "lines")) FROM (${all})`
  }

  #filter(metric: number): RecordFilter {
    return filterOf(this.#request, this.#request.plan.metrics[metric]!.metric)
  }

  #tallies(index: number, printer: TallyPrinter, { partials }: SourceStatements): string[] {
    const plan = this.#request.plan.metrics[index]!
    return plan.tallies.map((tally) => {
      const columns = stagedColumns(plan, tally, printer)
      const query = `SELECT ${columns.join(', ')} FROM (${partials(index, tally)})`
      return this.#write(tallyFolder(index, tally), 'parquet', query, printer.groupNames(tally))
    })
  }

  /** In one scan, however many metrics there are: each line gives a list of what rejects it, which is laid out. */
  #rejects(printers: readonly TallyPrinter[]): string {
    const text = (value: string) => this.#dialect.quoteText(value)
    const fault = (metric: string, reason: string, field: string) =>
      `named_struct('metric', ${metric}, 'reason', ${reason}, 'field', ${field})`
    const none = 'CAST(NULL AS STRING)'
    const ofSource = `CASE WHEN reason <> 'header' THEN ${fault(none, 'reason', none)} END`
    const suspicions = ['reason IS NOT NULL']
    const ofMetrics = printers.flatMap((printer, index) => {
      const { metric, usedFields } = this.#request.plan.metrics[index]!
      const { rejected } = printer.conditions(this.#filter(index))
      if (rejected === 'FALSE') return []
      suspicions.push(rejected)
      const whens = usedFields.map((field) => `WHEN ${this.#columns.error(field)} THEN ${text(field)}`)
      const field = whens.length > 0 ? `CASE ${whens.join(' ')} END` : none
      const reason = `CASE WHEN ${field} IS NULL THEN 'dimension_too_long' ELSE 'invalid_field' END`
      return [`CASE WHEN reason IS NULL AND ${rejected} THEN ${fault(text(metric), reason, field)} END`]
    })
    const faults = `explode(array_compact(array(${[ofSource, ...ofMetrics].join(', ')})))`
    const all = `SELECT "offset", ${faults} AS fault FROM ${this.#parsed} WHERE ${suspicions.join(' OR ')}`
    return `SELECT b.name AS block, r."offset" AS "offset", r.fault.metric AS metric, r.fault.reason AS reason, r.fault.field AS field FROM (${all}) r JOIN (${this.#blockRows()}) b ON r."offset" >= b.first_offset AND r."offset" < b.end_offset`
  }

  #blockRows(): string {
    const rows = this.#request.blocks.map(({ name, firstOffset, lines }) => {
      return `(${this.#dialect.quoteText(name)}, ${firstOffset}L, ${firstOffset + lines}L)`
    })
    if (rows.length === 0) return `SELECT '' AS name, 0L AS first_offset, 0L AS end_offset WHERE FALSE`
    return `SELECT * FROM VALUES ${rows.join(', ')} AS t(name, first_offset, end_offset)`
  }
}

/** Lines in groups are all read: counted, filtered, late or outside. */
function groupedCount(name: string): string {
  if (name === '"lines"' || name === 'parsed') return '"lines"'
  const { counted, filtered, outside } = VERDICTS
  const verdict = { counted0: counted, filtered0: filtered, outside0: outside }[name]
  return verdict === undefined ? '0' : `CASE WHEN verdict = ${verdict} THEN "lines" ELSE 0 END`
}

/** Whether records can be late for a metric. */
function isTimed(request: BatchRequest): boolean {
  return request.plan.metrics.some(({ metric }) => tellsLate(request, metric))
}

function stagedColumns(plan: MetricPlan, tally: Tally, printer: TallyPrinter): string[] {
  const dimensions = plan.dimensions.map(({ type }, index) =>
    type.kind === 'string' || type.kind === 'boolean'
      ? `d${index}`
      : `CAST(d${index} AS DECIMAL(38, 0)) AS d${index}`,
  )
  return [
    'CAST(window_ms AS BIGINT) AS window_ms',
    `${printer.seriesKey('STRING')} AS series_key`,
    ...dimensions,
    ...(tally.key ? ['CAST("key" AS BIGINT) AS "key"'] : []),
    ...tally.columns.map((column) => `CAST(${column.column} AS ${columnType(column)}) AS ${column.column}`),
  ]
}

function columnType({ fn, expr }: TallyColumn): string {
  if (fn === 'count') return 'BIGINT'
  return expr?.type.kind === 'float' ? 'DOUBLE' : 'DECIMAL(38, 0)'
}

/** Hadoop takes percent signs in a path for themselves, so escapes are undone. */
function hadoopPath(uri: string): string {
  return decodeURIComponent(uri)
}

/** Block names by the folder they are in, with what a glob would take for its own escaped. */
function foldersOf(blocks: readonly BlockLocation[]): [string, string[]][] {
  const folders = new Map<string, string[]>()
  for (const { location } of blocks) {
    const cut = location.lastIndexOf('/')
    const folder = hadoopPath(location.slice(0, cut)).replace(/[\\*?[\]{}]/g, '\\$&')
    folders.set(folder, [...(folders.get(folder) ?? []), location.slice(cut + 1)])
  }
  return [...folders]
}
