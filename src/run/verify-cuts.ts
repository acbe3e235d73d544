/** Up to which offset the totals in a report were computed, so that a verification reads exactly the same lines. */
import { MillraceError } from '../core/error.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import { addRange, coversRange } from '../core/time-coverage.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import { requireTotals } from './find-totals.ts'

/** Runs looked through for those that made the totals. */
const MOST_RUNS = 1000

interface VerifiedRange {
  readonly plans: readonly SourcePlan[]
  readonly range: TimeRange
  readonly archive: Archive
}

/** Errors: METRIC_*, VERIFY_NOT_COMPUTED, VERIFY_SEVERAL_CUTS, VERIFY_OTHER_ARCHIVE. */
export async function readCuts(
  { plans, range, archive }: VerifiedRange,
  report: Report,
): Promise<ReadonlyMap<string, number>> {
  const runs = await report.runs(MOST_RUNS)
  const cuts = new Map<string, number>()
  for (const { source, metrics } of plans) {
    const manifest = await archive.manifest(source)
    for (const metric of metrics) {
      await requireTotals(report, metric)
      for (const run of runsBehind(runs, metric, range)) {
        const { cut, incarnation } = run.sources.find((one) => one.source === source)!
        if (incarnation !== (manifest?.incarnation ?? ''))
          throw new MillraceError('VERIFY_OTHER_ARCHIVE', { source, revision: run.revision })
        if ((cuts.get(source) ?? cut) !== cut) throw new MillraceError('VERIFY_SEVERAL_CUTS', { source })
        cuts.set(source, cut)
      }
    }
  }
  return cuts
}

/** The newest runs that together made the metric's totals in the range. */
function runsBehind(
  runs: readonly RunRecord[],
  { metric, version }: MetricPlan,
  range: TimeRange,
): RunRecord[] {
  const behind: RunRecord[] = []
  let covered: TimeRange[] = []
  const newestFirst = [...runs].sort((a, b) => b.revision - a.revision)
  for (const run of newestFirst) {
    if (!run.metrics.some((one) => one.metric === metric && one.version === version)) continue
    if (!doRangesMeet(run.range, range) || coversRange(covered, run.range)) continue
    behind.push(run)
    covered = addRange(covered, run.range)
    if (coversRange(covered, range)) return behind
  }
  throw new MillraceError('VERIFY_NOT_COMPUTED', { metric })
}

function doRangesMeet(a: TimeRange, b: TimeRange): boolean {
  const startsBefore = (one: TimeRange, other: TimeRange) =>
    one.fromMs === undefined || other.toMs === undefined || one.fromMs < other.toMs
  return startsBefore(a, b) && startsBefore(b, a)
}
