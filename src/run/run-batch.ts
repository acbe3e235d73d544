/** The use case of a batch run: fix a cut, verify and read every block below it, compute, publish in one swap. */

import { ledgerLines } from '../compile/ledger-lines.ts'
import type { Manifest } from '../core/block.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { MillraceError } from '../core/error.ts'
import { allHeldError, type HeldSource, holdSource } from '../core/held-source.ts'
import { countLost } from '../core/lost-lines.ts'
import { type MetricRanges, rangeOf } from '../core/metric-ranges.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive } from '../ports/archive.ts'
import type { BatchEngine, BatchRequest, BlockLocation, StagedSource } from '../ports/batch-engine.ts'
import type { BatchAdvance, Publication, Report, StreamState } from '../ports/report.ts'
import { batchAdvance, type TakeOver } from './batch-advance.ts'
import { checkBlock } from './check-blocks.ts'
import { finalRanges } from './final-ranges.ts'
import { type CountedRuns, heldLost } from './held-lost.ts'

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
  /** By which runs the totals of the report stand. */
  readonly runs?: CountedRuns
  /** Nobody streams meanwhile: windows that are not final count too, and streams go on from the cut. */
  readonly takesOver?: TakeOver
  /** Sources that are left as they are. */
  readonly held?: readonly HeldSource[]
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
  /** Absent where a report can have no totals. */
  readRuns?(): Promise<CountedRuns>
  /** Sources that are counted as if no stream had ever been. */
  readonly restarts?: readonly string[]
  /**
   * Brings into the archive what logs hold and it has not; gives the sources of which it could not, and those whose lines
   * are not the ones that these streams have counted.
   */
  catchUp?(streams?: ReadonlyMap<string, StreamState>): Promise<readonly HeldSource[]>
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
  /** Of these, lost lines. */
  readonly lost: number
  readonly ranges: ReadonlyMap<string, TimeRange>
  readonly record: RunRecord['sources'][number]
  readonly advance?: BatchAdvance
}

/** A source up to its cut: every block below it that is read is checked. */
interface CutSource {
  readonly cut: number
  /** Lines that the request must find by the archive's account; only the engine can tell when it is undefined. */
  readonly appended: number | undefined
  readonly lost: number
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
  const runs = await job.readRuns?.()
  const behind = (await job.catchUp?.(job.takesOver?.replaces ? undefined : streams)) ?? []
  const { computed, held } = await computeSources({
    ...{ ...job, held: behind },
    ...(streams && { streams }),
    ...(runs && { runs }),
  })
  job.signal?.throwIfAborted()
  job.onProgress?.({ phase: 'publish' })
  const report = await job.openReport()
  try {
    return await report.publish(publication(job, { computed, held }, startedMs))
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
  { computed, held }: Computation,
  startedMs: number,
): Publication {
  const publishing = job.now()
  const ranges = new Map(computed.flatMap((source) => [...source.ranges]))
  return {
    ...{ range: job.range, ranges },
    ...(job.restarts && { restarts: job.restarts }),
    sources: computed.map(({ plan, staged, appended, lost, advance }) => {
      return { plans: plan.metrics, staged, appended, lost, ...(advance && { advance }) }
    }),
    record: (revision, metricRows) => ({
      revision,
      startedMs,
      finishedMs: job.now(),
      range: job.range,
      engine: job.engine.name,
      fingerprint: job.digest(canonicalJson(job.plans)),
      sources: computed.map(({ record }) => record),
      metrics: computed
        .flatMap(({ plan }) => plan.metrics)
        .map((plan) => metricLine(plan, metricRows, { range: job.range, ranges })),
      ...(held.length > 0 && { held }),
      publishMs: job.now() - publishing,
      ledger: computed.flatMap(ledgerLines),
    }),
  }
}

export interface Computation {
  readonly computed: readonly ComputedSource[]
  /** Those of the job's plans that were left out. */
  readonly held: readonly HeldSource[]
}

/** Each of these is of one source, and no reason to hold up the others. */
const HOLDING: readonly string[] = [
  'ARCHIVE_CORRUPT_BLOCK',
  'ARCHIVE_CORRUPT_MANIFEST',
  'REPORT_AHEAD',
  'REPORT_HOLDS_LOST',
  'REPORT_OTHER_ARCHIVE',
]

/** All sources in one start of the engine. Errors: those of a batch; that of a held source where all are held. */
export async function computeSources(job: ComputeJob): Promise<Computation> {
  const cuts: CutSource[] = []
  const held: HeldSource[] = []
  try {
    for (const plan of job.plans) {
      const cut = await cutOrHold(job, plan)
      if ('cut' in cut) cuts.push(cut)
      else held.push(cut)
    }
    requireLines(job, cuts, held)
    return { held, computed: await computeCuts(job, cuts, held) }
  } finally {
    // What cannot be removed now a later run removes; it must not hide why this one failed.
    for (const { request } of cuts) await request.shared?.remove().catch(() => undefined)
  }
}

/** A block that only the engine finds damaged holds up its source; the others are computed once more, without it. */
async function computeCuts(
  job: ComputeJob,
  cuts: CutSource[],
  held: HeldSource[],
): Promise<ComputedSource[]> {
  for (;;) {
    const started = job.now()
    try {
      const staged = await job.engine.compute(
        cuts.map(({ request }) => request),
        { onProgress: (news) => tellProgress(job, cuts, news), ...(job.signal && { signal: job.signal }) },
      )
      const elapsed = job.now() - started
      return cuts.map((cut, index) => computedSource(cut, staged[index]!, elapsed))
    } catch (error) {
      const at = corruptSource(error, cuts)
      if (at < 0 || !cuts.some(({ cut }, index) => index !== at && cut > 0)) throw error
      const [left] = cuts.splice(at, 1)
      held.push(holdSource(left!.request.plan.source, error as MillraceError))
      for (const cut of [left!, ...cuts]) await cut.request.shared?.remove().catch(() => undefined)
      for (const [index, cut] of cuts.entries())
        cuts[index] = { ...cut, request: await stagedElsewhere(job, cut.request, held.length) }
    }
  }
}

function corruptSource(error: unknown, cuts: readonly CutSource[]): number {
  if (!(error instanceof MillraceError) || error.code !== 'ARCHIVE_CORRUPT_BLOCK') return -1
  return cuts.findIndex(({ request }) => request.plan.source === error.params['source'])
}

/** What an attempt left must not be taken for rows of the next one. */
async function stagedElsewhere(
  { archive, makeStagingDir }: ComputeJob,
  { shared, ...request }: BatchRequest,
  attempt: number,
): Promise<BatchRequest> {
  const { source } = request.plan
  const stagingDir = await makeStagingDir(`${source}-${attempt}`)
  return { ...request, stagingDir, ...(shared && { shared: await archive.shareFolder(source) }) }
}

function computedSource(source: CutSource, staged: StagedSource, elapsedMs: number): ComputedSource {
  const { cut, incarnation, request, advance, lost, appended = staged.linesRead + lost } = source
  const record = {
    source: request.plan.source,
    cut,
    incarnation,
    blocks: request.blocks.length,
    linesRead: staged.linesRead,
    ...(lost > 0 && { lost }),
    rejected: staged.rejected,
    computeMs: staged.computeMs ?? elapsedMs,
  }
  const { plan, ranges } = request
  return { plan, staged, appended, lost, ranges: ranges!, record, ...(advance && { advance }) }
}

async function cutOrHold(job: ComputeJob, plan: SourcePlan): Promise<CutSource | HeldSource> {
  const known = job.held?.find(({ source }) => source === plan.source)
  if (known) return known
  try {
    return await cutSource(job, plan)
  } catch (error) {
    if (!(error instanceof MillraceError) || !HOLDING.includes(error.code)) throw error
    return holdSource(plan.source, error)
  }
}

async function cutSource(job: ComputeJob, plan: SourcePlan): Promise<CutSource> {
  const { source } = plan
  const manifest = await job.archive.manifest(source)
  const limit = job.cuts?.get(source) ?? Number.POSITIVE_INFINITY
  const below = (manifest?.blocks ?? []).filter(({ firstOffset }) => firstOffset < limit)
  const lostBelow = (manifest?.lost ?? []).filter(({ fromOffset }) => fromOffset < limit)
  const cut = Math.max(below.at(-1)?.endOffset ?? 0, lostBelow.at(-1)?.endOffset ?? 0)
  const state = job.streams?.get(source)
  const advance = job.takesOver && manifest && batchAdvance(plan, job.takesOver, { state, manifest })
  const holding = advance?.replaces ? undefined : heldLost(plan, { state, runs: job.runs }, manifest)
  if (holding) throw holding
  const ranges = finalRanges(plan, job, { state, cut, ...(advance && { advance }) })
  const known = knownBlocks(job, manifest, below)
  const blocks = await checkBlocks(job, source, known.blocks)
  const stagingDir = await job.makeStagingDir(source)
  const shared = job.engine.reads === 'uris' ? await job.archive.shareFolder(source) : undefined
  const { observedBeforeMs } = known
  const lost = countLost(lostBelow, { fromOffset: 0, endOffset: cut })
  return {
    ...{ cut, lost },
    appended: observedBeforeMs === undefined ? linesOf(known.blocks) + lost : undefined,
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

function requireLines(job: ComputeJob, cuts: readonly CutSource[], held: readonly HeldSource[]): void {
  if (cuts.some(({ cut }) => cut > 0)) return
  const empty = cuts.map(({ request }) => request.plan.source)
  if (held.length > 0) throw allHeldError(held, empty)
  const sources = job.plans.map((plan) => plan.source).join(', ') || 'any source'
  throw new MillraceError('BATCH_NOTHING_INGESTED', { sources, path: job.archivePlace })
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
