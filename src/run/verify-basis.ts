/** Which lines counted in the totals of a report, so that a verification counts exactly the same. */

import { checkLedger } from '../core/check-ledger.ts'
import { MillraceError } from '../core/error.ts'
import type { LatenessSteps } from '../core/lateness.ts'
import { type Counted, publishedWithin } from '../core/lines-behind.ts'
import type { PublishedRange } from '../core/metric-ranges.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import { addRange, coversRange } from '../core/time-coverage.ts'
import type { Archive } from '../ports/archive.ts'
import type { MetricState, Report, StreamState } from '../ports/report.ts'
import { requireTotals } from './find-totals.ts'
import { type CountedRun, type CountedRuns, countedBy } from './held-lost.ts'
import { readStreams } from './read-streams.ts'
import type { ComputeJob } from './run-batch.ts'

/** Runs looked through for the archive that totals were made from. */
const MOST_RUNS = 1000

interface VerifiedRange {
  readonly plans: readonly SourcePlan[]
  readonly range: TimeRange
  readonly archive: Archive
}

export interface VerifyBasis
  extends Required<Pick<ComputeJob, 'published' | 'lateness' | 'ends' | 'cuts' | 'streams'>> {
  /** By metric, of its totals when the basis was read: another one means other cuts. */
  readonly revisions: ReadonlyMap<string, number>
  /** By metric, which runs counted its totals. */
  readonly runs: CountedRuns
  /** By metric, who counted its totals. */
  readonly counted: ReadonlyMap<string, Counted>
}

/** Errors: LEDGER_MISMATCH, METRIC_*, VERIFY_NOT_COMPUTED, VERIFY_OTHER_ARCHIVE. */
export async function readBasis(
  { plans, range, archive }: VerifiedRange,
  report: Report,
): Promise<VerifyBasis> {
  const runs = await report.runs(MOST_RUNS)
  const streams = await readStreams(report, plans)
  const published = new Map<string, readonly PublishedRange[]>()
  const lateness = new Map<string, LatenessSteps>()
  const cuts = new Map<string, number>()
  const revisions = new Map<string, number>()
  const ends = new Map<string, number>()
  const counted = new Map<string, Counted>()
  const countedRuns = new Map<string, readonly CountedRun[]>()
  for (const { source, metrics } of plans) {
    const incarnation = await incarnationOf(archive, source)
    const stream = streams.get(source)
    if (stream) requireBalance(stream)
    for (const plan of metrics) {
      const state = await requireTotals(report, plan)
      const streamed = findStreamed(stream, plan)
      requireCovered(plan, state, range)
      if (incarnation !== undefined) requireArchive(source, incarnation, state, runs)
      published.set(plan.metric, state.published)
      countedRuns.set(plan.metric, countedBy(source, state.published, runs))
      revisions.set(plan.metric, state.revision)
      if (streamed) lateness.set(plan.metric, streamed.lateness)
      const streamedTo = streamed?.endOffset ?? 0
      if (streamed) ends.set(plan.metric, streamedTo)
      const most = state.published.reduce((highest, { cut }) => Math.max(highest, cut), streamedTo)
      cuts.set(source, Math.max(cuts.get(source) ?? 0, most))
      const { revision } = state
      counted.set(plan.metric, {
        ...{
          runs,
          revision,
          streamedTo: streamed?.endOffset,
          published: publishedWithin(state.published, range),
        },
      })
    }
  }
  return { published, lateness, ends, cuts, streams, revisions, counted, runs: countedRuns }
}

/** Undefined where its manifest is damaged: it is left out of the comparison then. */
function incarnationOf(archive: Archive, source: string): Promise<string | undefined> {
  return archive.manifest(source).then(
    (manifest) => manifest?.incarnation ?? '',
    (error: unknown) => {
      if (error instanceof MillraceError && error.code === 'ARCHIVE_CORRUPT_MANIFEST') return undefined
      throw error
    },
  )
}

/** Every offset that a stream has passed is in its ledger. */
function requireBalance({ metrics }: StreamState): void {
  for (const { startOffset, endOffset, ledger } of metrics)
    checkLedger({ ...ledger, appended: endOffset - startOffset })
}

function findStreamed(stream: StreamState | undefined, { metric, version }: MetricPlan) {
  return stream?.metrics.find((one) => one.metric === metric && one.version === version)
}

/** What is not known to be counted up to some offset cannot be counted again. */
function requireCovered(
  { metric }: MetricPlan,
  { coverage, published, finalBeforeMs }: MetricState,
  range: TimeRange,
): void {
  // Revision 0: published before cuts were kept.
  const ranges = published.filter(({ revision }) => revision > 0).map((one) => one.range)
  const parts = finalBeforeMs === undefined ? ranges : [...ranges, ...coverage]
  const counted = parts.reduce<TimeRange[]>((all, one) => addRange(all, one), [])
  const isCovered = coversRange(coverage, range) && coversRange(counted, range)
  if (!isCovered) throw new MillraceError('VERIFY_NOT_COMPUTED', { metric })
}

function requireArchive(
  source: string,
  incarnation: string,
  { published }: MetricState,
  runs: readonly RunRecord[],
): void {
  for (const { revision } of published) {
    const run = runs.find((one) => one.revision === revision)
    const other = run?.sources.find((one) => one.source === source && one.incarnation !== incarnation)
    if (other) throw new MillraceError('VERIFY_OTHER_ARCHIVE', { source, revision })
  }
}
