/** A time zone's offsets from UTC over a range, found by asking Intl: pure, and as right as the runtime's data. */
import { DAY_MS } from './window.ts'

/** Local time is UTC + `offsetMs` for instants in `[fromMs, toMs)`. */
export interface ZoneSegment {
  readonly fromMs: number
  readonly toMs: number
  readonly offsetMs: number
}

const FIXED_OFFSET = /^([+-])(\d\d):([0-5]\d)$/

/** Segments in order that cover `[fromMs, toMs)` without gaps; undefined when no zone has the name. */
export function zoneSegments(zone: string, fromMs: number, toMs: number): ZoneSegment[] | undefined {
  const offsetAt = offsetReader(zone)
  return offsetAt && findSegments(offsetAt, fromMs, toMs)
}

type OffsetAt = (ms: number) => number

/** No zone has changed its offset twice within a day, so a look at every day finds each change. */
function findSegments(offsetAt: OffsetAt, fromMs: number, toMs: number): ZoneSegment[] {
  const segments: ZoneSegment[] = []
  let start = fromMs
  let offset = offsetAt(fromMs)
  for (let at = fromMs; at < toMs; at += DAY_MS) {
    const next = Math.min(at + DAY_MS, toMs)
    const later = offsetAt(next)
    if (later === offset) continue
    const change = findChange(offsetAt, at, next)
    segments.push({ fromMs: start, toMs: change, offsetMs: offset })
    start = change
    offset = later
  }
  if (start < toMs) segments.push({ fromMs: start, toMs, offsetMs: offset })
  return segments
}

/** The first instant after `low`, to the millisecond, that has the offset of `high`. */
function findChange(offsetAt: OffsetAt, low: number, high: number): number {
  const before = offsetAt(low)
  let [least, most] = [low, high]
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2)
    if (offsetAt(middle) === before) least = middle
    else most = middle
  }
  return most
}

function offsetReader(zone: string): OffsetAt | undefined {
  if (/^(z|utc)$/i.test(zone)) return () => 0
  const fixed = FIXED_OFFSET.exec(zone)
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3])
    return () => (fixed[1] === '-' ? -minutes : minutes) * 60_000
  }
  const format = openFormat(zone)
  return format && ((ms) => localMs(format, ms) - ms)
}

function openFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  if (!/^[A-Za-z]/.test(timeZone)) return undefined
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return undefined
  }
}

/** The wall clock's reading as if it were UTC. The formatter drops milliseconds, so they are added back. */
function localMs(format: Intl.DateTimeFormat, ms: number): number {
  const parts: Record<string, string> = Object.create(null)
  for (const { type, value } of format.formatToParts(ms)) parts[type] = value
  const year = parts['era']?.startsWith('B') ? 1 - Number(parts['year']) : Number(parts['year'])
  const date = new Date(0)
  date.setUTCFullYear(year, Number(parts['month']) - 1, Number(parts['day']))
  date.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']))
  return date.getTime() + (((ms % 1000) + 1000) % 1000)
}
