/** The use case of a verification: recompute totals from the raw lines and compare them with the report's, cell by cell. */
import { appendAll } from '../core/append-all.ts'
import type { Manifest } from '../core/block.ts'
import type { TotalsDifference } from '../core/compare-totals.ts'
import { MillraceError } from '../core/error.ts'
import { greatestOf } from '../core/extremes.ts'
import { type HeldSource, holdSource } from '../core/held-source.ts'
import { linesBehind } from '../core/lines-behind.ts'
import { holdsWindow } from '../core/metric-ranges.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { LateRange, Report, StreamState } from '../ports/report.ts'
import { compareReports } from './compare-reports.ts'
import type { Sides } from './compare-windows.ts'
import { requireTotals } from './find-totals.ts'
import { heldLost } from './held-lost.ts'
import { type BatchJob, computeSources, publication } from './run-batch.ts'
import { heldLines } from './source-facts.ts'
import { readBasis, type VerifyBasis } from './verify-basis.ts'

export interface VerifyJob extends Omit<BatchJob, 'cuts' | 'published' | 'lateness' | 'ends'> {
  /** An empty report of this job's own, which its owner removes. */
  openScratchReport(): Promise<Report>
  /** Counts late lines too, and tells which differences they explain. */
  readonly countsLate?: boolean
  /** Nobody streams into the report meanwhile: windows that are not final are compared too. */
  readonly isAlone?: boolean
}

export interface VerifiedMetric {
  readonly metric: string
  readonly version: string
  /** Measures of windows and series that were compared. */
  readonly cells: number
  /** How many cells differ; `differences` holds the first of them. */
  readonly differing: number
  /** How many of these lie in windows of which the ledger says that late lines wait. */
  readonly late: number
  /** From the first to the last window that differs otherwise. */
  readonly unexplained?: Required<TimeRange>
  readonly differences: readonly TotalsDifference[]
  /** Lines of the source that came later than those that the totals claim to have. */
  readonly behind: number
}

export interface Verification {
  readonly engine: string
  readonly range: TimeRange
  readonly metrics: readonly VerifiedMetric[]
  /** Sources of which nothing was compared, and why; absent where there is none. */
  readonly held?: readonly HeldSource[]
}

const MOST_DIFFERENCES = 100
/** Of each side, in memory at a time, about. */
const CHUNK_ROWS = 20_000

/**
 * Recomputes with the job's engine exactly the lines that counted in the report: those below the cut of a batch run,
 * and in windows of the stream those that were not late, up to the offset that it has come to. Beside a server only final
 * windows are compared. Errors: METRIC_*, VERIFY_*, and those of a batch.
 */
export async function verifyTotals(job: VerifyJob): Promise<Verification> {
  const report = await job.openReport()
  const scratch = await job.openScratchReport()
  try {
    const { lateness, counted, streams, runs, ...basis } = await readBasis(job, report)
    requireCounted(job.plans, basis.cuts)
    const late = job.countsLate ? await report.lateRanges() : []
    const behind = [...((await job.catchUp?.()) ?? []), ...(await holdLost(job, { streams, runs }))]
    const startedMs = job.now()
    const computation = await computeSources({
      ...{ ...job, ...basis, held: behind },
      ...(!job.countsLate && { lateness }),
      ...(!job.isAlone && { streams }),
    })
    await scratch.publish(publication(job, computation, startedMs))
    const metrics: VerifiedMetric[] = []
    for (const { plan, ranges } of computation.computed) {
      const manifest = await job.archive.manifest(plan.source)
      for (const metric of plan.metrics) {
        const waiting = late.filter((one) => isOf(metric, one))
        const found = await verifyMetric(metric, ranges.get(metric.metric)!, {
          report,
          scratch,
          waiting,
          signal: job.signal,
        })
        await requireUnchanged(report, metric, basis, job.isAlone === true)
        const behind = linesBehind(counted.get(metric.metric)!, heldLines({ manifest }), plan.source)
        metrics.push({ ...found, behind: typeof behind === 'number' ? behind : 0 })
      }
    }
    const { held } = computation
    return { engine: job.engine.name, range: job.range, metrics, ...(held.length > 0 && { held }) }
  } finally {
    await scratch.close()
    await report.close()
  }
}

/** Sources whose archive cannot give all that their totals hold. */
async function holdLost(
  { plans, archive }: VerifyJob,
  { streams, runs }: Pick<VerifyBasis, 'streams' | 'runs'>,
): Promise<HeldSource[]> {
  const held: HeldSource[] = []
  for (const plan of plans) {
    const state = streams.get(plan.source)
    const error = await archive.manifest(plan.source).then(
      (manifest) => aheadOf(state, manifest) ?? heldLost(plan, { state, runs }, manifest),
      // Whoever computes says what it cannot be read by.
      () => undefined,
    )
    if (error) held.push(holdSource(plan.source, error))
  }
  return held
}

/** By now the archive has all lines that any log holds. */
function aheadOf(state: StreamState | undefined, manifest: Manifest | undefined): MillraceError | undefined {
  if (!state || !manifest || state.endOffset <= manifest.nextOffset) return undefined
  const { source, endOffset: counted } = state
  return new MillraceError('REPORT_AHEAD', { source, counted, end: manifest.nextOffset })
}

/** A stream that has begun and counted nothing yet has no totals. Errors: METRIC_WITHOUT_TOTALS. */
function requireCounted(plans: VerifyJob['plans'], cuts: ReadonlyMap<string, number>): void {
  const [first] = plans.flatMap(({ metrics }) => metrics)
  if (first && ![...cuts.values()].some((cut) => cut > 0))
    throw new MillraceError('METRIC_WITHOUT_TOTALS', { metric: first.metric })
}

function isOf({ metric, version }: MetricPlan, noted: LateRange): boolean {
  return noted.metric === metric && noted.version === version
}

interface Compared {
  readonly report: Report
  readonly scratch: Report
  /** Windows with late lines that are not counted lie in these. */
  readonly waiting: readonly TimeRange[]
  readonly signal: AbortSignal | undefined
}

async function verifyMetric(
  plan: MetricPlan,
  range: TimeRange,
  { report, scratch, waiting, signal }: Compared,
): Promise<Omit<VerifiedMetric, 'behind'>> {
  for (const side of [report, scratch]) await requireTotals(side, plan)
  const sides = { reported: report, recomputed: scratch }
  const differences: TotalsDifference[] = []
  let [cells, differing, late] = [0, 0, 0]
  let unexplained: Required<TimeRange> | undefined
  for (const chunk of await findChunks(sides, plan, range)) {
    signal?.throwIfAborted()
    const found = await compareReports(sides, plan, chunk)
    cells += found.cells
    for await (const some of found.differences) {
      signal?.throwIfAborted()
      differing += some.length
      const others = some.filter(({ windowMs }) => !waiting.some((range) => holdsWindow(range, windowMs)))
      late += some.length - others.length
      unexplained = widen(unexplained, others, plan.windowMs)
      appendAll(differences, some.slice(0, MOST_DIFFERENCES - differences.length))
    }
  }
  const { metric, version } = plan
  return { metric, version, cells, differing, late, differences, ...(unexplained && { unexplained }) }
}

function widen(
  range: Required<TimeRange> | undefined,
  found: readonly TotalsDifference[],
  widthMs: number,
): Required<TimeRange> | undefined {
  let { fromMs, toMs } = range ?? { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY }
  for (const { windowMs } of found) {
    fromMs = Math.min(fromMs, windowMs)
    toMs = Math.max(toMs, windowMs + widthMs)
  }
  return fromMs < toMs ? { fromMs, toMs } : undefined
}

/** Ranges that hold all windows of both sides, each about as many rows of a side as may be in memory. */
async function findChunks(
  { reported, recomputed }: Sides,
  plan: MetricPlan,
  range: TimeRange,
): Promise<Required<TimeRange>[]> {
  const query = { plan, range, parts: { rows: CHUNK_ROWS } }
  const ranges = [await reported.windowRanges(query), await recomputed.windowRanges(query)].flat()
  const starts = [...new Set(ranges.map(({ fromMs }) => fromMs))].sort((a, b) => a - b)
  const endMs = greatestOf(ranges.map(({ toMs }) => toMs))
  return starts.map((fromMs, place) => ({ fromMs, toMs: starts[place + 1] ?? endMs }))
}

/** A stream adds to windows that are not final all the time. */
async function requireUnchanged(
  report: Report,
  { source, metric, version }: MetricPlan,
  { revisions, ends }: Pick<VerifyBasis, 'revisions' | 'ends'>,
  isAlone: boolean,
): Promise<void> {
  const after = await report.metricState(metric, version)
  const stream = isAlone ? await report.streamState(source) : undefined
  const streamed = stream?.metrics.find((one) => one.metric === metric && one.version === version)
  const isMoved = isAlone && streamed?.endOffset !== ends.get(metric)
  if (isMoved || after?.revision !== revisions.get(metric))
    throw new MillraceError('VERIFY_OVERTAKEN', { metric })
}
