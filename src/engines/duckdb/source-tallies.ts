/** The tallies of one source while a batch runs: partials per chunk, then merged and staged as Parquet. */
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import type { Tally } from '../../core/plan.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED } from './parsed-table.ts'
import { type MetricCounts, RecordQueries, type TallyRequest } from './record-queries.ts'
import { RejectTable } from './reject-table.ts'
import { type StagedMetric, stagedName, stageMetric } from './staged-metric.ts'

/** Partials are merged early once this many rows have gathered, so that memory follows the result, not the input. */
const MERGE_ROWS = 4_000_000

interface MetricState {
  /** Lines by window. */
  readonly late: Map<number, number>
  counts: MetricCounts
}

export class SourceTallies {
  readonly #connection: DuckDBConnection
  readonly #request: TallyRequest
  readonly #queries: RecordQueries
  readonly #metrics: readonly MetricState[]
  readonly #rejects: RejectTable
  /** Per table of partials: the number of rows at which to merge. */
  readonly #mergeAt = new Map<string, number>()
  #counts = { lines: 0, parsed: 0, headers: 0, rejected: 0 }

  constructor(connection: DuckDBConnection, request: TallyRequest) {
    this.#connection = connection
    this.#request = request
    this.#queries = new RecordQueries(request)
    this.#rejects = new RejectTable(connection, request)
    this.#metrics = request.plan.metrics.map(() => {
      return { late: new Map(), counts: { counted: 0, filtered: 0, late: 0, rejected: 0, outside: 0 } }
    })
  }

  async prepare(): Promise<void> {
    await this.#rejects.prepare()
  }

  /** Replaces the records by those of `lines`, a relation of offsets, observed times and raw bytes. */
  async parse(dialect: EngineDialect, lines: string): Promise<void> {
    const records = this.#queries.records(dialect, lines)
    await this.#connection.run(`CREATE OR REPLACE TEMP TABLE ${PARSED} AS ${records}`)
  }

  /** Tallies the records of the current chunk. */
  async addChunk(): Promise<void> {
    const { metrics, ...source } = this.#queries.readCounts(await this.#readNumbers(this.#queries.counts()))
    this.#counts = addCounts(this.#counts, source)
    for (const [place, plan] of this.#request.plan.metrics.entries()) {
      const metric = this.#metrics[place]!
      metric.counts = addCounts(metric.counts, metrics[place]!)
      for (const tally of plan.tallies) await this.#addPartials(place, tally)
      if (metrics[place]!.late > 0) await this.#countLate(place)
      if (metrics[place]!.rejected > 0) await this.#rejects.addMetric(place)
    }
    if (source.rejected > 0) await this.#rejects.addSource()
  }

  /** Merges all partials and writes the staged files. */
  async stage(): Promise<StagedSource> {
    const metrics: StagedMetric[] = []
    for (const place of this.#metrics.keys()) metrics.push(await this.#stageMetric(place))
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

  async #countLate(place: number): Promise<void> {
    const { late } = this.#metrics[place]!
    const reader = await this.#connection.runAndReadAll(this.#queries.late(place))
    for (const row of reader.getRows()) {
      const [windowMs, lines] = row.map(Number)
      late.set(windowMs!, (late.get(windowMs!) ?? 0) + lines!)
    }
  }

  async #addPartials(place: number, tally: Tally): Promise<void> {
    const table = tableName(place, tally)
    const partials = this.#queries.partials(place, tally)
    const isNew = !this.#mergeAt.has(table)
    const verb = isNew ? `CREATE TEMP TABLE ${table} AS` : `INSERT INTO ${table}`
    await this.#connection.run(`${verb} ${partials}`)
    const [total] = await this.#readNumbers(`SELECT count(*) FROM ${table}`)
    if (total! > (this.#mergeAt.get(table) ?? MERGE_ROWS)) await this.#merge(place, tally)
    else if (isNew) this.#mergeAt.set(table, MERGE_ROWS)
  }

  /** The next merge waits for as many new rows as this one left, so that merging stays linear in the input. */
  async #merge(place: number, tally: Tally): Promise<void> {
    const table = tableName(place, tally)
    const merged = this.#queries.mergePartials(place, tally, table)
    await this.#connection.run(`CREATE TEMP TABLE merged AS ${merged}`)
    await this.#connection.run(`DROP TABLE ${table}`)
    await this.#connection.run(`ALTER TABLE merged RENAME TO ${table}`)
    const [left] = await this.#readNumbers(`SELECT count(*) FROM ${table}`)
    this.#mergeAt.set(table, left! + MERGE_ROWS)
  }

  async #stageMetric(place: number): Promise<StagedMetric> {
    const plan = this.#request.plan.metrics[place]!
    const tallies: { id: string; path: string }[] = []
    let counted = 0
    for (const tally of plan.tallies) {
      const path = join(this.#request.stagingDir, stagedName(place, tally))
      const table = tableName(place, tally)
      if (!this.#mergeAt.has(table))
        await this.#connection.run(`CREATE TEMP TABLE ${table} AS ${this.#queries.noPartials(place, tally)}`)
      const merged = this.#queries.mergePartials(place, tally, table)
      const rows = this.#queries.staged(place, tally, merged)
      await this.#connection.run(`COPY (${rows}) TO ${duckdbDialect.quoteText(path)} (FORMAT parquet)`)
      if (!tally.key)
        counted = (await this.#readNumbers(`SELECT coalesce(sum(records), 0) FROM ${table}`))[0]!
      tallies.push({ id: tally.id, path })
    }
    const { counts, late } = this.#metrics[place]!
    const isTimed = this.#queries.isTimed(place)
    const found = { plan, counts: { ...counts, counted }, late: isTimed ? late : undefined }
    return stageMetric(found, this.#counts, tallies)
  }

  async #readNumbers(sql: string): Promise<number[]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return (reader.getRows()[0] ?? []).map(Number)
  }
}

function tableName(place: number, tally: Tally): string {
  return `partial_${place}_${tally.id}`
}

function addCounts<Name extends string>(
  sums: Readonly<Record<Name, number>>,
  more: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(sums) as Name[]
  return Object.fromEntries(names.map((name) => [name, sums[name] + more[name]])) as Record<Name, number>
}
