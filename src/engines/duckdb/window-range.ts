/** Ranges of windows as conditions on `window_start`, which is a TIMESTAMP in UTC. */
import type { TimeRange } from '../../core/run-record.ts'

/** A TIMESTAMP of milliseconds since the epoch. */
export function timestampOf(ms: number | string): string {
  return `make_timestamp_ms(${ms})`
}

export function withinRange({ fromMs, toMs }: TimeRange, column = 'window_start'): string {
  const bounds = [
    ...(fromMs === undefined ? [] : [`${column} >= ${timestampOf(fromMs)}`]),
    ...(toMs === undefined ? [] : [`${column} < ${timestampOf(toMs)}`]),
  ]
  return bounds.length > 0 ? bounds.join(' AND ') : 'TRUE'
}

export function outsideRange(range: TimeRange): string {
  return `NOT (${withinRange(range)})`
}

/** A condition on a column of milliseconds. */
export function outsideRanges(ranges: readonly Required<TimeRange>[], column: string): string {
  const outside = ranges.map(({ fromMs, toMs }) => `(${column} < ${fromMs} OR ${column} >= ${toMs})`)
  return outside.length > 0 ? outside.join(' AND ') : 'TRUE'
}
