/** The table of time zones: what it must hold whatever its release, and some changes that are known from elsewhere. */
import { describe, expect, it } from 'vitest'
import { localOffsets } from '../../compile/format/time-zone.ts'
import { findZone } from './find-zone.ts'
import { ZONE_DATA, ZONE_RELEASE } from './zone-data.ts'
import { zoneHistory, zoneNames } from './zone-history.ts'
import { zoneSegments } from './zone-segments.ts'

const HOUR = 3_600_000

/** `instant offset in hours` of the changes in a range. */
function changes(zone: string, from: string, to: string): string[] {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  return zoneHistory(zone)!
    .changes.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .map(({ atMs, offsetMs }) => `${new Date(atMs).toISOString().slice(0, 16)} ${offsetMs / HOUR}`)
}

describe('every zone', () => {
  it('changes between 1970 and 2100, in order, to another offset of less than a day', () => {
    expect(ZONE_RELEASE).toMatch(/^20\d\d[a-z]$/)
    expect(ZONE_DATA.length).toBeLessThan(200_000)
    expect(zoneNames().length).toBeGreaterThan(590)
    const wrong = zoneNames().filter((name) => {
      const { firstOffsetMs, changes } = zoneHistory(name)!
      return changes.some(({ atMs, offsetMs }, index) => {
        const before = changes[index - 1] ?? { atMs: 0, offsetMs: firstOffsetMs }
        const isLater = atMs > before.atMs && atMs < Date.UTC(2100, 0, 1)
        return !isLater || offsetMs === before.offsetMs || !(Math.abs(offsetMs) < 18 * HOUR)
      })
    })
    expect(wrong).toEqual([])
  })

  it('reads later local times by later changes, so that a search finds the offset', () => {
    const wrong = zoneNames().filter((name) =>
      localOffsets(zoneHistory(name)!).some(
        ({ fromMs }, index, all) => index > 0 && fromMs <= all[index - 1]!.fromMs,
      ),
    )
    expect(wrong).toEqual([])
  })
})

describe('changes that are known from elsewhere', () => {
  it.each([
    ['America/Vancouver', '2025-06', '2100-01', ['2025-11-02T09:00 -8', '2026-03-08T10:00 -7']],
    ['Australia/Lord_Howe', '2024-01', '2025-01', ['2024-04-06T15:00 10.5', '2024-10-05T15:30 11']],
    ['Pacific/Apia', '2011-05', '2012-01', ['2011-09-24T14:00 -10', '2011-12-30T10:00 14']],
    ['Africa/Casablanca', '2024-01', '2025-01', ['2024-03-10T02:00 0', '2024-04-14T02:00 1']],
    ['Antarctica/Troll', '1970-01', '2006-01', ['2005-03-27T01:00 2', '2005-10-30T01:00 0']],
    ['Europe/Dublin', '2030-01', '2031-01', ['2030-03-31T01:00 1', '2030-10-27T01:00 0']],
    ['America/Nuuk', '2030-01', '2031-01', ['2030-03-31T01:00 -1', '2030-10-27T01:00 -2']],
    ['Asia/Gaza', '2099-09', '2100-01', ['2099-10-23T23:00 2']],
    ['America/Santiago', '2099-01', '2100-01', ['2099-04-05T03:00 -4', '2099-09-06T04:00 -3']],
    ['Africa/Monrovia', '1970-01', '2100-01', ['1972-01-07T00:44 0']],
  ])('%s from %s to %s', (zone, from, to, expected) => {
    expect(changes(zone, from, to)).toEqual(expected)
  })
})

describe('a name', () => {
  it('may be an old one, and has the changes of the new one', () => {
    for (const [old, now] of [
      ['US/Pacific', 'America/Los_Angeles'],
      ['Asia/Calcutta', 'Asia/Kolkata'],
      ['GMT', 'UTC'],
    ] as const) {
      expect(findZone(old)).toEqual({ zone: old })
      expect(zoneHistory(old)).toEqual(zoneHistory(now))
    }
  })

  it('may be an offset', () => {
    expect(zoneHistory('-03:30')).toEqual({ firstOffsetMs: -3.5 * HOUR, changes: [] })
    expect(zoneHistory('-00:00')).toEqual({ firstOffsetMs: 0, changes: [] })
    for (const text of ['+25:00', '+1:00', '+01', '+19:00']) expect(zoneHistory(text)).toBeUndefined()
  })

  it('that is not known brings the nearest', () => {
    expect(findZone('Europe/Berln')).toEqual({ near: 'Europe/Berlin' })
    expect(findZone('us/pacific')).toEqual({ near: 'US/Pacific' })
    for (const text of ['', 'constructor', 'Mars/Base', 'Factory', 'posixrules'])
      expect(findZone(text)).not.toHaveProperty('zone')
  })
})

it('cuts a range into segments without gaps', () => {
  const [fromMs, toMs] = [Date.parse('2024-01-01'), Date.parse('2025-01-01')]
  expect(zoneSegments(zoneHistory('Europe/Berlin')!, fromMs, toMs)).toEqual([
    { fromMs, toMs: Date.parse('2024-03-31T01:00Z'), offsetMs: HOUR },
    { fromMs: Date.parse('2024-03-31T01:00Z'), toMs: Date.parse('2024-10-27T01:00Z'), offsetMs: 2 * HOUR },
    { fromMs: Date.parse('2024-10-27T01:00Z'), toMs, offsetMs: HOUR },
  ])
  expect(zoneSegments(zoneHistory('Asia/Tokyo')!, -1e15, -1e14)).toEqual([
    { fromMs: -1e15, toMs: -1e14, offsetMs: 9 * HOUR },
  ])
})
