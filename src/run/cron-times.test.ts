/** Times of schedules, most of all where clocks change. */
import { describe, expect, it } from 'vitest'
import { cronTimes } from './cron-times.ts'

/** The first times after an instant, without their year and seconds. */
function times(cron: string, timezone: string, after: string, count: number): string[] {
  const schedule = cronTimes({ cron, timezone })
  const found: string[] = []
  let ms = Date.parse(after)
  while (found.length < count) {
    ms = schedule.next(ms)!
    found.push(new Date(ms).toISOString().slice(5, 16))
  }
  return found
}

describe('times of a schedule', () => {
  it('follow the clock of the zone', () => {
    expect(times('0 3 * * *', 'UTC', '2024-01-01T03:00Z', 2)).toEqual(['01-02T03:00', '01-03T03:00'])
    expect(times('0 3 * * *', '+05:30', '2024-01-01T00:00Z', 1)).toEqual(['01-01T21:30'])
    expect(times('0 3 * * *', 'Europe/Berlin', '2024-03-29T03:00Z', 3)).toEqual([
      '03-30T02:00',
      '03-31T01:00',
      '04-01T01:00',
    ])
    expect(times('0 0 1 * *', 'America/Vancouver', '2026-10-15T00:00Z', 3)).toEqual([
      '11-01T07:00',
      '12-01T07:00',
      '01-01T07:00',
    ])
    expect(times('0 12 29 2 *', 'Asia/Tokyo', '2026-01-01T00:00Z', 2)).toEqual(['02-29T03:00', '02-29T03:00'])
  })

  it('of an hour that is skipped come when the clock has moved', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2024-03-30T00:00Z', 3)).toEqual([
      '03-30T01:30',
      '03-31T01:00',
      '04-01T00:30',
    ])
    expect(times('*/30 2,3 * * *', 'Europe/Berlin', '2024-03-31T00:00Z', 3)).toEqual([
      '03-31T01:00',
      '03-31T01:30',
      '04-01T00:00',
    ])
    expect(times('0 12 * * *', 'Pacific/Apia', '2011-12-29T00:00Z', 3)).toEqual([
      '12-29T22:00',
      '12-30T10:00',
      '12-30T22:00',
    ])
  })

  it('of an hour that comes twice come once', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2024-10-26T00:00Z', 3)).toEqual([
      '10-26T00:30',
      '10-27T00:30',
      '10-28T01:30',
    ])
    expect(times('30 2 * * *', 'Europe/Berlin', '2024-10-27T00:40Z', 1)).toEqual(['10-28T01:30'])
  })

  it('of every hour go on through both', () => {
    expect(times('30 * * * *', 'Europe/Berlin', '2024-10-26T23:00Z', 4)).toEqual([
      '10-26T23:30',
      '10-27T00:30',
      '10-27T01:30',
      '10-27T02:30',
    ])
    expect(times('30 */1 * * *', 'Europe/Berlin', '2024-03-31T00:00Z', 2)).toEqual([
      '03-31T00:30',
      '03-31T01:30',
    ])
  })
})
