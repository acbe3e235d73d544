/** A time zone's offsets from UTC over a range. */
import type { ZoneHistory } from './zone-history.ts'

/** Local time is UTC + `offsetMs` for instants in `[fromMs, toMs)`. */
export interface ZoneSegment {
  readonly fromMs: number
  readonly toMs: number
  readonly offsetMs: number
}

/** Segments in order that cover `[fromMs, toMs)` without gaps. */
export function zoneSegments(history: ZoneHistory, fromMs: number, toMs: number): ZoneSegment[] {
  const { firstOffsetMs, changes } = history
  const all = [{ atMs: Number.NEGATIVE_INFINITY, offsetMs: firstOffsetMs }, ...changes]
  return all
    .map(({ atMs, offsetMs }, index) => ({
      fromMs: Math.max(atMs, fromMs),
      toMs: Math.min(all[index + 1]?.atMs ?? Number.POSITIVE_INFINITY, toMs),
      offsetMs,
    }))
    .filter((segment) => segment.fromMs < segment.toMs)
}
