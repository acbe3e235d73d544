/** `--step` and `--timezone` → the rule by which base windows merge into steps. */
import { calendarSteps, clockSteps, type LocalSteps } from './calendar-unit.ts'
import { formatDuration } from './duration.ts'
import { MillraceError } from './error.ts'
import type { TimeRange } from './run-record.ts'
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
  readonly range: Required<TimeRange>
  /** Ascending and disjoint, in `range`: all windows lie in these, so that steps between them are left out. */
  readonly held?: readonly Required<TimeRange>[]
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
/** A boundary is eight bytes here and a row in the engine: beyond this a query is surely a mistake. */
const MAX_BOUNDARIES = 1_000_000
/** Of a range: more are found only where there are windows. */
const MANY_STEPS = 100_000
/** No zone is farther from UTC, and no change of a zone moves its clock by more. */
const MARGIN_MS = 2 * DAY_MS

/** How steps follow a wall clock; `repeatedMs` as for `addBoundaries`. */
interface LocalRule {
  readonly zone: string
  readonly segments: readonly ZoneSegment[]
  readonly steps: LocalSteps
  readonly repeatedMs: number
}

/**
 * Steps below a day divide the day and follow the wall clock; days, weeks (from Monday), months and years begin
 * at the first instant of their first local day. Errors: STEP_INVALID, STEP_NOT_NESTED, STEP_TOO_FINE,
 * STEP_UNKNOWN_ZONE.
 */
export function planStep(request: StepRequest): StepRule {
  const rule = findRule(request)
  return 'steps' in rule ? boundaryRule(request, rule) : rule
}

/**
 * Defined where the steps of the range are so many that `held` should be known: windows that are not farther apart
 * may lie in one range. Errors: those of `planStep`.
 */
export function sparseGapMs(request: StepRequest): number | undefined {
  const rule = findRule(request)
  if (!('steps' in rule)) return undefined
  const { fromMs, toMs } = request.range
  const { longestMs } = rule.steps
  return (toMs - fromMs) / longestMs > MANY_STEPS ? longestMs : undefined
}

function findRule(request: StepRequest): StepRule | LocalRule {
  const zone = request.timezone ?? 'UTC'
  if (request.step === undefined) {
    requireZone(zone)
    return { kind: 'fixed', stepMs: request.windowMs }
  }
  const { unit, count } = parseStep(request.step)
  const stepMs = UNIT_MS.get(unit)
  if (stepMs !== undefined) return findClockRule(request, zone, count * stepMs)
  const steps = calendarSteps(unit as 'd' | 'w' | 'mo' | 'y', count)
  const segments = requireSegments(zone, request.range, steps.longestMs)
  if (unit === 'd' && segments.every(({ offsetMs }) => offsetMs === 0))
    return { kind: 'fixed', stepMs: steps.longestMs }
  return { zone, segments, steps, repeatedMs: Number.POSITIVE_INFINITY }
}

function findClockRule(request: StepRequest, zone: string, stepMs: number): StepRule | LocalRule {
  const step = request.step!
  if (!dividesDay(stepMs)) throw invalidStep(step, 'a step of hours, minutes or seconds must divide a day')
  if (stepMs % request.windowMs !== 0) {
    const window = formatDuration(request.windowMs)
    const why = `the metric counts in windows of ${window}, and ${step} is not a multiple of it`
    throw new MillraceError('STEP_NOT_NESTED', { step, zone, why, hint: `Use a multiple of ${window}.` })
  }
  const segments = requireSegments(zone, request.range, stepMs)
  if (segments.every(({ offsetMs }) => offsetMs % stepMs === 0)) return { kind: 'fixed', stepMs }
  return { zone, segments, steps: clockSteps(stepMs), repeatedMs: stepMs }
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

function requireSegments(zone: string, { fromMs, toMs }: Required<TimeRange>, longestMs: number) {
  return zoneSegments(requireZone(zone), fromMs - longestMs - MARGIN_MS, toMs + 1)
}

function boundaryRule(request: StepRequest, rule: LocalRule): StepRule {
  const { range, held } = request
  const boundaries: number[] = []
  // The steps in which the range begins and ends are told whether they hold windows or not.
  for (const part of held ? [startOf(range), ...held, endOf(range)] : [range]) {
    addBoundaries(boundaries, rule, part)
    if (boundaries.length > MAX_BOUNDARIES)
      throw new MillraceError('STEP_TOO_FINE', { step: request.step!, most: MAX_BOUNDARIES })
  }
  const torn = boundaries.find((boundary) => boundary % request.windowMs !== 0)
  if (torn !== undefined) throw notNested(request, rule.zone, torn)
  return { kind: 'boundaries', boundaries }
}

function startOf({ fromMs }: Required<TimeRange>): Required<TimeRange> {
  return { fromMs, toMs: fromMs }
}

function endOf({ toMs }: Required<TimeRange>): Required<TimeRange> {
  return { fromMs: toMs, toMs }
}

function notNested({ step, windowMs }: StepRequest, zone: string, torn: number): MillraceError {
  const window = formatDuration(windowMs)
  const why = `one begins at ${formatInstant(torn)}, inside one of the metric's windows of ${window}`
  const hint =
    'Choose another time zone or step, or give the metric a smaller window and run `millrace batch`.'
  return new MillraceError('STEP_NOT_NESTED', { step: step ?? window, zone, why, hint })
}

/** Adds those in which windows of the range start, after those that are there. */
function addBoundaries(boundaries: number[], rule: LocalRule, { fromMs, toMs }: Required<TimeRange>): void {
  const { longestMs } = rule.steps
  const changesMs = fromMs - longestMs - MARGIN_MS
  const isEven = rule.segments.some((one) => one.fromMs <= changesMs && fromMs < one.toMs)
  const found = findBoundaries(rule, isEven ? fromMs - longestMs : changesMs, toMs + 1)
  const lastMs = boundaries.at(-1) ?? Number.NEGATIVE_INFINITY
  const first = Math.max(
    0,
    found.findLastIndex((boundary) => boundary <= fromMs),
  )
  for (let place = first; place < found.length; place++)
    if (found[place]! > lastMs) boundaries.push(found[place]!)
}

/**
 * The instants in `[fromMs, toMs)` at which a step begins, and `fromMs`. Within a segment the wall clock runs evenly.
 * Where it jumps forward over a boundary, the jump is the boundary. Where it jumps back, a step that has already begun
 * goes on, unless the jump is at least `repeatedMs`: then hours that come twice are two steps.
 */
function findBoundaries({ segments, steps, repeatedMs }: LocalRule, fromMs: number, toMs: number): number[] {
  const boundaries: number[] = []
  let current = Number.NEGATIVE_INFINITY
  let lastOffset = Number.NEGATIVE_INFINITY
  for (const { offsetMs, ...segment } of segments) {
    const [startMs, endMs] = [Math.max(segment.fromMs, fromMs), Math.min(segment.toMs, toMs)]
    if (startMs >= endMs) continue
    const isRepeat = lastOffset - offsetMs >= repeatedMs
    const atStart = steps.indexOf(startMs + offsetMs)
    if (isRepeat || atStart > current) {
      boundaries.push(startMs)
      current = atStart
    }
    for (let index = current + 1; steps.startOf(index) - offsetMs < endMs; index++) {
      boundaries.push(steps.startOf(index) - offsetMs)
      current = index
      if (boundaries.length > 2 * MAX_BOUNDARIES) return boundaries
    }
    lastOffset = offsetMs
  }
  return boundaries
}
