/** `--step` and `--timezone` → the rule by which base windows merge into steps. */
import { calendarSteps, clockSteps, type LocalSteps } from './calendar-unit.ts'
import { formatDuration } from './duration.ts'
import { MillraceError } from './error.ts'
import type { StepRule } from './step-rule.ts'
import { findZone } from './time-zone/find-zone.ts'
import { type ZoneHistory, zoneHistory } from './time-zone/zone-history.ts'
import { type ZoneSegment, zoneSegments } from './time-zone/zone-segments.ts'
import { formatInstant } from './timestamp.ts'
import { DAY_MS, dividesDay } from './window.ts'

/** What is asked for; `range` holds the starts of all windows that the rule will see. */
export interface StepRequest {
  /** Absent: the metric's own window. */
  readonly step?: string
  /** An IANA name or an offset such as `+05:30`; UTC when absent. */
  readonly timezone?: string
  readonly windowMs: number
  readonly range: { readonly fromMs: number; readonly toMs: number }
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
/** A boundary is eight bytes here and a row in the engine: beyond this a query is surely a mistake. */
const MAX_BOUNDARIES = 1_000_000
/** No zone is farther from UTC, and no change of a zone moves its clock by more. */
const MARGIN_MS = 2 * DAY_MS

/**
 * Steps below a day divide the day and follow the wall clock; days, weeks (from Monday), months and years begin
 * at the first instant of their first local day. Errors: STEP_INVALID, STEP_NOT_NESTED, STEP_TOO_FINE,
 * STEP_UNKNOWN_ZONE.
 */
export function planStep(request: StepRequest): StepRule {
  const zone = request.timezone ?? 'UTC'
  if (request.step === undefined) {
    requireZone(zone)
    return { kind: 'fixed', stepMs: request.windowMs }
  }
  const { unit, count } = parseStep(request.step)
  const stepMs = UNIT_MS.get(unit)
  if (stepMs !== undefined) return planClockStep(request, zone, count * stepMs)
  const steps = calendarSteps(unit as 'd' | 'w' | 'mo' | 'y', count)
  const segments = requireSegments(zone, request.range, steps.longestMs)
  if (unit === 'd' && segments.every(({ offsetMs }) => offsetMs === 0))
    return { kind: 'fixed', stepMs: steps.longestMs }
  return boundaryRule(request, zone, segments, steps, Number.POSITIVE_INFINITY)
}

function planClockStep(request: StepRequest, zone: string, stepMs: number): StepRule {
  const step = request.step!
  if (!dividesDay(stepMs)) throw invalidStep(step, 'a step of hours, minutes or seconds must divide a day')
  if (stepMs % request.windowMs !== 0) {
    const window = formatDuration(request.windowMs)
    const why = `the metric counts in windows of ${window}, and ${step} is not a multiple of it`
    throw new MillraceError('STEP_NOT_NESTED', { step, zone, why, hint: `Use a multiple of ${window}.` })
  }
  const segments = requireSegments(zone, request.range, stepMs)
  if (segments.every(({ offsetMs }) => offsetMs % stepMs === 0)) return { kind: 'fixed', stepMs }
  return boundaryRule(request, zone, segments, clockSteps(stepMs), stepMs)
}

function parseStep(step: string): { unit: string; count: number } {
  const match = /^(\d{1,9})(s|m|h|d|w|mo|y)$/.exec(step)
  const count = Number(match?.[1] ?? 0)
  const isTooLong = match !== null && /[dwoy]$/.test(step) && count > 10_000
  if (!match || count === 0 || isTooLong) throw invalidStep(step, 'it is not a length of time')
  return { unit: match[2]!, count }
}

function invalidStep(step: string, why: string): MillraceError {
  return new MillraceError('STEP_INVALID', { step, why })
}

/** Whatever the case of its letters: a slip of them means no other zone. */
function requireZone(zone: string): ZoneHistory {
  const found = findZone(zone)
  const isMiscased = found.near?.toLowerCase() === zone.toLowerCase()
  const history = zoneHistory(found.zone ?? (isMiscased ? found.near! : ''))
  if (history) return history
  throw new MillraceError('STEP_UNKNOWN_ZONE', {
    zone,
    hint: found.near ? ` Did you mean ${found.near}?` : '',
  })
}

function requireSegments(zone: string, range: StepRequest['range'], longestMs: number): ZoneSegment[] {
  return zoneSegments(requireZone(zone), range.fromMs - longestMs - MARGIN_MS, range.toMs + 1)
}

function boundaryRule(
  request: StepRequest,
  zone: string,
  segments: readonly ZoneSegment[],
  steps: LocalSteps,
  repeatedMs: number,
): StepRule {
  const all = findBoundaries(segments, steps, repeatedMs)
  const first = all.findLastIndex((boundary) => boundary <= request.range.fromMs)
  const boundaries = all.slice(Math.max(0, first))
  const torn = boundaries.find((boundary) => boundary % request.windowMs !== 0)
  if (torn !== undefined) throw notNested(request, zone, torn)
  if (boundaries.length > MAX_BOUNDARIES)
    throw new MillraceError('STEP_TOO_FINE', {
      step: request.step!,
      count: boundaries.length,
      most: MAX_BOUNDARIES,
    })
  return { kind: 'boundaries', boundaries }
}

function notNested({ step, windowMs }: StepRequest, zone: string, torn: number): MillraceError {
  const window = formatDuration(windowMs)
  const why = `one begins at ${formatInstant(torn)}, inside one of the metric's windows of ${window}`
  const hint =
    'Choose another time zone or step, or give the metric a smaller window and run `millrace batch`.'
  return new MillraceError('STEP_NOT_NESTED', { step: step ?? window, zone, why, hint })
}

/**
 * The instants at which a step begins. Within a segment the wall clock runs evenly. Where it jumps forward over a
 * boundary, the jump is the boundary. Where it jumps back, a step that has already begun goes on, unless the jump
 * is at least `repeatedMs`: then hours that come twice are two steps.
 */
function findBoundaries(segments: readonly ZoneSegment[], steps: LocalSteps, repeatedMs: number): number[] {
  const boundaries: number[] = []
  let current = Number.NEGATIVE_INFINITY
  let lastOffset = Number.NEGATIVE_INFINITY
  for (const { fromMs, toMs, offsetMs } of segments) {
    const isRepeat = lastOffset - offsetMs >= repeatedMs
    const atStart = steps.indexOf(fromMs + offsetMs)
    if (isRepeat || atStart > current) {
      boundaries.push(fromMs)
      current = atStart
    }
    for (let index = current + 1; steps.startOf(index) - offsetMs < toMs; index++) {
      boundaries.push(steps.startOf(index) - offsetMs)
      current = index
      if (boundaries.length > 2 * MAX_BOUNDARIES) return boundaries
    }
    lastOffset = offsetMs
  }
  return boundaries
}
