/** The use case that finds where a job on a topic may begin: at the first chunk that no total has lines of. */
import { MillraceError } from '../core/error.ts'
import type { Log, RecordRun } from '../ports/log.ts'
import type { Report } from '../ports/report.ts'
import type { StreamStart } from '../ports/stream-jobs.ts'

/** Errors: JOBS_NO_LINES. */
export async function findStreamStart(
  log: Log,
  report: Pick<Report, 'streamState'>,
  source: string,
  chunkMs: number,
): Promise<StreamStart> {
  const records = log.records?.(source)
  if (!records) throw new MillraceError('JOBS_NO_LINES', { source })
  const state = await report.streamState(source)
  const { startOffset } = log.sources().find((one) => one.source === source)!
  const runs = records.runs(Math.max(state?.endOffset ?? startOffset, startOffset), Number.POSITIVE_INFINITY)
  const numberOf = ({ observedMs }: RecordRun) => Math.floor(observedMs / chunkMs)
  // The report may have some lines of the first chunk.
  const first = runs.findIndex((run) => numberOf(run) > numberOf(runs[0]!))
  const left = first < 0 ? [] : runs.slice(first)
  const positions = new Map(records.positions())
  for (const { partition, firstRecord } of [...left].reverse()) positions.set(partition, firstRecord)
  const [next] = left
  const now = Math.max(log.end(source).clockMs, runs.at(-1)?.observedMs ?? 0)
  return {
    topic: records.topic,
    positions,
    sinceChunk: next ? numberOf(next) : Math.floor(now / chunkMs) + 1,
  }
}
