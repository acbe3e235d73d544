/** The use case of a verification: recompute totals from the raw lines and compare them with the report's, cell by cell. */
import { appendAll } from '../core/append-all.ts'
import type { TotalsDifference } from '../core/compare-totals.ts'
import { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { LateWindow, Report } from '../ports/report.ts'
import { compareReports } from './compare-reports.ts'
import { requireTotals } from './find-totals.ts'
import { heldRange } from './read-slices.ts'
import { type BatchJob, computeSources, publication } from './run-batch.ts'
import { readBasis } from './verify-basis.ts'

export interface VerifyJob extends Omit<BatchJob, 'cuts' | 'published' | 'lateness'> {
  /** An empty report of this job's own, which its owner removes. */
  openScratchReport(): Promise<Report>
  /** Counts late lines too, and tells which differences they explain. */
  readonly countsLate?: boolean
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
}

export interface Verification {
  readonly engine: string
  readonly range: TimeRange
  readonly metrics: readonly VerifiedMetric[]
}

const MOST_DIFFERENCES = 100
/** Windows whose digests are in memory at a time. */
const CHUNK_WINDOWS = 10_000

/**
 * Recomputes with the job's engine exactly the lines that counted in the report: those below the cut of a batch run,
 * and in windows of the stream those that were not late. Beside a stream only final windows are compared. Errors:
 * METRIC_*, VERIFY_*, and those of a batch.
 */
export async function verifyTotals(job: VerifyJob): Promise<Verification> {
  const report = await job.openReport()
  const scratch = await job.openScratchReport()
  try {
    const { lateness, revisions, ...basis } = await readBasis(job, report)
    const late = job.countsLate ? await report.lateWindows() : []
    await job.catchUp?.()
    const startedMs = job.now()
    const computed = await computeSources({ ...job, ...basis, ...(!job.countsLate && { lateness }) })
    await scratch.publish(publication(job, computed, startedMs))
    const metrics: VerifiedMetric[] = []
    for (const { plan, ranges } of computed)
      for (const metric of plan.metrics) {
        const waiting = new Set(late.filter((one) => isOf(metric, one)).map(({ windowMs }) => windowMs))
        const found = await verifyMetric(metric, ranges.get(metric.metric)!, { report, scratch, waiting })
        await requireUnchanged(report, metric, revisions.get(metric.metric)!)
        metrics.push(found)
      }
    return { engine: job.engine.name, range: job.range, metrics }
  } finally {
    await scratch.close()
    await report.close()
  }
}

function isOf({ metric, version }: MetricPlan, window: LateWindow): boolean {
  return window.metric === metric && window.version === version
}

interface Compared {
  readonly report: Report
  readonly scratch: Report
  /** Starts of windows with late lines that are not counted. */
  readonly waiting: ReadonlySet<number>
}

async function verifyMetric(
  plan: MetricPlan,
  range: TimeRange,
  { report, scratch, waiting }: Compared,
): Promise<VerifiedMetric> {
  const states = [await requireTotals(report, plan), await requireTotals(scratch, plan)]
  const held = heldRange(plan, states)
  const bounds = {
    fromMs: Math.max(held.fromMs, range.fromMs ?? held.fromMs),
    toMs: Math.min(held.toMs, range.toMs ?? held.toMs),
  }
  const sides = { reported: report, recomputed: scratch }
  const differences: TotalsDifference[] = []
  let [cells, differing, late] = [0, 0, 0]
  let unexplained: Required<TimeRange> | undefined
  for (const chunk of chunksOf(bounds, plan.windowMs * CHUNK_WINDOWS)) {
    const found = await compareReports(sides, plan, chunk)
    cells += found.cells
    for await (const some of found.differences) {
      differing += some.length
      const others = some.filter(({ windowMs }) => !waiting.has(windowMs))
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

function* chunksOf({ fromMs, toMs }: Required<TimeRange>, stepMs: number): Generator<Required<TimeRange>> {
  for (let startMs = fromMs; startMs < toMs; startMs += stepMs)
    yield { fromMs: startMs, toMs: Math.min(startMs + stepMs, toMs) }
}

async function requireUnchanged(report: Report, plan: MetricPlan, revision: number): Promise<void> {
  const { metric, version } = plan
  const after = await report.metricState(metric, version)
  if (after?.revision !== revision) throw new MillraceError('VERIFY_OVERTAKEN', { metric })
}
