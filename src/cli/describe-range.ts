/** A range of windows in words. */
import type { TimeRange } from '../core/run-record.ts'
import { isWholeRange } from '../core/time-coverage.ts'
import { formatInstant } from '../core/timestamp.ts'

/** `all`, or `from..to` with an open end left out. */
export function describeRange(range: TimeRange): string {
  if (isWholeRange(range)) return 'all'
  const bound = (ms: number | undefined) => (ms === undefined ? '' : formatInstant(ms))
  return `${bound(range.fromMs)}..${bound(range.toMs)}`
}
