/** A stream for tests: batches of random lines with observed times, computed and added to a report as they come. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPlans } from '../../src/compile/build-plan.ts'
import type { Definition } from '../../src/core/definition.ts'
import { constantLateness, type LatenessSteps } from '../../src/core/lateness.ts'
import type { SourcePlan } from '../../src/core/plan.ts'
import { printCsv } from '../../src/core/print-csv.ts'
import type { TimeRange } from '../../src/core/run-record.ts'
import { DuckdbBatchEngine } from '../../src/engines/duckdb/batch.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import type { StagedSource } from '../../src/ports/batch-engine.ts'
import type { StoredBatch } from '../../src/ports/log.ts'
import type { Report, StreamAdvance } from '../../src/ports/report.ts'
import { judgedLateness } from '../../src/run/judged-lateness.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { readRows, sha256 } from '../pipeline.ts'

/** One line with its observed time. */
export interface Line {
  readonly observedMs: number
  readonly text: string
}

/** The report that lives in a folder, made anew where there is none. */
export type OpenReport = (dir: string, mode: 'read' | 'write') => Promise<Report>

export class StreamWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-stream-'))
  readonly definition: Definition
  readonly plan: SourcePlan
  /** Of the definition. A test may change it between two advances. */
  readonly latenessMs: Map<string, number>
  /** By which lines are judged. */
  lateness: ReadonlyMap<string, LatenessSteps>
  readonly #engine: DuckdbStreamEngine
  readonly #open: OpenReport
  #report: Report | undefined
  #stagings = 0

  constructor(definition: Definition, open: OpenReport = openDuckdbReport) {
    this.definition = definition
    this.#open = open
    this.plan = buildPlans(definition, sha256)[0]!
    const metrics = [...definition.metrics.values()]
    this.latenessMs = new Map(metrics.map(({ name, allowedLatenessMs }) => [name, allowedLatenessMs]))
    this.lateness = constantLateness(this.latenessMs)
    mkdirSync(join(this.folder, 'data', 'staging'), { recursive: true })
    const stagingRoot = join(this.folder, 'data', 'staging')
    this.#engine = new DuckdbStreamEngine({ stagingRoot })
  }

  get dataDir(): string {
    return join(this.folder, 'data')
  }

  async report(): Promise<Report> {
    this.#report ??= await this.#open(this.dataDir, 'write')
    return this.#report
  }

  /** As after a crash: all that is left is in the file. */
  async reopen(): Promise<Report> {
    await this.#report?.close()
    this.#report = undefined
    return this.report()
  }

  stagingDir(): string {
    const path = join(this.folder, 'data', 'staging', String(this.#stagings++))
    mkdirSync(path)
    return path
  }

  compute(batches: readonly StoredBatch[], fromOffset: number): Promise<StagedSource> {
    const { plan, lateness } = this
    const endOffset = batches.at(-1)?.endOffset ?? fromOffset
    const stagingDir = this.stagingDir()
    return this.#engine.compute({ plan, batches, fromOffset, endOffset, lateness, stagingDir })
  }

  async step(batches: readonly StoredBatch[], fromOffset: number, clockMs: number): Promise<StreamAdvance> {
    const staged = await this.compute(batches, fromOffset)
    const endOffset = batches.at(-1)?.endOffset ?? fromOffset
    const { source, metrics: plans, allowedSkewMs } = this.plan
    const { latenessMs } = this
    const place = { source, incarnation: 'log', fromOffset, endOffset, clockMs }
    return { ...place, plans, latenessMs, allowedSkewMs, staged }
  }

  async advance(batches: readonly StoredBatch[], fromOffset: number, clockMs: number): Promise<void> {
    await this.#judge()
    await (await this.report()).advance(await this.step(batches, fromOffset, clockMs))
  }

  /** As a stream does when it begins. */
  async #judge(): Promise<void> {
    const report = await this.report()
    const state = await report.streamState(this.plan.source)
    if (!state) return
    const judged = async () =>
      judgedLateness(await report.streamState(this.plan.source), this.plan.metrics, this.latenessMs)
    const known = await judged()
    if (!known) await report.advance(await this.step([], state.endOffset, state.clockMs))
    this.lateness = known ?? (await judged())!
  }

  /** By all steps that the report holds. */
  async verified(lines: readonly Line[]): Promise<Record<string, string>> {
    const state = await (await this.report()).streamState(this.plan.source)
    this.lateness = new Map(state!.metrics.map(({ metric, lateness }) => [metric, lateness]))
    return this.expected(lines, true)
  }

  /** What a batch run stages of the lines below the cut, from one block. */
  async recompute(lines: readonly Line[], range: TimeRange, isFiltered: boolean): Promise<StagedSource> {
    const folder = this.stagingDir()
    const path = join(folder, 'block.parquet')
    await writeBlock(lines, path)
    const engine = new DuckdbBatchEngine({ readableFolders: [folder] })
    const blocks = [{ location: path, name: 'block', firstOffset: 0, lines: lines.length, rawBytes: 1000 }]
    const { plan, lateness } = this
    const request = { plan, blocks, range, stagingDir: this.stagingDir(), ...(isFiltered && { lateness }) }
    return (await engine.compute([request]))[0]!
  }

  /** Publishes a batch run over the lines below its cut. */
  async publish(
    report: Report,
    lines: readonly Line[],
    range: TimeRange = {},
    isFiltered = false,
  ): Promise<void> {
    const staged = await this.recompute(lines, range, isFiltered)
    await report.publish({
      range,
      sources: [{ plans: this.plan.metrics, staged, appended: lines.length }],
      record: (revision) => ({
        ...{ revision, startedMs: 0, finishedMs: 0, range, engine: 'duckdb', fingerprint: '' },
        ...{ sources: [], metrics: [], publishMs: 0, ledger: [] },
      }),
    })
  }

  /** Totals of a batch run in a report of its own, by metric. */
  async expected(lines: readonly Line[], isFiltered: boolean): Promise<Record<string, string>> {
    // Staged files must lie below the report's folder; a whole run replaces what an earlier one left.
    const report = await openDuckdbReport(this.folder, 'write')
    try {
      await this.publish(report, lines, {}, isFiltered)
      return await this.totals(report)
    } finally {
      await report.close()
    }
  }

  /** As CSV, with every percent as a quantile and nothing rounded. */
  async totals(report: Report, range: TimeRange = {}): Promise<Record<string, string>> {
    const shared = { ...report, close: async () => undefined } as Report
    const methods = ['query', 'metricState'] as const
    for (const name of methods) Object.assign(shared, { [name]: report[name].bind(report) })
    const job = { definition: this.definition, digest: sha256, openReport: async () => shared }
    const answers: Record<string, string> = {}
    for (const { metric } of this.plan.metrics) {
      const { table } = await queryMetric(job, { metric, range })
      answers[metric] = [...printCsv(table)].join('')
    }
    return answers
  }

  async close(): Promise<void> {
    await this.#engine.close()
    await this.#report?.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** By way of a text file: a statement that holds the lines would take minutes for some 100,000. */
async function writeBlock(lines: readonly Line[], path: string): Promise<void> {
  const rows = lines.map(({ text, observedMs }, offset) => {
    return `${offset},${observedMs},${Buffer.from(text, 'latin1').toString('hex')}\n`
  })
  writeFileSync(`${path}.csv`, rows.join(''))
  const columns = `{'offset': 'BIGINT', 'observed_ms': 'BIGINT', 'hex': 'VARCHAR'}`
  const read = `read_csv('${path}.csv', header = false, delim = ',', columns = ${columns})`
  const select = `SELECT "offset", observed_ms, unhex(coalesce(hex, '')) AS raw FROM ${read}`
  await readRows(`COPY (${select}) TO '${path}' (FORMAT parquet)`)
  rmSync(`${path}.csv`)
}

/** Lines that stand together and were observed at one time, as the log gives them back. */
export function makeBatches(lines: readonly Line[], firstOffset: number, sizes: () => number): StoredBatch[] {
  const batches: StoredBatch[] = []
  for (let at = 0; at < lines.length; ) {
    const { observedMs } = lines[at]!
    let end = at + 1
    const most = at + Math.max(1, sizes())
    while (end < lines.length && end < most && lines[end]!.observedMs === observedMs) end++
    const text = lines.slice(at, end).map((line) => `${line.text}\n`)
    const bytes = Buffer.from(text.join(''), 'latin1')
    batches.push({ firstOffset: firstOffset + at, endOffset: firstOffset + end, observedMs, bytes })
    at = end
  }
  return batches
}
