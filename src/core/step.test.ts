import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planStep, sparseGapMs } from './step.ts'
import { type StepRule, stepStart } from './step-rule.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const at = (text: string) => Date.parse(text)

function plan(step: string, timezone: string, from: string, to: string, windowMs = MINUTE): StepRule {
  return planStep({ step, timezone, windowMs, range: { fromMs: at(from), toMs: at(to) } })
}

function starts(rule: StepRule): string[] {
  if (rule.kind === 'fixed') throw new Error('boundaries expected')
  return rule.boundaries.map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'))
}

/** The wall clock of a zone, by Intl alone; of the past, on which the runtime's table and ours agree. */
function localOf(zone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  return (ms) => format.format(ms)
}

describe('steps in UTC', () => {
  it('are fixed up to days', () => {
    const range = { fromMs: 0, toMs: DAY }
    expect(planStep({ windowMs: MINUTE, range })).toEqual({ kind: 'fixed', stepMs: MINUTE })
    for (const [step, stepMs] of [
      ['5m', 5 * MINUTE],
      ['90s', 90_000],
      ['1h', HOUR],
      ['1d', DAY],
      ['7d', 7 * DAY],
    ] as const)
      expect(planStep({ step, windowMs: 30_000, range })).toEqual({ kind: 'fixed', stepMs })
  })

  it('begin weeks on Monday, months on the first, quarters in January, years in January', () => {
    expect(starts(plan('1w', 'UTC', '2026-01-01', '2026-01-19T00:01Z'))).toEqual([
      '2025-12-29T00:00Z',
      '2026-01-05T00:00Z',
      '2026-01-12T00:00Z',
      '2026-01-19T00:00Z',
    ])
    expect(starts(plan('1mo', 'UTC', '2024-01-31', '2024-03-02'))).toEqual([
      '2024-01-01T00:00Z',
      '2024-02-01T00:00Z',
      '2024-03-01T00:00Z',
    ])
    expect(starts(plan('3mo', 'UTC', '2025-12-31', '2026-05-01'))).toEqual([
      '2025-10-01T00:00Z',
      '2026-01-01T00:00Z',
      '2026-04-01T00:00Z',
    ])
    expect(starts(plan('1y', 'UTC', '1968-02-29', '1970-01-01T00:01Z'))).toEqual([
      '1968-01-01T00:00Z',
      '1969-01-01T00:00Z',
      '1970-01-01T00:00Z',
    ])
  })
})

describe('steps in a zone', () => {
  it('make days of 23 and 25 hours', () => {
    expect(starts(plan('1d', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-30T12:00Z'))).toEqual([
      '2026-03-27T23:00Z',
      '2026-03-28T23:00Z',
      '2026-03-29T22:00Z',
    ])
    expect(starts(plan('1d', 'America/New_York', '2026-11-01T12:00Z', '2026-11-02T12:00Z'))).toEqual([
      '2026-11-01T04:00Z',
      '2026-11-02T05:00Z',
    ])
  })

  it('leave out the day that Apia skipped', () => {
    expect(starts(plan('1d', 'Pacific/Apia', '2011-12-29T12:00Z', '2011-12-31T12:00Z'))).toEqual([
      '2011-12-29T10:00Z',
      '2011-12-30T10:00Z',
      '2011-12-31T10:00Z',
    ])
    const local = localOf('Pacific/Apia')
    expect(local(at('2011-12-30T09:59:59Z'))).toBe('2011-12-29 23:59:59')
    expect(local(at('2011-12-30T10:00:00Z'))).toBe('2011-12-31 00:00:00')
  })

  it('begin a day at the jump where midnight does not exist', () => {
    expect(starts(plan('1d', 'America/Sao_Paulo', '2018-11-03T12:00Z', '2018-11-04T12:00Z'))).toEqual([
      '2018-11-03T03:00Z',
      '2018-11-04T03:00Z',
    ])
  })

  it('begin a day once where midnight comes twice', () => {
    expect(starts(plan('1d', 'America/Havana', '2025-11-01T12:00Z', '2025-11-03T12:00Z'))).toEqual([
      '2025-11-01T04:00Z',
      '2025-11-02T04:00Z',
      '2025-11-03T05:00Z',
    ])
    expect(starts(plan('1d', 'America/St_Johns', '2006-10-28T12:00Z', '2006-10-30T12:00Z'))).toEqual([
      '2006-10-28T02:30Z',
      '2006-10-29T02:30Z',
      '2006-10-30T03:30Z',
    ])
  })

  it('follow the wall clock below a day: six hours may be five or seven', () => {
    expect(starts(plan('6h', 'Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T16:01Z'))).toEqual([
      '2026-03-28T23:00Z',
      '2026-03-29T04:00Z',
      '2026-03-29T10:00Z',
      '2026-03-29T16:00Z',
    ])
    expect(starts(plan('6h', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T11:01Z'))).toEqual([
      '2026-10-24T22:00Z',
      '2026-10-25T05:00Z',
      '2026-10-25T11:00Z',
    ])
  })

  it('keep two hours apart that the clock shows twice', () => {
    expect(plan('1h', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T05:00Z')).toEqual({
      kind: 'fixed',
      stepMs: HOUR,
    })
    expect(
      starts(plan('1h', 'America/St_Johns', '2025-11-02T02:30Z', '2025-11-02T06:30Z')).slice(0, 4),
    ).toEqual(['2025-11-02T02:30Z', '2025-11-02T03:30Z', '2025-11-02T04:30Z', '2025-11-02T05:30Z'])
  })

  it('follow zones off the hour, and half an hour of summer time', () => {
    expect(starts(plan('1h', 'Asia/Kolkata', '2026-01-01T00:00Z', '2026-01-01T01:00Z', 30 * MINUTE))).toEqual(
      ['2025-12-31T23:30Z', '2026-01-01T00:30Z'],
    )
    expect(starts(plan('1h', 'Australia/Lord_Howe', '2026-04-04T13:30Z', '2026-04-04T16:31Z'))).toEqual([
      '2026-04-04T13:00Z',
      '2026-04-04T14:00Z',
      '2026-04-04T15:30Z',
      '2026-04-04T16:30Z',
    ])
  })

  it('take an offset for a zone', () => {
    expect(starts(plan('1d', '-03:30', '2026-01-01T12:00Z', '2026-01-02T12:00Z'))).toEqual([
      '2026-01-01T03:30Z',
      '2026-01-02T03:30Z',
    ])
  })
})

describe('steps that cannot be', () => {
  const code = (act: () => unknown) => {
    try {
      act()
      return 'no error'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const tryStep = (step: string, timezone: string, windowMs: number) =>
    code(() => plan(step, timezone, '2026-01-01', '2026-01-09', windowMs))

  it('are refused with their reason', () => {
    for (const step of ['', '0m', '1', 'h', '1.5h', '-1h', '7h', '25h', '1M', '1h ', '99999d', '1e3s'])
      expect([step, tryStep(step, 'UTC', MINUTE)]).toEqual([step, 'STEP_INVALID'])
    expect(tryStep('90s', 'UTC', MINUTE)).toBe('STEP_NOT_NESTED')
    expect(tryStep('30m', 'UTC', HOUR)).toBe('STEP_NOT_NESTED')
    expect(tryStep('1d', 'Asia/Kolkata', HOUR)).toBe('STEP_NOT_NESTED')
    expect(tryStep('1mo', 'Asia/Kathmandu', 15 * MINUTE)).toBe('no error')
    expect(code(() => plan('1mo', 'Asia/Kathmandu', '2026-01-01', '2026-02-09', HOUR))).toBe(
      'STEP_NOT_NESTED',
    )
    expect(tryStep('1d', 'Europe/Berlin', HOUR)).toBe('no error')
    expect(tryStep('1d', 'Europe/Berlin', 2 * HOUR)).toBe('STEP_NOT_NESTED')
    for (const zone of ['Europe/Berln', '', '+25', 'Mars/Base'])
      expect([zone, tryStep('1d', zone, MINUTE)]).toEqual([zone, 'STEP_UNKNOWN_ZONE'])
    expect(() => plan('1d', 'Europe/Berln', '2026-01-01', '2026-01-02')).toThrow(
      'Did you mean Europe/Berlin?',
    )
  })

  it('are refused when there would be too many', () => {
    expect(code(() => plan('1s', '+00:00', '2026-01-01', '2026-03-01', 1000))).toBe('no error')
    expect(code(() => plan('1m', 'Africa/Monrovia', '1960-01-01', '1963-01-01', 1000))).toBe('STEP_TOO_FINE')
  })
})

describe('steps of windows far apart', () => {
  const from = at('0002-01-01T00:00Z')
  const to = at('9000-01-01T00:00Z')
  const asked = { timezone: 'Europe/Berlin', windowMs: MINUTE, range: { fromMs: from, toMs: to } }
  const day = (text: string) => ({ fromMs: at(text), toMs: at(text) + MINUTE })

  it('are found where windows are, and where the range begins and ends', () => {
    const held = [day('0002-01-01T00:00Z'), day('2026-03-29T12:00Z'), day('2026-03-30T12:00Z')]
    const rule = planStep({ ...asked, step: '1d', held })
    expect(starts(rule)).toEqual([
      '0001-12-31T23:00Z',
      '2026-03-28T23:00Z',
      '2026-03-29T22:00Z',
      '8999-12-31T23:00Z',
    ])
    expect(() => planStep({ ...asked, step: '1d' })).toThrow('more than 1000000 steps')
  })

  it('are the same as those of the whole range, near changes of a zone too', () => {
    const range = { fromMs: at('2026-03-01'), toMs: at('2026-11-01') }
    const random = fc.array(fc.integer({ min: 0, max: (range.toMs - range.fromMs) / HOUR - 1 }), {
      minLength: 1,
    })
    const zone = fc.constantFrom('Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu')
    fc.assert(
      fc.property(random, zone, fc.constantFrom('6h', '1d', '1w', '3mo'), (hours, timezone, step) => {
        const windows = [...new Set(hours)].sort((a, b) => a - b).map((hour) => range.fromMs + hour * HOUR)
        const held = windows.map((fromMs) => ({ fromMs, toMs: fromMs + MINUTE }))
        const request = { step, timezone, windowMs: MINUTE, range }
        const [sparse, whole] = [planStep({ ...request, held }), planStep(request)]
        for (const ms of [...windows, range.fromMs, range.toMs])
          expect(stepStart(sparse, ms)).toBe(stepStart(whole, ms))
      }),
      { numRuns: 60 },
    )
  })

  it('want to know the windows only when they are many and uneven', () => {
    const year = { fromMs: at('2026-01-01'), toMs: at('2027-01-01') }
    expect(sparseGapMs({ ...asked, step: '1d' })).toBe(DAY)
    expect(sparseGapMs({ ...asked, step: '1y' })).toBeUndefined()
    expect(sparseGapMs({ ...asked, step: '1d', range: year })).toBeUndefined()
    expect(sparseGapMs({ ...asked, step: '1d', timezone: 'UTC' })).toBeUndefined()
    expect(sparseGapMs(asked)).toBeUndefined()
  })
})

const ZONES = [
  'Asia/Kolkata',
  'America/St_Johns',
  'Pacific/Apia',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Europe/London',
  'America/Havana',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Pacific/Chatham',
  'Asia/Tehran',
  'Africa/Cairo',
  'America/Godthab',
  'Antarctica/Troll',
  'Pacific/Kiritimati',
  'Asia/Gaza',
  'UTC',
  'America/Caracas',
]

/** The key of the step that a wall clock's reading lies in; keys ascend with time as texts do. */
const KEYS: Record<string, (local: string) => string> = {
  '1d': (local) => local.slice(0, 10),
  '1w': (local) => {
    const day = new Date(`${local.slice(0, 10)}T00:00Z`)
    day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7))
    return day.toISOString().slice(0, 10)
  },
  '1mo': (local) => local.slice(0, 7),
  '3mo': (local) => `${local.slice(0, 4)} ${Math.floor((Number(local.slice(5, 7)) - 1) / 3)}`,
  '1y': (local) => local.slice(0, 4),
  '6h': (local) => `${local.slice(0, 10)} ${Math.floor(Number(local.slice(11, 13)) / 6)}`,
}

describe('steps against a walk through every quarter of an hour', () => {
  it('put each window in the step that the wall clock tells, which never goes back', () => {
    const zones = fc.constantFrom(...ZONES)
    const day = fc.integer({ min: at('2000-01-01') / DAY, max: at('2025-01-01') / DAY })
    fc.assert(
      fc.property(
        zones,
        fc.constantFrom(...Object.keys(KEYS)),
        day,
        fc.integer({ min: 1, max: 40 }),
        (zone, step, start, days) => {
          const windowMs = 15 * MINUTE
          const range = { fromMs: start * DAY, toMs: (start + days) * DAY }
          const rule = planStep({ step, timezone: zone, windowMs, range })
          const local = localOf(zone)
          // The walk begins early, so that it knows the step which the first window continues.
          let key = ''
          let last = -1
          for (let ms = range.fromMs - 2 * DAY; ms < range.toMs; ms += windowMs) {
            const here = KEYS[step]!(local(ms))
            const isNew = here > key
            if (isNew) key = here
            if (ms < range.fromMs) continue
            const found = placeOf(rule, ms)
            if (last >= 0)
              expect([zone, new Date(ms).toISOString(), found > last]).toEqual([
                zone,
                new Date(ms).toISOString(),
                isNew,
              ])
            last = found
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})

function placeOf(rule: StepRule, ms: number): number {
  if (rule.kind === 'fixed') return Math.floor(ms / rule.stepMs)
  const place = rule.boundaries.findLastIndex((boundary) => boundary <= ms)
  if (place < 0) throw new Error('the boundaries do not cover the range')
  return place
}
