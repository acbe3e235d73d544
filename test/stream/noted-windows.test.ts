/** A window without a note has every line there is, whatever was published, restarted or redefined before. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { holdsWindow } from '../../src/core/metric-ranges.ts'
import { seeded } from '../contract/random-groups.ts'
import { defineText } from '../pipeline.ts'
import { deviceRequests, MINUTE, T0 } from './device-requests.ts'
import { type Line, makeBatches, StreamWorld } from './stream-world.ts'

const SKEW = 2 * MINUTE

let world: StreamWorld
beforeEach(() => {
  world = new StreamWorld(defineText(deviceRequests(SKEW)))
})
afterEach(() => world.close())

function randomLines(random: () => number, count: number): Line[] {
  let observedMs = T0
  return Array.from({ length: count }, (_, ms) => {
    if (random() < 0.5) observedMs += Math.floor(random() * 12_000)
    const lagMs = random() < 0.1 ? -random() * SKEW : random() ** 3 * 8 * MINUTE
    const ts = Math.floor(observedMs - lagMs)
    return { observedMs, text: JSON.stringify({ ts, device: `d${ms % 2}`, ms }) }
  })
}

/** Rows by window. */
function byWindow(csv: string): Map<number, string> {
  const windows = new Map<number, string>()
  for (const row of csv.trim().split('\n').slice(1)) {
    const start = Date.parse(row.slice(0, row.indexOf(',')))
    windows.set(start, `${windows.get(start) ?? ''}${row}\n`)
  }
  return windows
}

/** How many windows had no note; each of them must be whole. */
async function checkWhole(lines: readonly Line[]): Promise<number> {
  const report = await world.report()
  const whole = byWindow((await world.expected(lines, false))['requests']!)
  const held = byWindow((await world.totals(report))['requests']!)
  const noted = await report.lateRanges()
  const { coverage = [] } = (await report.metricState('requests')) ?? {}
  let compared = 0
  for (const [start, rows] of whole) {
    const isCovered = coverage.some(({ fromMs = 0, toMs = Infinity }) => fromMs <= start && start < toMs)
    if (noted.some((range) => holdsWindow(range, start)) || !isCovered) continue
    expect(held.get(start), `window ${new Date(start).toISOString()}`).toBe(rows)
    compared++
  }
  return compared
}

/** The run may have read lines that the stream has not come to. Gives its cut. */
async function publishFinal(lines: readonly Line[], next: number, random: () => number): Promise<number> {
  const report = await world.report()
  const final = (await report.metricState('requests'))!.finalBeforeMs!
  const cut = Math.min(lines.length, next + Math.floor(random() * 60))
  const toMs = final - Math.floor(random() * 3) * MINUTE
  const fromMs = random() < 0.5 ? undefined : toMs - Math.ceil(random() * 5) * MINUTE
  await world.publish(report, lines.slice(0, cut), { toMs, ...(fromMs !== undefined && { fromMs }) })
  return cut
}

/** Of a source whose first lines were there before the stream; a batch run has computed all of them, or none. */
async function begin(lines: readonly Line[], first: number, random: () => number): Promise<void> {
  if (random() < 0.5) await world.publish(await world.report(), lines.slice(0, first))
  await world.advance([], first, lines[first]!.observedMs)
}

for (const seed of [1, 2, 3, 4]) {
  it(`through runs beside it, crashes and other allowances (seed ${seed})`, async () => {
    const random = seeded(seed)
    const lines = randomLines(random, 300)
    const first = seed % 2 === 0 ? 0 : 80
    if (first > 0) await begin(lines, first, random)
    let [compared, read] = [0, 0]
    for (let next = first; next < lines.length; ) {
      const end = Math.min(lines.length, next + 10 + Math.floor(random() * 40))
      const clockMs = lines[Math.min(end, lines.length - 1)]!.observedMs
      const batches = makeBatches(lines.slice(next, end), next, () => 10)
      await world.advance(batches, next, clockMs)
      next = end
      if (random() < 0.3) read = Math.max(read, await publishFinal(lines, next, random))
      if (random() < 0.3) await world.reopen()
      if (random() < 0.2) world.latenessMs.set('requests', Math.floor(random() * 5) * MINUTE)
      if (next >= read && random() < 0.5) compared += await checkWhole(lines.slice(0, next))
    }
    compared += await checkWhole(lines)
    expect(compared).toBeGreaterThan(5)
  })
}

it('when the allowance grows, published windows keep what the run counted, and get a note', async () => {
  const line = (observedMs: number, ms: number): Line => {
    return { observedMs, text: JSON.stringify({ ts: T0, device: 'd', ms }) }
  }
  const lines = [line(T0, 1), line(T0 + 5 * MINUTE, 2)]
  await world.advance(
    makeBatches(lines.slice(0, 1), 0, () => 1),
    0,
    T0 + 4 * MINUTE,
  )
  const report = await world.report()
  await world.publish(report, lines.slice(0, 1), { toMs: T0 + MINUTE })
  const published = await world.totals(report)
  world.latenessMs.set('requests', 30 * MINUTE)
  await world.advance(
    makeBatches(lines.slice(1), 1, () => 1),
    1,
    T0 + 5 * MINUTE,
  )
  expect(await world.totals(report)).toEqual(published)
  expect(await report.lateRanges()).toMatchObject([{ fromMs: T0, toMs: T0 + MINUTE, lines: 1, endOffset: 2 }])
  await world.advance([], 2, T0 + 60 * MINUTE)
  await world.publish(report, lines, { toMs: T0 + MINUTE })
  expect(await report.lateRanges()).toEqual([])
  expect(await world.totals(report)).toEqual(await world.expected(lines, false))
})
