/** The use case of a batch run: fix a cut, verify and read every block below it, compute, publish in one swap. */
import { join } from 'node:path'
import { canonicalJson } from '../core/canonical-json.ts'
import { MillraceError } from '../core/error.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { Ledger, RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive } from '../ports/archive.ts'
import type { BatchEngine, StagedSource } from '../ports/batch-engine.ts'
import type { Publication, Report } from '../ports/report.ts'

export type BatchProgress =
  | {
      readonly phase: 'verify'
      readonly source: string
      readonly blocks: number
      readonly totalBlocks: number
    }
  | {
      readonly phase: 'compute'
      readonly source: string
      readonly linesRead: number
      readonly totalLines: number
    }
  | { readonly phase: 'publish' }

export interface BatchJob {
  readonly plans: readonly SourcePlan[]
  readonly range: TimeRange
  readonly archive: Archive
  readonly engine: BatchEngine
  /** Opens the report late and briefly, so that readers are not kept out while the engine computes. */
  openReport(): Promise<Report>
  /** Where the archive is, for messages. */
  readonly dataDir: string
  /** Makes an empty staging folder; the job's owner removes it. */
  makeStagingDir(name: string): Promise<string>
  digest(text: string): string
  now(): number
  onProgress?(progress: BatchProgress): void
  readonly signal?: AbortSignal
}

interface ComputedSource {
  readonly plan: SourcePlan
  readonly staged: StagedSource
  readonly appended: number
  readonly record: RunRecord['sources'][number]
}

/**
 * Computes all plans up to the archive's present end and publishes them under one new revision. Until the
 * report's single transaction commits nothing has changed. Errors: BATCH_*, ARCHIVE_CORRUPT_BLOCK,
 * LEDGER_MISMATCH, REPORT_*.
 */
export async function runBatch(job: BatchJob): Promise<RunRecord> {
  const startedMs = job.now()
  const computed: ComputedSource[] = []
  for (const plan of job.plans) computed.push(await computeSource(job, plan))
  requireLines(job, computed)
  job.signal?.throwIfAborted()
  job.onProgress?.({ phase: 'publish' })
  const report = await job.openReport()
  try {
    return await report.publish(publication(job, computed, startedMs))
  } finally {
    await report.close()
  }
}

function publication(job: BatchJob, computed: readonly ComputedSource[], startedMs: number): Publication {
  const publishing = job.now()
  return {
    range: job.range,
    sources: computed.map(({ plan, staged, appended }) => ({ plans: plan.metrics, staged, appended })),
    record: (revision, metricRows) => ({
      revision,
      startedMs,
      finishedMs: job.now(),
      range: job.range,
      engine: job.engine.name,
      fingerprint: job.digest(canonicalJson(job.plans)),
      sources: computed.map(({ record }) => record),
      metrics: metricsOf(job.plans).map((plan) => metricLine(plan, metricRows)),
      publishMs: job.now() - publishing,
      ledger: computed.flatMap(ledgerLines),
    }),
  }
}

async function computeSource(job: BatchJob, plan: SourcePlan): Promise<ComputedSource> {
  const manifest = await job.archive.manifest(plan.source)
  const appended = manifest?.nextOffset ?? 0
  const blocks = await verifyBlocks(job, plan.source, manifest?.blocks ?? [])
  const tellProgress = (linesRead: number) =>
    job.onProgress?.({ phase: 'compute', source: plan.source, linesRead, totalLines: appended })
  tellProgress(0)
  const started = job.now()
  const staged = await job.engine.compute({
    plan,
    blocks,
    range: job.range,
    stagingDir: await job.makeStagingDir(plan.source),
    onProgress: ({ linesRead }) => tellProgress(linesRead),
    ...(job.signal && { signal: job.signal }),
  })
  const record = {
    source: plan.source,
    cut: appended,
    incarnation: manifest?.incarnation ?? '',
    blocks: blocks.length,
    linesRead: staged.linesRead,
    rejected: staged.rejected,
    computeMs: job.now() - started,
  }
  return { plan, staged, appended, record }
}

type ManifestBlocks = NonNullable<Awaited<ReturnType<Archive['manifest']>>>['blocks']

/** Every block is checked against its SHA-256 before its lines may count. */
async function verifyBlocks(job: BatchJob, source: string, blocks: ManifestBlocks) {
  const verified: { path: string; name: string; lines: number; rawBytes: number }[] = []
  for (const block of blocks) {
    job.signal?.throwIfAborted()
    const path = await job.archive.verifiedPath(source, block)
    verified.push({
      path,
      name: block.name,
      lines: block.endOffset - block.firstOffset,
      rawBytes: block.rawBytes,
    })
    job.onProgress?.({ phase: 'verify', source, blocks: verified.length, totalBlocks: blocks.length })
  }
  return verified
}

function requireLines(job: BatchJob, computed: readonly ComputedSource[]): void {
  if (computed.some(({ appended }) => appended > 0)) return
  const sources = job.plans.map((plan) => plan.source).join(', ') || 'any source'
  throw new MillraceError('BATCH_NOTHING_INGESTED', { sources, path: join(job.dataDir, 'archive') })
}

function metricsOf(plans: readonly SourcePlan[]): MetricPlan[] {
  return plans.flatMap((plan) => plan.metrics)
}

function metricLine(plan: MetricPlan, rows: ReadonlyMap<string, number>): RunRecord['metrics'][number] {
  return { metric: plan.metric, version: plan.version, rows: rows.get(plan.metric) ?? 0 }
}

/** The source's own line, then one for each metric; publish refuses the run unless all of them balance. */
export function ledgerLines({ staged, appended }: { staged: StagedSource; appended: number }): Ledger[] {
  const { source } = staged
  return [
    { source, appended, counted: staged.parsed, filtered: staged.headers, rejected: staged.rejected },
    ...staged.metrics.map(({ metric, counted, filtered, rejected }) => {
      return { source, metric, appended, counted, filtered, rejected }
    }),
  ]
}
