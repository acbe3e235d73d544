import { expect, it } from 'vitest'
import { formatInstant, parseInstant } from './timestamp.ts'

it.each([
  ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00Z'],
  ['2026-01-31T08:00:00.120Z', '2026-01-31T08:00:00.120Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
  ['-000001-12-31T23:59:59Z', '0000-01-01T00:00:00Z'],
  ['+010000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'],
  ['+275760-09-13T00:00:00Z', '9999-12-31T23:59:59.999Z'],
])('writes %s by RFC 3339 as %s', (given, written) => {
  expect(formatInstant(Date.parse(given))).toBe(written)
  expect(parseInstant(written)).toBe(Date.parse(written))
})
