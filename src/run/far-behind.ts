/** Metrics that are so far behind their source that a batch run takes them to the archive's end before their stream goes on. */
import type { SourcePlan } from '../core/plan.ts'
import type { Report } from '../ports/report.ts'
import { placeStream } from './place-stream.ts'
import { type LinesPlace, SourceLines } from './source-lines.ts'

/** A batch engine reads so many lines sooner than a stream, which has one thread. */
const MOST_LINES = 5_000_000

export interface FarBehindJob extends Omit<LinesPlace, 'source'> {
  readonly plan: SourcePlan
  readonly report: Pick<Report, 'streamState'>
  /** For tests. */
  readonly mostLines?: number
}

export interface FarBehind {
  readonly metrics: readonly string[]
  /** Of the metric that is furthest behind. */
  readonly lines: number
}

/** Undefined where none is. Errors: REPORT_AHEAD, REPORT_OTHER_ARCHIVE, REPORT_OTHER_LOG. */
export async function farBehind(job: FarBehindJob): Promise<FarBehind | undefined> {
  const { plan, report, mostLines = MOST_LINES } = job
  const end = await new SourceLines({ ...job, source: plan.source }).end()
  const state = await report.streamState(plan.source)
  placeStream(state, end)
  const missing = plan.metrics.map(({ metric, version }): [string, number] => {
    const held = state?.metrics.find((one) => one.metric === metric && one.version === version)
    return [metric, end.endOffset - (held?.endOffset ?? state?.endOffset ?? 0)]
  })
  const far = missing.filter(([, lines]) => lines > mostLines)
  if (far.length === 0) return undefined
  return {
    metrics: far.map(([metric]) => metric),
    lines: far.reduce((most, [, lines]) => Math.max(most, lines), 0),
  }
}
