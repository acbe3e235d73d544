/** Totals that hold lines which were lost after they were counted: no run may count their windows again without a word. */
import type { Manifest } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import { publishedWithin } from '../core/lines-behind.ts'
import { countLost } from '../core/lost-lines.ts'
import type { PublishedRange } from '../core/metric-ranges.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { RunRecord } from '../core/run-record.ts'
import type { Report, StreamState } from '../ports/report.ts'

/** Runs looked through for what they knew to be lost. */
const MOST_RUNS = 1000

/** A run by which some windows stand: the lines that it read lie below the cut, and so many of these were lost then. */
export interface CountedRun {
  readonly cut: number
  readonly lost: number
}

interface NamedPlan extends Pick<SourcePlan, 'source'> {
  readonly metrics: readonly Pick<MetricPlan, 'metric' | 'version'>[]
}

/** By metric. */
export type CountedRuns = ReadonlyMap<string, readonly CountedRun[]>

export async function readCountedRuns(
  report: Pick<Report, 'metricState' | 'runs'>,
  plans: readonly NamedPlan[],
): Promise<CountedRuns> {
  const runs = await report.runs(MOST_RUNS)
  const counted = new Map<string, readonly CountedRun[]>()
  for (const { source, metrics } of plans) {
    for (const { metric, version } of metrics) {
      const state = await report.metricState(metric, version)
      if (state?.version === version) counted.set(metric, countedBy(source, state.published, runs))
    }
  }
  return counted
}

export function countedBy(
  source: string,
  published: readonly PublishedRange[],
  runs: readonly RunRecord[],
): CountedRun[] {
  const revisions = new Set(publishedWithin(published, {}).map(({ revision }) => revision))
  return runs
    .filter(({ revision }) => revisions.has(revision))
    .flatMap(({ sources }) => sources.filter((one) => one.source === source))
    .map(({ cut, lost = 0 }) => ({ cut, lost }))
}

/** Undefined where the archive can give all that the report has counted, by its stream and by runs. */
export function heldLost(
  { source, metrics }: NamedPlan,
  { state, runs }: { readonly state: StreamState | undefined; readonly runs: CountedRuns | undefined },
  manifest: Manifest | undefined,
): MillraceError | undefined {
  for (const plan of metrics) {
    const lines = heldLines(plan, { state, runs }, manifest)
    if (lines > 0) return new MillraceError('REPORT_HOLDS_LOST', { source, metric: plan.metric, lines })
  }
  return undefined
}

/** How many lines the totals of a metric hold that no run can read any more. */
function heldLines(
  { metric, version }: NamedPlan['metrics'][number],
  { state, runs }: { readonly state: StreamState | undefined; readonly runs: CountedRuns | undefined },
  manifest: Manifest | undefined,
): number {
  const lostIn = (fromOffset: number, endOffset: number) =>
    countLost(manifest?.lost, { fromOffset, endOffset })
  const stream = state?.metrics.find((one) => one.metric === metric && one.version === version)
  const streamed = stream ? lostIn(stream.startOffset, stream.endOffset) - (stream.ledger.lost ?? 0) : 0
  // A run may have counted what lies below the stream's start; both may have counted the same lines.
  return (runs?.get(metric) ?? []).reduce(
    (most, { cut, lost }) => Math.max(most, lostIn(0, cut) - lost),
    streamed,
  )
}

/** Why no run counts the late lines of a metric: its totals hold lost lines. Undefined where runs do. */
export async function readHeldLost(
  report: Pick<Report, 'metricState' | 'runs' | 'streamState'>,
  manifest: Manifest | undefined,
  plan: Pick<MetricPlan, 'source' | 'metric' | 'version'>,
): Promise<MillraceError | undefined> {
  if (!manifest?.lost?.length) return undefined
  const only = { source: plan.source, metrics: [plan] }
  const [state, runs] = [await report.streamState(plan.source), await readCountedRuns(report, [only])]
  return heldLost(only, { state, runs }, manifest)
}
