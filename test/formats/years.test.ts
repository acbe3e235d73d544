/** Years of stamps that carry none: by the reference, by the year of the context, and where there is no context. */
import { describe, expect, it } from 'vitest'
import type { TimeLayout } from '../../src/core/definition.ts'
import { printContext } from '../../src/core/line-context.ts'
import { Random } from '../model/random.ts'
import { timesOf } from './parse-lines.ts'

const RFC3164: TimeLayout = { kind: 'rfc3164' }
const DAY_MS = 86_400_000
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `zone` is that of the stamps. */
async function yearsBy(
  reference: string,
  stamps: readonly string[],
  rest: { zone?: string; layout?: TimeLayout } = {},
) {
  const context = printContext({
    path: '/a,"year":1999,"reference_ms":5',
    referenceMs: Date.parse(reference),
  })
  // The observed time, which is far away, must not matter beside a reference.
  const times = await timesOf({ layout: RFC3164, ...rest, context, observedMs: 0 }, stamps)
  expect(await timesOf({ layout: RFC3164, ...rest, observedMs: Date.parse(reference) }, stamps)).toEqual(
    times,
  )
  return times
}

describe('the latest year that puts the stamp at most a day after the reference', () => {
  it('on both sides of New Year', async () => {
    expect(
      await yearsBy('2020-01-01T00:10:00Z', [
        'Dec 31 23:59:59',
        'Jan  1 00:00:01',
        'Jan  2 00:10:00',
        'Jan  2 00:10:01',
      ]),
    ).toEqual([
      '2019-12-31T23:59:59.000Z',
      '2020-01-01T00:00:01.000Z',
      '2020-01-02T00:10:00.000Z',
      '2019-01-02T00:10:01.000Z',
    ])
    expect(
      await yearsBy('2019-12-31T23:00:00Z', ['Jan  1 22:59:59', 'Jan  1 23:00:01', 'Dec 31 23:59:59']),
    ).toEqual(['2020-01-01T22:59:59.000Z', '2019-01-01T23:00:01.000Z', '2019-12-31T23:59:59.000Z'])
  })

  it('29 February has the last leap year, other days that do not exist none', async () => {
    const stamps = ['Feb 29 10:00:00', 'Feb 30 10:00:00', 'Apr 31 10:00:00']
    const bad = ['invalid_time', 'invalid_time']
    for (const [reference, year] of Object.entries({
      '2020-02-28T10:00:00Z': 2020,
      '2020-02-28T09:59:59Z': 2016,
      '2021-06-01T00:00:00Z': 2020,
      '2024-12-31T00:00:00Z': 2024,
      '2023-12-31T12:00:00Z': 2020,
      '2100-03-05T00:00:00Z': 2096,
      '2103-03-05T00:00:00Z': 2096,
      '2001-01-01T00:00:00Z': 2000,
    }))
      expect(await yearsBy(reference, stamps), reference).toEqual([`${year}-02-29T10:00:00.000Z`, ...bad])
  })

  it('by the clock of the zone, or of the stamp itself', async () => {
    // In Tokyo it is 1 January already, and one day later 2 January 08:00.
    const stamps = ['Jan  2 08:00:00', 'Jan  2 08:00:01']
    expect(await yearsBy('2019-12-31T23:00:00Z', stamps, { zone: 'Asia/Tokyo' })).toEqual([
      '2020-01-01T23:00:00.000Z',
      '2019-01-01T23:00:01.000Z',
    ])
    const layout: TimeLayout = { kind: 'strptime', format: '%b %d %H:%M:%S %z' }
    const own = ['Jan 02 08:00:00 +0900', 'Jan 02 08:00:01 +0900', 'Jan 01 23:00:00 Z', 'Jan 01 23:00:01 +00']
    expect(await yearsBy('2019-12-31T23:00:00Z', own, { zone: 'America/New_York', layout })).toEqual([
      '2020-01-01T23:00:00.000Z',
      '2019-01-01T23:00:01.000Z',
      '2020-01-01T23:00:00.000Z',
      '2019-01-01T23:00:01.000Z',
    ])
  })

  it('days of the year', async () => {
    const layout: TimeLayout = { kind: 'strptime', format: '%j %H' }
    expect(
      await yearsBy('2021-01-01T00:00:00Z', ['366 00', '365 00', '060 00', '001 00', '003 00'], { layout }),
    ).toEqual([
      '2020-12-31T00:00:00.000Z',
      '2020-12-30T00:00:00.000Z',
      '2020-02-29T00:00:00.000Z',
      '2021-01-01T00:00:00.000Z',
      '2020-01-03T00:00:00.000Z',
    ])
    expect(await yearsBy('2023-12-31T00:00:00Z', ['366 00', '365 00'], { layout })).toEqual([
      '2020-12-31T00:00:00.000Z',
      '2023-12-31T00:00:00.000Z',
    ])
  })

  it('as counting down year by year finds it', async () => {
    const random = new Random(7)
    for (let world = 0; world < 12; world++) {
      // Mostly near the end of a year or of February, where it matters.
      const near = random.pick([
        Date.UTC(1970, 0, 1),
        Date.UTC(1999, 11, 31),
        Date.UTC(2000, 1, 28),
        Date.UTC(2096, 11, 31),
      ])
      const reference = near + random.int(0, 3) * 366 * DAY_MS + random.int(0, 4 * DAY_MS)
      const stamps = Array.from(
        { length: 25 },
        () => reference + random.int(-2, 3) * 365 * DAY_MS + random.int(-3 * DAY_MS, 3 * DAY_MS),
      )
      const texts = stamps.map((ms) => {
        const date = new Date(ms)
        return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${date.toISOString().slice(11, 19)}`
      })
      const at = new Date(reference).toISOString()
      expect(await yearsBy(at, texts), at).toEqual(texts.map((text) => countDown(text, reference)))
    }
  })
})

function countDown(text: string, reference: number): string {
  const month = MONTHS.indexOf(text.slice(0, 3))
  const [day, hour, minute, second] = text.slice(4).split(/[ :]+/).filter(Boolean).map(Number) as [
    number,
    number,
    number,
    number,
  ]
  for (let year = new Date(reference).getUTCFullYear() + 1; ; year--) {
    const ms = Date.UTC(year, month, day, hour, minute, second)
    if (new Date(ms).getUTCDate() === day && ms <= reference + DAY_MS) return new Date(ms).toISOString()
  }
}

describe('the year of the context', () => {
  const timesIn = (year: number, stamps: readonly string[], declared?: number) =>
    timesOf(
      {
        layout: RFC3164,
        context: printContext({ referenceMs: 0, year }),
        ...(declared && { year: declared }),
      },
      stamps,
    )

  it('is that of the stamp, whatever the reference', async () => {
    expect(await timesIn(2013, ['Oct  6 01:02:03'], 2026)).toEqual(['2013-10-06T01:02:03.000Z'])
    expect(await timesIn(2016, ['Feb 29 00:00:00'])).toEqual(['2016-02-29T00:00:00.000Z'])
    expect(await timesIn(2015, ['Feb 29 00:00:00'])).toEqual(['invalid_time'])
  })

  it('is one of 1 to 9999', async () => {
    expect(await timesIn(2, ['Jan  1 00:00:00'])).toEqual(['0002-01-01T00:00:00.000Z'])
    for (const year of [0, -5, 10_000])
      expect(await timesIn(year, ['Jan  1 00:00:00'])).toEqual(['invalid_time'])
  })
})

it('the declared year is that of lines without a context', async () => {
  const declared = { layout: RFC3164, year: 2019, observedMs: Date.UTC(2026, 0, 1) }
  expect(await timesOf(declared, ['Mar  1 10:00:00'])).toEqual(['2019-03-01T10:00:00.000Z'])
  const observed = { ...declared, context: printContext({}) }
  expect(await timesOf(observed, ['Mar  1 10:00:00'])).toEqual(['2025-03-01T10:00:00.000Z'])
})
