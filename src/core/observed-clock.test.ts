/** The clock that stamps lines: which wall clocks it follows, and which it refuses, both ways, at the limits. */
import { beforeEach, expect, it } from 'vitest'
import { CLOCK_LIMIT_MS, type Clocks, ObservedClock, REST_LIMIT_MS } from './observed-clock.ts'

const T0 = Date.UTC(2026, 2, 1)
let wallMs: number
let steadyMs: number
beforeEach(() => {
  ;[wallMs, steadyMs] = [T0, 0]
})
const clocks: Clocks = { now: () => wallMs, steady: () => steadyMs }
const open = (lastMs: number, confirmedMs?: number) =>
  new ObservedClock(clocks, { source: 'web', lastMs, confirmedMs })

it('never runs backwards, and stands still behind a clock that was set back within the limit', () => {
  const clock = open(0)
  expect(clock.read()).toBe(T0)
  wallMs -= CLOCK_LIMIT_MS
  expect([clock.read(), clock.look(), clock.trouble]).toEqual([T0, T0, undefined])
})

it('refuses a wall clock that is behind the last stamp by more than the limit, from the start and later', () => {
  const clock = open(T0 + CLOCK_LIMIT_MS)
  expect(clock.read()).toBe(T0 + CLOCK_LIMIT_MS)
  wallMs -= 1
  expect(() => clock.read()).toThrow(/stamped as late as 2026-03-01T01:00:00Z.*repair-clock web`/)
  expect(clock.look()).toBe(T0 + CLOCK_LIMIT_MS)
  expect(clock.trouble?.code).toBe('LOG_CLOCK_BEHIND')
  wallMs += 2
  expect(clock.read()).toBe(T0 + CLOCK_LIMIT_MS)
})

it('refuses a wall clock that gained more than the limit on the steady one, until it is back', () => {
  const clock = open(0)
  clock.read()
  wallMs += CLOCK_LIMIT_MS
  expect(clock.read()).toBe(T0 + CLOCK_LIMIT_MS)
  wallMs += CLOCK_LIMIT_MS + 1
  expect(clock.trouble?.code).toBe('LOG_CLOCK_JUMPED')
  expect(clock.look()).toBe(T0 + CLOCK_LIMIT_MS)
  steadyMs += 1
  expect(clock.read()).toBe(T0 + 2 * CLOCK_LIMIT_MS + 1)
})

it('refuses a start more than a year after the last stamp, until somebody confirms the clock', () => {
  expect(open(T0 - REST_LIMIT_MS).read()).toBe(T0)
  const clock = open(T0 - REST_LIMIT_MS - 1)
  expect(clock.trouble?.code).toBe('LOG_CLOCK_UNCONFIRMED')
  expect(clock.look()).toBe(T0 - REST_LIMIT_MS - 1)
  expect(open(5_000, T0).read()).toBe(T0)
  // A source that has no lines yet begins at any time.
  expect(open(0).read()).toBe(T0)
})
