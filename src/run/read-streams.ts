/** How far the streams of some sources have come in a report. */
import type { SourcePlan } from '../core/plan.ts'
import type { Report, StreamState } from '../ports/report.ts'

/** By source; those without a stream are left out. */
export async function readStreams(
  report: Report,
  plans: readonly SourcePlan[],
): Promise<ReadonlyMap<string, StreamState>> {
  const streams = new Map<string, StreamState>()
  for (const { source } of plans) {
    const state = await report.streamState(source)
    if (state) streams.set(source, state)
  }
  return streams
}
