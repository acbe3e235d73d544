/** The whole main job in this process, for tests: definition and bytes in, run record, partials, rejects and report out. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { buildPlans } from '../src/compile/build-plan.ts'
import type { Definition } from '../src/core/definition.ts'
import type { MetricPlan, SourcePlan } from '../src/core/plan.ts'
import { printCsv } from '../src/core/print-csv.ts'
import type { RunRecord, TimeRange } from '../src/core/run-record.ts'
import { checkText } from '../src/define/load-definition.ts'
import { DuckdbBatchEngine } from '../src/engines/duckdb/batch.ts'
import {
  checkReport,
  type Deployment,
  ingestYears,
  openArchive,
  openBatchEngine,
  openReport,
} from '../src/engines/registry.ts'
import type { IngestInput } from '../src/ports/archive.ts'
import type { BatchEngine, BatchRequest, StagedSource } from '../src/ports/batch-engine.ts'
import type { RejectedLine, Report } from '../src/ports/report.ts'
import { type QueryRequest, queryMetric } from '../src/run/query-metric.ts'
import { type ComputedSource, type ComputeJob, computeSources, runBatch } from '../src/run/run-batch.ts'
import { type Verification, verifyTotals } from '../src/run/verify-totals.ts'

export type OpenEngine = (deployment: Deployment) => Promise<BatchEngine>

export type Row = Readonly<Record<string, unknown>>

/** A definition that must be right: the diagnostics are the error's text otherwise. */
export function defineText(text: string, file = 'millrace.yaml'): Definition {
  const { definition, diagnostics } = checkText(text, file)
  if (definition) return definition
  throw new Error(`the definition is refused: ${JSON.stringify(diagnostics, null, 1)}\n${text}`)
}

/** An empty folder below `parent`. */
export function makeScratch(parent: string): string {
  mkdirSync(parent, { recursive: true })
  return mkdtempSync(join(parent, 'scratch-'))
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function bytesInput(bytes: Uint8Array, name = 'test'): IngestInput {
  return {
    name,
    async *open() {
      yield bytes
    },
  }
}

export class Pipeline {
  readonly folder: string
  readonly definition: Definition
  readonly plans: readonly SourcePlan[]
  /** What the engine staged in the last batch, by source. */
  readonly staged = new Map<string, StagedSource>()
  #stagings = 0

  readonly #roles: Omit<Deployment, 'dataDir'>
  readonly #openEngine: OpenEngine

  /** `roles` names adapters in place of the embedded ones; `openEngine` makes an engine with settings of the test's. */
  constructor(
    definition: Definition,
    roles: Omit<Deployment, 'dataDir'> = {},
    openEngine: OpenEngine = openBatchEngine,
  ) {
    this.#roles = roles
    this.#openEngine = openEngine
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
    this.definition = definition
    this.plans = buildPlans(definition, sha256)
  }

  get folders() {
    return { dataDir: join(this.folder, 'data'), ...this.#roles }
  }

  plan(metric: string): MetricPlan {
    const plans = this.plans.flatMap((plan) => plan.metrics)
    return plans.find((plan) => plan.metric === metric)!
  }

  /** Each element is one ingest command, and so at least one block. */
  async ingest(source: string, ...pieces: (Uint8Array | string | IngestInput)[]): Promise<void> {
    const archive = await openArchive(this.folders)
    for (const piece of pieces) {
      const input = typeof piece === 'object' && 'open' in piece ? piece : bytesInput(Buffer.from(piece))
      const years = await ingestYears(this.definition.sources.get(source)!)
      await archive.ingest(source, [input], { ...years, repeats: 'again' })
      await archive.acknowledge(source)
    }
  }

  /** Computes one source from lines in memory, without archive and report: what the engine stages is all there is. */
  async compute(
    source: string,
    blocks: readonly (readonly Uint8Array[])[],
    { range = {}, context }: { readonly range?: TimeRange; readonly context?: string } = {},
  ): Promise<void> {
    const plan = this.plans.find((each) => each.source === source)!
    const folder = join(this.folder, 'archive')
    mkdirSync(folder, { recursive: true })
    const engine = new DuckdbBatchEngine({ readableFolders: [folder], memoryLimit: '200MB', threads: 1 })
    const written = await writeBlocks(folder, blocks, context)
    const request = { plan, blocks: written, range, stagingDir: this.#stagingDir(source) }
    await this.#recording(engine).compute([request])
  }

  async batch(
    range: TimeRange = {},
    watch: Pick<ComputeJob, 'onProgress' | 'signal'> = {},
  ): Promise<RunRecord> {
    const job = await this.#computeJob(range)
    return runBatch({
      ...job,
      ...watch,
      checkReport: () => checkReport(this.folders),
      openReport: () => openReport(this.folders, 'write'),
      digest: sha256,
    })
  }

  /** All that a batch does but publish. */
  async stage(
    range: TimeRange = {},
    filter: Pick<ComputeJob, 'observedBeforeMs'> = {},
  ): Promise<readonly ComputedSource[]> {
    return (await computeSources({ ...(await this.#computeJob(range)), ...filter })).computed
  }

  /** `through` may stand between the verification and the report. */
  async verify({
    range = {},
    through = (report) => report,
    signal,
  }: {
    readonly range?: TimeRange
    readonly through?: (report: Report) => Report
    readonly signal?: AbortSignal
  } = {}): Promise<Verification> {
    const folder = makeScratch(this.folder)
    return verifyTotals({
      ...(await this.#computeJob(range)),
      ...{ digest: sha256, ...(signal && { signal }) },
      openReport: async () => through(await openReport(this.folders, 'read')),
      openScratchReport: () => openReport({ dataDir: folder }, 'write'),
      makeStagingDir: async () => makeScratch(folder),
    })
  }

  async #computeJob(range: TimeRange): Promise<ComputeJob> {
    return {
      plans: this.plans,
      range,
      archive: await openArchive(this.folders),
      engine: this.#recording(await this.#openEngine(this.folders)),
      archivePlace: this.folders.dataDir,
      makeStagingDir: async (name) => this.#stagingDir(name),
      now: Date.now,
    }
  }

  /** Staged partials of one tally, sorted, so that equal partials are equal arrays. */
  async partials(metric: string, tally: string): Promise<Row[]> {
    const source = this.staged.get(this.plan(metric).source)!
    const { tallies } = source.metrics.find((each) => each.metric === metric)!
    return readParquet(tallies.find(({ id }) => id === tally)!.path)
  }

  /** Every staged rejection, the whole source's and each metric's. */
  async stagedRejects(source: string): Promise<Row[]> {
    return readParquet(this.staged.get(source)!.rejectsPath)
  }

  async rejects(source: string, limit = 1000): Promise<{ total: number; lines: RejectedLine[] }> {
    const report = await openReport(this.folders, 'read')
    try {
      return await report.rejects(source, limit)
    } finally {
      await report.close()
    }
  }

  /** Finished totals as CSV; rows, dimensions and measures as the command line prints them. */
  async queryCsv(
    metric: string,
    request: Omit<QueryRequest, 'metric' | 'range'> = {},
    range: TimeRange = {},
  ): Promise<string> {
    const job = {
      definition: this.definition,
      digest: sha256,
      openReport: () => openReport(this.folders, 'read'),
    }
    const { table } = await queryMetric(job, { metric, range, ...request })
    return [...printCsv(table)].join('')
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  #recording(engine: BatchEngine): BatchEngine {
    return {
      name: engine.name,
      reads: engine.reads,
      compute: async (requests, options) => {
        const staged = await engine.compute(requests, options)
        for (const source of staged) this.staged.set(source.source, source)
        return staged
      },
      close: () => engine.close(),
    }
  }

  /** Staged files stay until `remove`, so that tests can read them. */
  #stagingDir(name: string): string {
    const path = join(this.folders.dataDir, 'staging', String(this.#stagings++), name)
    mkdirSync(path, { recursive: true })
    return path
  }
}

/** Ingests, runs one batch, hands the pipeline to the test, and cleans up. */
export async function withPipeline<T>(
  definition: string | Definition,
  inputs: Readonly<Record<string, readonly (Uint8Array | string)[]>>,
  use: (pipeline: Pipeline, record: RunRecord) => Promise<T>,
): Promise<T> {
  const pipeline = new Pipeline(typeof definition === 'string' ? defineText(definition) : definition)
  try {
    for (const [source, pieces] of Object.entries(inputs)) await pipeline.ingest(source, ...pieces)
    return await use(pipeline, await pipeline.batch())
  } finally {
    pipeline.remove()
  }
}

/** The same without archive and report, which is some times faster; each group of lines is a block. */
export async function withStaged<T>(
  definition: Definition,
  source: string,
  blocks: readonly (readonly Uint8Array[])[],
  use: (pipeline: Pipeline) => Promise<T>,
  context?: string,
): Promise<T> {
  const pipeline = new Pipeline(definition)
  try {
    await pipeline.compute(source, blocks, { ...(context !== undefined && { context }) })
    return await use(pipeline)
  } finally {
    pipeline.remove()
  }
}

/** Blocks as the archive writes them (see core/block.ts), by the shared connection. */
async function writeBlocks(
  folder: string,
  blocks: readonly (readonly Uint8Array[])[],
  context: string | undefined,
) {
  let offset = 0
  const written: BatchRequest['blocks'][number][] = []
  for (const [index, lines] of blocks.entries()) {
    const path = join(folder, `${index}.parquet`)
    await copyLines(lines, offset, path, context)
    const rawBytes = lines.reduce((sum, line) => sum + line.length, 0)
    written.push({
      location: path,
      name: `${index}.parquet`,
      firstOffset: offset,
      lines: lines.length,
      rawBytes,
    })
    offset += lines.length
  }
  return written
}

export async function copyLines(
  lines: readonly Uint8Array[],
  offset: number,
  path: string,
  context?: string,
): Promise<void> {
  const hex = lines.map((line) => `'${Buffer.from(line).toString('hex')}'`).join(', ')
  const kept = context === undefined ? 'NULL::VARCHAR' : `'${context.replaceAll("'", "''")}'`
  const rows = `SELECT CAST(${offset} + generate_subscripts(l, 1) - 1 AS BIGINT) AS "offset", CAST(0 AS BIGINT) AS observed_ms, unhex(unnest(l)) AS raw, ${kept} AS context FROM (SELECT [${hex}] AS l)`
  await readRows(`COPY (${rows}) TO '${path}' (FORMAT parquet)`)
}

let reader: Promise<DuckDBConnection> | undefined

/** One shared engine for reading what was staged. */
export function sharedConnection(): Promise<DuckDBConnection> {
  reader ??= DuckDBInstance.create(':memory:', { threads: '1' }).then((instance) => instance.connect())
  return reader
}

export async function readRows(sql: string): Promise<Row[]> {
  const connection = await sharedConnection()
  return (await connection.runAndReadAll(sql)).getRowObjects() as Row[]
}

function readParquet(path: string): Promise<Row[]> {
  return readRows(`SELECT * FROM read_parquet('${path.replaceAll("'", "''")}') ORDER BY ALL`)
}
