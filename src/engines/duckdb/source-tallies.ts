/** The tallies of one source while a batch runs: partials per chunk, then merged and staged as Parquet. */
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { filterOf, type RecordFilter, TallyPrinter } from '../../compile/print-tally.ts'
import type { MetricPlan, SourcePlan, Tally } from '../../core/plan.ts'
import type { BatchRequest, StagedSource } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED, recordColumns } from './record-columns.ts'
import { RejectTable } from './reject-table.ts'
import { stagedColumns } from './staged-columns.ts'

/** Partials are merged early once this many rows have gathered, so that memory follows the result, not the input. */
const MERGE_ROWS = 4_000_000

/** What tallies need to know of a batch run or a micro-batch. */
export type TallyRequest = Omit<BatchRequest, 'shared'>

interface MetricState {
  readonly plan: MetricPlan
  readonly printer: TallyPrinter
  readonly filter: RecordFilter
  /** Lines by window. */
  readonly late: Map<number, number>
  filtered: number
  rejected: number
}

interface ChunkCounts {
  /** Lines of no use to any metric. */
  readonly rejected: number
  readonly metrics: readonly { readonly rejected: number; readonly late: number }[]
}

export class SourceTallies {
  readonly #connection: DuckDBConnection
  readonly #request: TallyRequest
  readonly #metrics: MetricState[]
  readonly #rejects: RejectTable
  /** Per table of partials: the number of rows at which to merge. */
  readonly #mergeAt = new Map<string, number>()
  #counts = { lines: 0, parsed: 0, headers: 0, rejected: 0 }

  constructor(connection: DuckDBConnection, request: TallyRequest) {
    this.#connection = connection
    this.#request = request
    this.#rejects = new RejectTable(connection, request)
    this.#metrics = request.plan.metrics.map((plan) => {
      const printer = new TallyPrinter(duckdbDialect, plan, recordColumns(request.plan))
      const filter = filterOf(request, plan.metric)
      return { plan, printer, filter, late: new Map(), filtered: 0, rejected: 0 }
    })
  }

  async prepare(): Promise<void> {
    await this.#rejects.prepare()
  }

  /** Tallies the records of the current chunk. */
  async addChunk(): Promise<void> {
    const found = await this.#countLines()
    for (const [index, metric] of this.#metrics.entries()) {
      const { rejected, late } = found.metrics[index]!
      for (const tally of metric.plan.tallies) await this.#addPartials(metric, tally)
      if (late > 0) await this.#countLate(metric)
      if (rejected > 0)
        await this.#rejects.addMetric(metric.plan, metric.printer.conditions(metric.filter).rejected)
    }
    if (found.rejected > 0) await this.#rejects.addSource()
  }

  /** Merges all partials and writes the staged files. */
  async stage(): Promise<StagedSource> {
    const metrics: StagedSource['metrics'][number][] = []
    for (const [index, metric] of this.#metrics.entries())
      metrics.push(await this.#stageMetric(metric, index))
    return {
      source: this.#request.plan.source,
      linesRead: this.#counts.lines,
      parsed: this.#counts.parsed,
      headers: this.#counts.headers,
      rejected: this.#counts.rejected,
      rejectsPath: await this.#rejects.stage(),
      metrics,
    }
  }

  /** Gives what of the chunk is rejected or late, of which there is most often nothing to look for. */
  async #countLines(): Promise<ChunkCounts> {
    const perMetric = this.#metrics.flatMap(({ printer, filter }) => {
      const { rejected, counted, late } = printer.conditions(filter)
      const isIn = late === 'FALSE' ? counted : `(${counted} OR ${late})`
      return [
        `count(*) FILTER (WHERE reason IS NULL AND ${rejected})`,
        `count(*) FILTER (WHERE reason IS NULL AND NOT ${rejected} AND NOT ${isIn})`,
        late === 'FALSE' ? '0' : `count(*) FILTER (WHERE reason IS NULL AND NOT ${rejected} AND ${late})`,
      ]
    })
    const counts = [
      'count(*)',
      'count(*) FILTER (WHERE reason IS NULL)',
      `count(*) FILTER (WHERE reason = 'header')`,
      `count(*) FILTER (WHERE reason <> 'header')`,
      ...perMetric,
    ]
    const [lines, parsed, headers, rejected, ...rest] = await this.#readNumbers(
      `SELECT ${counts.join(', ')} FROM ${PARSED}`,
    )
    this.#counts.lines += lines!
    this.#counts.parsed += parsed!
    this.#counts.headers += headers!
    this.#counts.rejected += rejected!
    const metrics = this.#metrics.map((metric, index) => {
      const [ownRejected, filtered, late] = rest.slice(index * 3)
      metric.rejected += ownRejected! + rejected!
      metric.filtered += filtered! + headers!
      return { rejected: ownRejected!, late: late! }
    })
    return { rejected: rejected!, metrics }
  }

  async #countLate({ printer, filter, late }: MetricState): Promise<void> {
    const conditions = printer.conditions(filter)
    const isLate = `reason IS NULL AND NOT ${conditions.rejected} AND ${conditions.late}`
    const sql = `SELECT ${printer.windowStart}, count(*) FROM ${PARSED} WHERE ${isLate} GROUP BY 1`
    for (const row of (await this.#connection.runAndReadAll(sql)).getRows()) {
      const [windowMs, lines] = row.map(Number)
      late.set(windowMs!, (late.get(windowMs!) ?? 0) + lines!)
    }
  }

  async #addPartials({ plan, printer, filter }: MetricState, tally: Tally): Promise<void> {
    const table = this.#tableName(plan, tally)
    const partials = printer.partials(tally, PARSED, filter)
    const isNew = !this.#mergeAt.has(table)
    const verb = isNew ? `CREATE TEMP TABLE ${table} AS` : `INSERT INTO ${table}`
    await this.#connection.run(`${verb} ${partials}`)
    const [total] = await this.#readNumbers(`SELECT count(*) FROM ${table}`)
    if (total! > (this.#mergeAt.get(table) ?? MERGE_ROWS)) await this.#merge(printer, tally, table)
    else if (isNew) this.#mergeAt.set(table, MERGE_ROWS)
  }

  /** The next merge waits for as many new rows as this one left, so that merging stays linear in the input. */
  async #merge(printer: TallyPrinter, tally: Tally, table: string): Promise<void> {
    await this.#connection.run(`CREATE TEMP TABLE merged AS ${printer.mergePartials(tally, table)}`)
    await this.#connection.run(`DROP TABLE ${table}`)
    await this.#connection.run(`ALTER TABLE merged RENAME TO ${table}`)
    const [left] = await this.#readNumbers(`SELECT count(*) FROM ${table}`)
    this.#mergeAt.set(table, left! + MERGE_ROWS)
  }

  async #stageMetric(metric: MetricState, index: number): Promise<StagedSource['metrics'][number]> {
    const { plan, printer } = metric
    const tallies: { id: string; path: string }[] = []
    let counted = 0
    for (const tally of plan.tallies) {
      const path = join(this.#request.stagingDir, `metric${index}-${tally.id}.parquet`)
      const table = this.#tableName(plan, tally)
      if (!this.#mergeAt.has(table)) await this.#createEmpty(metric, tally)
      const merged = printer.mergePartials(tally, table)
      const columns = stagedColumns(plan, tally, printer)
      const ordered = `SELECT ${columns.join(', ')} FROM (${merged}) ORDER BY ${printer.groupNames(tally).join(', ')}`
      await this.#connection.run(`COPY (${ordered}) TO ${duckdbDialect.quoteText(path)} (FORMAT parquet)`)
      if (!tally.key)
        counted = (await this.#readNumbers(`SELECT coalesce(sum(records), 0) FROM ${table}`))[0]!
      tallies.push({ id: tally.id, path })
    }
    const { filtered, rejected } = metric
    const late = [...metric.late].map(([windowMs, lines]) => ({ windowMs, lines }))
    late.sort((a, b) => a.windowMs - b.windowMs)
    const isFiltered = metric.filter.latenessMs !== undefined
    return { metric: plan.metric, counted, filtered, rejected, ...(isFiltered && { late }), tallies }
  }

  /** A source without lines still stages files of the right shape. */
  async #createEmpty(metric: MetricState, tally: Tally): Promise<void> {
    const none = emptyRecords(this.#request.plan)
    const partials = metric.printer.partials(tally, none, metric.filter)
    await this.#connection.run(`CREATE TEMP TABLE ${this.#tableName(metric.plan, tally)} AS ${partials}`)
  }

  #tableName(plan: MetricPlan, tally: Tally): string {
    return `partial_${this.#request.plan.metrics.indexOf(plan)}_${tally.id}`
  }

  async #readNumbers(sql: string): Promise<number[]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return (reader.getRows()[0] ?? []).map(Number)
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
  const columns = ['NULL::VARCHAR AS reason', '0::BIGINT AS event_ms', '0::BIGINT AS observed_ms', ...fields]
  return `(SELECT ${columns.join(', ')} LIMIT 0)`
}
