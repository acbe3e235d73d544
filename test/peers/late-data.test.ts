/** What late, delayed and replayed data did to users of other systems (the numbers are those of the list of peers' pains). */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seeded } from '../contract/random-groups.ts'
import { HOUR, MINUTE, SmallStream, T0 } from './small-stream.ts'

const YEAR = 365 * 24 * HOUR

let web: SmallStream
beforeEach(() => {
  web = new SmallStream()
})
afterEach(() => web.close())

it('pain 1: stream and batch agree on delayed data, and what is late is told', async () => {
  const random = seeded(1)
  for (let minute = 0; minute < 12; minute++) {
    const observedMs = T0 + minute * MINUTE + 30_000
    const delays = Array.from({ length: 20 }, () => Math.floor(random() ** 2 * 8 * MINUTE))
    await web.at(
      observedMs,
      delays.map((delay, ms) => ({ ts: observedMs - delay, ms })),
    )
  }
  const filtered = await web.batch(true)
  expect(await web.totals()).toBe(filtered)
  const whole = await web.batch(false)
  expect(whole).not.toBe(filtered)
  await web.clock(T0 + HOUR)
  await web.restate({ toMs: T0 + 50 * MINUTE })
  expect(await web.totals()).toBe(whole)
})

it('pain 3: late points are counted by the next batch run, in the window they belong to', async () => {
  await web.at(T0, [{ ts: T0 }, { ts: T0 }])
  await web.at(T0 + 3 * MINUTE, [{ ts: T0 + 59_999 }, { ts: T0 + 2 * MINUTE }])
  expect(await web.counts()).toEqual({ [T0]: 2, [T0 + 2 * MINUTE]: 1 })
  expect(await web.late()).toMatchObject([{ fromMs: T0, toMs: T0 + MINUTE, lines: 1 }])
  await web.restate({ fromMs: T0, toMs: T0 + MINUTE })
  expect(await web.counts()).toEqual({ [T0]: 3, [T0 + 2 * MINUTE]: 1 })
  expect(await web.late()).toEqual([])
})

it('pain 5: windows are of event time, whatever the time and the order of arrival', async () => {
  const observedMs = T0 + 2 * MINUTE + 30_000
  await web.at(
    observedMs,
    [2, 0, 1, 2, 0, 0].map((minute) => ({ ts: T0 + minute * MINUTE })),
  )
  expect(await web.counts()).toEqual({ [T0]: 3, [T0 + MINUTE]: 1, [T0 + 2 * MINUTE]: 2 })
})

it('pain 9: no total is stamped with the time at which it was made', async () => {
  const ts = Date.UTC(1999, 11, 31, 23, 59, 30)
  await web.at(ts, [{ ts, ms: 7 }])
  await web.clock(ts + HOUR)
  const { columns } = (await web.ask({}, ['n', 'total', 'took'])).table
  expect(columns[0]).toMatchObject({ type: 'timestamp', values: [Date.UTC(1999, 11, 31, 23, 59)] })
  expect(columns.filter(({ type }) => type === 'timestamp')).toHaveLength(1)
  expect(await web.totals()).toBe(await web.batch(true))
})

it('pain 14: one device that is months late invalidates one window, and nobody else waits', async () => {
  const devices = Array.from({ length: 30 }, (_, index) => `d${index}`)
  for (let minute = 0; minute < 6; minute++)
    await web.at(
      T0 + minute * MINUTE,
      devices.map((device) => ({ ts: T0 + minute * MINUTE, device })),
    )
  const before = [await web.finalBeforeMs(), await web.counts()]
  const oldMs = T0 - 90 * 24 * HOUR
  await web.at(T0 + 5 * MINUTE, [{ ts: oldMs, device: 'asleep' }])
  expect([await web.finalBeforeMs(), await web.counts()]).toEqual(before)
  expect(await web.late()).toMatchObject([{ fromMs: oldMs, lines: 1 }])
  await web.restate({ fromMs: oldMs, toMs: oldMs + MINUTE })
  expect(await web.finalBeforeMs()).toBe(before[0])
  expect(await web.counts()).toEqual({ ...(before[1] as object), [oldMs]: 1 })
})

it('pain 15: late rows stand in the ledger and under their window, so no second view is needed to find them', async () => {
  const random = seeded(2)
  for (let step = 0; step < 10; step++) {
    const observedMs = T0 + step * MINUTE
    await web.at(
      observedMs,
      Array.from({ length: 10 }, () => ({ ts: observedMs - Math.floor(random() * 9 * MINUTE) })),
    )
    const { appended, counted, filtered, late = 0, rejected } = await web.ledger()
    expect(appended).toBe(web.lines.length)
    expect(counted + filtered + late + rejected).toBe(appended)
    const noted = (await web.late()).reduce((sum, { lines }) => sum + lines, 0)
    expect(noted).toBe(late)
    const visible = Object.values(await web.counts()).reduce((sum, n) => sum + n, 0)
    expect(visible).toBe(counted)
  }
  expect((await web.ledger()).late).toBeGreaterThan(20)
})

it('pain 17: a replay of old data ends in windows, though they closed long ago by the clock', async () => {
  const old = Array.from({ length: 50 }, (_, index) => ({ ts: T0 - YEAR + index * 10_000, ms: index }))
  for (let at = 0; at < 50; at += 10) await web.at(T0 + at * 100, old.slice(at, at + 10))
  const waiting = await web.late()
  const firsts = [0, 1, 3, 5, 6]
  expect(waiting.map(({ fromMs, lines }) => [fromMs, lines])).toEqual(
    firsts.map((minute) => [T0 - YEAR + minute * MINUTE, 10]),
  )
  const { toMs } = waiting.at(-1)!
  expect(toMs).toBe(T0 - YEAR + 9 * MINUTE)
  await web.restate({ fromMs: T0 - YEAR, toMs })
  expect(await web.late()).toEqual([])
  expect(await web.totals()).toBe(await web.batch(false))
})
