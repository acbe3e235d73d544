/** Windows, durations and instants at their edges. */
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'
import { formatInstant, parseInstant } from './timestamp.ts'
import { dividesDay, windowStart } from './window.ts'

describe('windowStart', () => {
  it.each([
    [0, 60_000, 0],
    [59_999, 60_000, 0],
    [60_000, 60_000, 60_000],
    [-1, 60_000, -60_000],
    [-60_000, 60_000, -60_000],
  ])('of %i by %i is %i', (eventMs, widthMs, expected) => {
    expect(windowStart(eventMs, widthMs)).toBe(expected)
  })
})

describe('dividesDay', () => {
  it('accepts divisors only', () => {
    expect([1000, 60_000, 3_600_000, 86_400_000].every(dividesDay)).toBe(true)
    expect([0, -1000, 7_000_000, 86_400_001, 0.5].some(dividesDay)).toBe(false)
  })
})

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['1m', 60_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5h', undefined],
    ['h', undefined],
    ['-1m', undefined],
    ['1 m', undefined],
  ])('%s is %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it('print back shortest', () => {
    expect([0, 90_000, 3_600_000, 86_400_000, 1].map(formatDuration)).toEqual([
      '0ms',
      '90s',
      '1h',
      '1d',
      '1ms',
    ])
  })
})

describe('instants', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T08:00', '2026-01-31T08:00:00Z'],
    ['2026-01-31 08:00:00.5+02:00', '2026-01-31T06:00:00.500Z'],
    ['2026-01-31T08:00:00.853000000Z', '2026-01-31T08:00:00.853Z'],
    ['2026-01-31T08:00:00.853196Z', '2026-01-31T08:00:00.854Z'],
    ['2026-01-31T08:00:59.9999999Z', '2026-01-31T08:01:00Z'],
  ])('%s is %s', (text, expected) => {
    expect(formatInstant(parseInstant(text)!)).toBe(expected)
  })

  it.each(['', '2026', '2026-02-30', '2026-13-01', '2026-01-01T25:00', 'yesterday'])('%s is none', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })
})
