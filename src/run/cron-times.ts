/** The instants that five fields of cron name in a time zone, by the table of zones that everything else follows. */
import { Cron } from 'croner'
import type { Schedule } from '../core/definition.ts'
import { zoneHistory } from '../core/time-zone/zone-history.ts'
import { type ZoneSegment, zoneSegments } from '../core/time-zone/zone-segments.ts'

const FOREVER = Number.POSITIVE_INFINITY

export interface CronTimes {
  /** The first instant after `afterMs`; undefined when none comes. */
  next(afterMs: number): number | undefined
}

/**
 * A time whose hour the clock skips comes when the clock has moved, and one whose hour comes twice comes the first time.
 * A schedule of every hour, or every few, goes on through both.
 */
export function cronTimes({ cron, timezone }: Schedule): CronTimes {
  const history = zoneHistory(timezone)
  if (!history) throw new RangeError(`${timezone} is no time zone`)
  const segments = zoneSegments(history, -FOREVER, FOREVER)
  // The wall clock is read as if it were UTC.
  const wall = new Cron(cron, { timezone: 'UTC', paused: true })
  const nextLocal = (afterMs: number) => wall.nextRun(new Date(afterMs))?.getTime() ?? FOREVER
  const isOfHours = cron.trim().split(/\s+/)[1]!.startsWith('*')

  /** The first instant of a segment after `afterMs`. */
  function nextWithin(segment: ZoneSegment, before: ZoneSegment | undefined, afterMs: number): number {
    const { fromMs, offsetMs } = segment
    const wasMs = fromMs + (before?.offsetMs ?? offsetMs)
    const isMs = fromMs + offsetMs
    const isSkipped = !isOfHours && isMs > wasMs && nextLocal(wasMs - 1) < isMs
    if (isSkipped && afterMs < fromMs) return fromMs
    const begins = before === undefined ? -FOREVER : isOfHours ? isMs : Math.max(isMs, wasMs)
    return nextLocal(Math.max(begins - 1, afterMs + offsetMs)) - offsetMs
  }

  return {
    next(afterMs) {
      for (const [index, segment] of segments.entries()) {
        if (segment.toMs <= afterMs) continue
        const found = nextWithin(segment, segments[index - 1], afterMs)
        if (found < segment.toMs) return found
      }
      return undefined
    },
  }
}
