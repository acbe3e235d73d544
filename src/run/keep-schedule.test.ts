/** Batches at their times, and those that were missed. */
import { expect, it } from 'vitest'
import { keepSchedule } from './keep-schedule.ts'

const schedule = { cron: '0 3 * * *', timezone: 'Europe/Berlin' }
const onFailure = (error: unknown) => {
  throw error
}

/** Whether a batch runs at once, at noon of 1 December, when the last one ran then. */
async function runsAtOnce(lastRunMs: number | undefined): Promise<boolean> {
  let runs = 0
  const kept = await keepSchedule({
    ...{ schedule, onFailure },
    lastRunMs: async () => lastRunMs,
    run: async () => void runs++,
    now: () => Date.parse('2026-12-01T12:00Z'),
  })
  expect(kept.next()).toEqual(new Date('2026-12-02T02:00Z'))
  await kept.stop()
  return runs === 1
}

it('makes up once for times that were missed', async () => {
  expect(await runsAtOnce(undefined)).toBe(false)
  expect(await runsAtOnce(Date.parse('2026-12-01T02:00Z'))).toBe(false)
  expect(await runsAtOnce(Date.parse('2026-12-01T01:59Z'))).toBe(true)
  expect(await runsAtOnce(Date.parse('2026-11-01T00:00Z'))).toBe(true)
})

it('runs when the time comes, and goes on after a failure', async () => {
  const began = Date.now()
  const failures: unknown[] = []
  let runs = 0
  let toldRan: () => void
  const ran = new Promise<void>((resolve) => {
    toldRan = resolve
  })
  const kept = await keepSchedule({
    schedule,
    lastRunMs: async () => undefined,
    onFailure: (error) => void failures.push(error),
    run: async () => {
      runs++
      toldRan()
      throw new Error('away')
    },
    now: () => Date.parse('2026-12-02T01:59:59.990Z') + Date.now() - began,
  })
  await ran
  await kept.stop()
  expect({ runs, failures }).toEqual({ runs: 1, failures: [new Error('away')] })
  expect(kept.next()).toEqual(new Date('2026-12-03T02:00Z'))
})
