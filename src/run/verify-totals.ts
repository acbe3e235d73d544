/** The use case of a verification: recompute totals from the raw lines and compare them with the report's, cell by cell. */
import { compareTotals, type TotalsDifference } from '../core/compare-totals.ts'
import { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { Report } from '../ports/report.ts'
import { requireTotals } from './find-totals.ts'
import { heldRange, readSlice, slicesOf } from './read-slices.ts'
import { type BatchJob, computeSources, publication } from './run-batch.ts'
import { readCuts } from './verify-cuts.ts'

export interface VerifyJob extends Omit<BatchJob, 'cuts'> {
  /** An empty report of this job's own, which its owner removes. */
  openScratchReport(): Promise<Report>
}

export interface VerifiedMetric {
  readonly metric: string
  readonly version: string
  readonly cells: number
  /** How many cells differ; `differences` holds the first of them. */
  readonly differing: number
  readonly differences: readonly TotalsDifference[]
}

export interface Verification {
  readonly engine: string
  readonly range: TimeRange
  readonly metrics: readonly VerifiedMetric[]
}

const MOST_DIFFERENCES = 100
/** Every percent: a wrong bucket shows at some rank. */
const RANKS = Array.from({ length: 100 }, (_, index) => ((index + 1) / 100).toFixed(2))

/**
 * Recomputes with the job's engine exactly the lines that the report's run read. Errors: METRIC_*, VERIFY_*, and
 * those of a batch.
 */
export async function verifyTotals(job: VerifyJob): Promise<Verification> {
  const report = await job.openReport()
  const scratch = await job.openScratchReport()
  try {
    const cuts = await readCuts(job, report)
    const startedMs = job.now()
    const computed = await computeSources({ ...job, cuts })
    await scratch.publish(publication(job, computed, startedMs))
    const metrics: VerifiedMetric[] = []
    for (const plan of job.plans.flatMap((source) => source.metrics))
      metrics.push(await verifyMetric(plan, job.range, report, scratch))
    return { engine: job.engine.name, range: job.range, metrics }
  } finally {
    await scratch.close()
    await report.close()
  }
}

async function verifyMetric(
  plan: MetricPlan,
  range: TimeRange,
  report: Report,
  scratch: Report,
): Promise<VerifiedMetric> {
  const states = [await requireTotals(report, plan), await requireTotals(scratch, plan)]
  const held = heldRange(plan, states)
  const bounds = {
    fromMs: Math.max(held.fromMs, range.fromMs ?? held.fromMs),
    toMs: Math.min(held.toMs, range.toMs ?? held.toMs),
  }
  const compared = { keys: 1 + plan.dimensions.length, floats: floatColumns(plan) }
  const differences: TotalsDifference[] = []
  let cells = 0
  let differing = 0
  for await (const slice of slicesOf(report, plan, bounds, { quantiles: RANKS })) {
    const recomputed = await readSlice(scratch, plan, slice.range, { quantiles: RANKS })
    const found = compareTotals(slice.table, recomputed, compared)
    cells += found.cells
    differing += found.differences.length
    differences.push(...found.differences.slice(0, MOST_DIFFERENCES - differences.length))
  }
  await requireUnchanged(report, plan, states[0]!.revision)
  return { metric: plan.metric, version: plan.version, cells, differing, differences }
}

/** Measures of floats, and the ratios, which may be made of them. */
function floatColumns({ measures, ratios }: MetricPlan): ReadonlySet<string> {
  const floats = measures.filter(({ float }) => float).map(({ measure }) => measure.name)
  return new Set(floats.length === 0 ? [] : [...floats, ...ratios.map(({ name }) => name)])
}

async function requireUnchanged(report: Report, plan: MetricPlan, revision: number): Promise<void> {
  const { metric, version } = plan
  const after = await report.metricState(metric, version)
  if (after?.revision !== revision) throw new MillraceError('VERIFY_OVERTAKEN', { metric })
}
