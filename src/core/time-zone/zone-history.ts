/** A time zone's offsets from UTC, by the table that every engine shares (zone-data.ts). */
import { DAY_MS } from '../window.ts'
import { ZONE_DATA } from './zone-data.ts'

/** Local time is UTC + `offsetMs` from `atMs` on. */
export interface ZoneChange {
  readonly atMs: number
  readonly offsetMs: number
}

/** Changes in order, all between 1970 and 2100; `firstOffsetMs` holds before them, the last one's offset after them. */
export interface ZoneHistory {
  readonly firstOffsetMs: number
  readonly changes: readonly ZoneChange[]
}

const LAST_YEAR = 2099
const FIXED = /^([+-])(0\d|1[0-8]):([0-5]\d)$/
const CHANGE = /([0-9a-z]+)([A-Z])/g

const histories = new Map<string, ZoneHistory>()
let lines: ReadonlyMap<string, string> | undefined

/** Of a zone by its exact name or of an offset such as `+05:30`; undefined when no zone has the name. */
export function zoneHistory(zone: string): ZoneHistory | undefined {
  const fixed = FIXED.exec(zone)
  if (fixed) {
    const ms = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000
    return { firstOffsetMs: fixed[1] === '-' && ms > 0 ? -ms : ms, changes: [] }
  }
  const line = linesByName().get(zone)
  if (line === undefined) return undefined
  const known = histories.get(line)
  if (known) return known
  const history = readHistory(line)
  histories.set(line, history)
  return history
}

/** All names of the table, old ones such as US/Pacific among them. */
export function zoneNames(): string[] {
  return [...linesByName().keys()]
}

function linesByName(): ReadonlyMap<string, string> {
  lines ??= new Map(
    ZONE_DATA.trim()
      .split('\n')
      .flatMap((line) =>
        line
          .slice(0, line.indexOf('|'))
          .split(' ')
          .map((name) => [name, line] as const),
      ),
  )
  return lines
}

function readHistory(line: string): ZoneHistory {
  const [, offsetTexts = '', changeTexts = '', yearly = ''] = line.split('|')
  const offsets = offsetTexts.split(' ').map((seconds) => Number(seconds) * 1000)
  let atMs = 0
  const listed = [...changeTexts.matchAll(CHANGE)].map(([, since, letter]) => {
    atMs += Number.parseInt(since!, 36) * 1000
    return { atMs, offsetMs: offsets[letter!.charCodeAt(0) - 65]! }
  })
  const firstOffsetMs = offsets[0]!
  const later = yearly === '' ? [] : yearlyChanges(yearly, atMs)
  const all = [...listed, ...later]
  const changes = all.filter(
    ({ offsetMs }, index) => offsetMs !== (all[index - 1]?.offsetMs ?? firstOffsetMs),
  )
  return { firstOffsetMs, changes }
}

/** After `afterMs`, in order. */
function yearlyChanges(text: string, afterMs: number): ZoneChange[] {
  const rules = text.split(' ').map((rule) => {
    const [offset, day, seconds] = rule.split('@') as [string, string, string]
    const [month, week, weekday] = day.split('.').map(Number) as [number, number, number]
    const atMs = (year: number) => startOfDay(year, month, week, weekday) + Number(seconds) * 1000
    return { offsetMs: Number(offset) * 1000, atMs }
  })
  const firstYear = new Date(afterMs).getUTCFullYear()
  const years = Array.from({ length: LAST_YEAR + 1 - firstYear }, (_, index) => firstYear + index)
  return years
    .flatMap((year) => rules.map(({ offsetMs, atMs }) => ({ offsetMs, atMs: atMs(year) })))
    .filter(({ atMs }) => atMs > afterMs)
    .sort((a, b) => a.atMs - b.atMs)
}

/** The `week`th `weekday` (Sunday is 0) of a month, the last for 5. */
function startOfDay(year: number, month: number, week: number, weekday: number): number {
  const first = Date.UTC(year, month - 1, 1)
  const until = (weekday - new Date(first).getUTCDay() + 7) % 7
  const at = first + (until + (week - 1) * 7) * DAY_MS
  return new Date(at).getUTCMonth() === month - 1 ? at : at - 7 * DAY_MS
}
