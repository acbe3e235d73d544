/** The use case of a batch run: fix a cut, verify and read every block below it, compute, publish in one swap. */

import { ledgerLines } from '../compile/ledger-lines.ts'
import type { Manifest } from '../core/block.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { MillraceError } from '../core/error.ts'
import { type MetricRanges, rangeOf } from '../core/metric-ranges.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive } from '../ports/archive.ts'
import type { BatchEngine, BatchRequest, BlockLocation, StagedSource } from '../ports/batch-engine.ts'
import type { BatchAdvance, Publication, Report, StreamState } from '../ports/report.ts'
import { batchAdvance, type TakeOver } from './batch-advance.ts'
import { checkBlock } from './check-blocks.ts'
import { finalRanges } from './final-ranges.ts'

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

/** What is needed to compute, without publishing. */
export interface ComputeJob
  extends MetricRanges,
    Pick<BatchRequest, 'lateness' | 'published' | 'ends' | 'observedBeforeMs'> {
  readonly plans: readonly SourcePlan[]
  /** By source, blocks that begin at this offset or later are not read. */
  readonly cuts?: ReadonlyMap<string, number>
  /** By source, how far its stream was before this job; then only what is final is computed, unless it is taken over. */
  readonly streams?: ReadonlyMap<string, StreamState>
  /** Nobody streams meanwhile: windows that are not final count too, and streams go on from the cut. */
  readonly takesOver?: TakeOver
  readonly archive: Archive
  readonly engine: BatchEngine
  /** Where the archive is, for messages. */
  readonly archivePlace: string
  /** Makes an empty staging folder; the job's owner removes it. */
  makeStagingDir(name: string): Promise<string>
  now(): number
  onProgress?(progress: BatchProgress): void
  readonly signal?: AbortSignal
}

export interface BatchJob extends ComputeJob {
  /** Absent where a report can have no streams. */
  readStreams?(): Promise<ReadonlyMap<string, StreamState>>
  /** Sources that are counted as if no stream had ever been. */
  readonly restarts?: readonly string[]
  /** Brings into the archive what logs hold and it has not. */
  catchUp?(): Promise<void>
  /** Before anything is computed; rejects when this machine could not publish. */
  checkReport?(): Promise<void>
  /** Opens the report late and briefly, so that readers are not kept out while the engine computes. */
  openReport(): Promise<Report>
  digest(text: string): string
}

export interface ComputedSource {
  readonly plan: SourcePlan
  readonly staged: StagedSource
  readonly appended: number
  readonly ranges: ReadonlyMap<string, TimeRange>
  readonly record: RunRecord['sources'][number]
  readonly advance?: BatchAdvance
}

/** A source up to its cut: every block below it that is read is checked. */
interface CutSource {
  readonly cut: number
  /** Lines that the request must find by the archive's account; only the engine can tell when it is undefined. */
  readonly appended: number | undefined
  readonly incarnation: string
  readonly request: BatchRequest
  readonly advance?: BatchAdvance
}

/**
 * Computes all plans up to the archive's present end and publishes them under one new revision. Until the
 * report's single transaction commits nothing has changed. Errors: BATCH_*, ARCHIVE_CORRUPT_BLOCK,
 * LEDGER_MISMATCH, REPORT_*.
 */
export async function runBatch(job: BatchJob): Promise<RunRecord> {
  const startedMs = job.now()
  await job.checkReport?.()
  // Before any cut is fixed: what the stream counts later lies beyond it.
  const streams = withoutSources(await job.readStreams?.(), job.restarts ?? [])
  await job.catchUp?.()
  const computed = await computeSources({ ...job, ...(streams && { streams }) })
  job.signal?.throwIfAborted()
  job.onProgress?.({ phase: 'publish' })
  const report = await job.openReport()
  try {
    return await report.publish(publication(job, computed, startedMs))
  } finally {
    await report.close()
  }
}

function withoutSources(
  streams: ReadonlyMap<string, StreamState> | undefined,
  sources: readonly string[],
): ReadonlyMap<string, StreamState> | undefined {
  return streams && new Map([...streams].filter(([source]) => !sources.includes(source)))
}

export function publication(
  job: Omit<BatchJob, 'openReport'>,
  computed: readonly ComputedSource[],
  startedMs: number,
): Publication {
  const publishing = job.now()
  const ranges = new Map(computed.flatMap((source) => [...source.ranges]))
  return {
    ...{ range: job.range, ranges },
    ...(job.restarts && { restarts: job.restarts }),
    sources: computed.map(({ plan, staged, appended, advance }) => {
      return { plans: plan.metrics, staged, appended, ...(advance && { advance }) }
    }),
    record: (revision, metricRows) => ({
      revision,
      startedMs,
      finishedMs: job.now(),
      range: job.range,
      engine: job.engine.name,
      fingerprint: job.digest(canonicalJson(job.plans)),
      sources: computed.map(({ record }) => record),
      metrics: metricsOf(job.plans).map((plan) => metricLine(plan, metricRows, { range: job.range, ranges })),
      publishMs: job.now() - publishing,
      ledger: computed.flatMap(ledgerLines),
    }),
  }
}

/** All sources in one start of the engine. */
export async function computeSources(job: ComputeJob): Promise<ComputedSource[]> {
  const cuts: CutSource[] = []
  try {
    for (const plan of job.plans) cuts.push(await cutSource(job, plan))
    requireLines(job, cuts)
    const started = job.now()
    const staged = await job.engine.compute(
      cuts.map(({ request }) => request),
      { onProgress: (news) => tellProgress(job, cuts, news), ...(job.signal && { signal: job.signal }) },
    )
    const elapsed = job.now() - started
    return cuts.map((cut, index) => computedSource(cut, staged[index]!, elapsed))
  } finally {
    // What cannot be removed now a later run removes; it must not hide why this one failed.
    for (const { request } of cuts) await request.shared?.remove().catch(() => undefined)
  }
}

function computedSource(source: CutSource, staged: StagedSource, elapsedMs: number): ComputedSource {
  const { cut, incarnation, request, advance, appended = staged.linesRead } = source
  const record = {
    source: request.plan.source,
    cut,
    incarnation,
    blocks: request.blocks.length,
    linesRead: staged.linesRead,
    rejected: staged.rejected,
    computeMs: staged.computeMs ?? elapsedMs,
  }
  const { plan, ranges } = request
  return { plan, staged, appended, ranges: ranges!, record, ...(advance && { advance }) }
}

async function cutSource(job: ComputeJob, plan: SourcePlan): Promise<CutSource> {
  const { source } = plan
  const manifest = await job.archive.manifest(source)
  const limit = job.cuts?.get(source) ?? Number.POSITIVE_INFINITY
  const below = (manifest?.blocks ?? []).filter(({ firstOffset }) => firstOffset < limit)
  const cut = below.at(-1)?.endOffset ?? 0
  const state = job.streams?.get(source)
  const advance = job.takesOver && manifest && batchAdvance(plan, job.takesOver, { state, manifest })
  const ranges = finalRanges(plan, job, { state, cut, ...(advance && { advance }) })
  const known = knownBlocks(job, manifest, below)
  const blocks = await checkBlocks(job, source, known.blocks)
  const stagingDir = await job.makeStagingDir(source)
  const shared = job.engine.reads === 'uris' ? await job.archive.shareFolder(source) : undefined
  const { observedBeforeMs } = known
  return {
    cut,
    appended: observedBeforeMs === undefined ? linesOf(known.blocks) : undefined,
    incarnation: manifest?.incarnation ?? '',
    ...(advance && { advance }),
    request: {
      ...{ plan, blocks, range: job.range, ranges, stagingDir },
      ...(job.lateness && { lateness: job.lateness }),
      ...(job.published && { published: job.published }),
      ...(manifest?.clockRepairs && { clockRepairs: manifest.clockRepairs }),
      ...(job.ends && { ends: job.ends }),
      ...(observedBeforeMs !== undefined && { observedBeforeMs }),
      ...(shared && { shared }),
    },
  }
}

/** The observed clock never runs backwards, so all blocks lie before a time or after it where the manifest says so. */
function knownBlocks(
  { observedBeforeMs }: ComputeJob,
  manifest: Manifest | undefined,
  blocks: Manifest['blocks'],
): { readonly blocks: Manifest['blocks']; readonly observedBeforeMs?: number } {
  if (observedBeforeMs === undefined) return { blocks }
  const { firstObservedMs = 0, lastObservedMs = Number.POSITIVE_INFINITY } = manifest ?? {}
  if (firstObservedMs >= observedBeforeMs) return { blocks: [] }
  return lastObservedMs < observedBeforeMs ? { blocks } : { blocks, observedBeforeMs }
}

function linesOf(blocks: Manifest['blocks']): number {
  return blocks.reduce((lines, { firstOffset, endOffset }) => lines + endOffset - firstOffset, 0)
}

/** Every block is checked before its lines may count. */
async function checkBlocks(job: ComputeJob, source: string, blocks: Manifest['blocks']) {
  const checked: BlockLocation[] = []
  for (const block of blocks) {
    job.signal?.throwIfAborted()
    checked.push(await checkBlock({ archive: job.archive, source, reads: job.engine.reads }, block))
    job.onProgress?.({ phase: 'verify', source, blocks: checked.length, totalBlocks: blocks.length })
  }
  return checked
}

function tellProgress(
  job: ComputeJob,
  cuts: readonly CutSource[],
  { source, linesRead }: { source: string; linesRead: number },
): void {
  const totalLines = cuts.find(({ request }) => request.plan.source === source)?.cut ?? 0
  job.onProgress?.({ phase: 'compute', source, linesRead, totalLines })
}

function requireLines(job: ComputeJob, cuts: readonly CutSource[]): void {
  if (cuts.some(({ cut }) => cut > 0)) return
  const sources = job.plans.map((plan) => plan.source).join(', ') || 'any source'
  throw new MillraceError('BATCH_NOTHING_INGESTED', { sources, path: job.archivePlace })
}

function metricsOf(plans: readonly SourcePlan[]): MetricPlan[] {
  return plans.flatMap((plan) => plan.metrics)
}

function metricLine(
  { metric, version }: MetricPlan,
  rows: ReadonlyMap<string, number>,
  ranges: MetricRanges,
): RunRecord['metrics'][number] {
  const range = rangeOf(ranges, metric)
  const isOther = range.fromMs !== ranges.range.fromMs || range.toMs !== ranges.range.toMs
  return { metric, version, rows: rows.get(metric) ?? 0, ...(isOther && { range }) }
}
