/** Clocks that jump an hour, and stamps of the far future: the totals are a batch run's with the same lateness. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FilesLog } from '../../src/engines/files/log.ts'
import { batchOf, readAll } from '../contract/log.contract.ts'
import { seeded } from '../contract/random-groups.ts'
import { defineText } from '../pipeline.ts'
import { deviceRequests, MINUTE, T0 } from './device-requests.ts'
import { type Line, makeBatches, StreamWorld } from './stream-world.ts'

const HOUR = 60 * MINUTE
const SKEW = 5 * MINUTE

let world: StreamWorld
let log: FilesLog
let wallMs: number
let steadyMs: number
beforeEach(async () => {
  world = new StreamWorld(defineText(deviceRequests(SKEW)))
  ;[wallMs, steadyMs] = [T0, 0]
  log = await openLog()
})
afterEach(async () => {
  await log.close()
  await world.close()
})

const openLog = () =>
  FilesLog.open({
    ...{ dataDir: world.dataDir, firstOffset: async () => 0 },
    clocks: { now: () => wallMs, steady: () => steadyMs },
  })

/** As time goes on, for both clocks. */
function pass(ms: number): void {
  wallMs += ms
  steadyMs += ms
}

/** Lines that machines with right clocks send, of which some have been delayed; `trueMs` is the time that it really is. */
async function send(random: () => number, trueMs: number, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, ms) => {
    const ts = trueMs - Math.floor(random() ** 3 * 10 * MINUTE)
    return `${JSON.stringify({ ts, device: `d${ms % 3}`, ms })}\n`
  })
  await log.append('web', batchOf(records.join('')))
}

async function linesOfLog(): Promise<Line[]> {
  const batches = await readAll(log, 'web', 0)
  return batches.flatMap(({ observedMs, bytes }) => {
    const texts = Buffer.from(bytes).toString().split('\n').slice(0, -1)
    return texts.map((text) => ({ observedMs, text }))
  })
}

/** The stream takes what it has not, at the log's clock. */
async function follow(): Promise<void> {
  const from = (await (await world.report()).streamState('web'))?.endOffset ?? 0
  const { endOffset, clockMs } = log.end('web')
  const batches = from < endOffset ? await readAll(log, 'web', from) : []
  await world.advance(batches, from, clockMs)
  expect((await (await world.report()).streamState('web'))!.clockMs).toBe(clockMs)
}

async function checkTotals(): Promise<void> {
  const lines = await linesOfLog()
  const report = await world.report()
  expect(await world.totals(report)).toEqual(await world.expected(lines, true))
  const { ledger } = (await report.streamState('web'))!.metrics[0]!
  expect(ledger.appended).toBe(lines.length)
}

async function finalBefore(): Promise<number> {
  return (await (await world.report()).metricState('requests'))!.finalBeforeMs!
}

describe('a clock that jumps', () => {
  it('half an hour ahead and back: windows close early, never open again, and the totals are those of a batch', async () => {
    const random = seeded(1)
    let offMs = 0
    const finals: number[] = []
    const jumps: Record<number, number> = { 4: HOUR / 2, 8: -HOUR / 2, 12: -HOUR / 2, 16: HOUR / 2 }
    for (let minute = 0; minute < 20; minute++) {
      const jump = jumps[minute] ?? 0
      offMs += jump
      wallMs += jump
      await send(random, wallMs - offMs, 20)
      await follow()
      finals.push(await finalBefore())
      if (minute % 7 === 6) {
        await log.close()
        log = await openLog()
        await world.reopen()
      }
      pass(MINUTE)
    }
    expect(finals).toEqual([...finals].sort((a, b) => a - b))
    expect(finals.at(-1)).toBe(T0 + HOUR / 2 + 7 * MINUTE - 2 * MINUTE)
    const observed = (await linesOfLog()).map(({ observedMs }) => observedMs)
    expect(observed).toEqual([...observed].sort((a, b) => a - b))
    await checkTotals()
  })

  it('back: what comes meanwhile is stamped with the last time, and is not lost', async () => {
    await send(() => 0, wallMs, 5)
    wallMs -= HOUR
    for (let minute = 0; minute < 3; minute++) {
      await send(() => 0, T0 + minute * MINUTE, 5)
      pass(MINUTE)
    }
    expect(new Set((await linesOfLog()).map(({ observedMs }) => observedMs))).toEqual(new Set([T0]))
    await follow()
    expect(await finalBefore()).toBe(T0 - 2 * MINUTE)
    await checkTotals()
    const report = await world.report()
    expect((await report.streamState('web'))!.metrics[0]!.ledger).toMatchObject({ counted: 20, late: 0 })
  })

  it('further ahead than an hour: nothing is stamped or made final until it is back', async () => {
    await send(() => 0, wallMs, 5)
    wallMs += HOUR + 1
    await expect(send(() => 0, T0, 5)).rejects.toMatchObject({ code: 'LOG_CLOCK_JUMPED' })
    await follow()
    expect(await finalBefore()).toBe(T0 - 2 * MINUTE)
    wallMs -= HOUR + 1
    pass(1000)
    await send(() => 0, wallMs, 5)
    await follow()
    await checkTotals()
    expect((await linesOfLog()).map(({ observedMs }) => observedMs - T0)).toEqual([
      ...[0, 0, 0, 0, 0],
      ...[1000, 1000, 1000, 1000, 1000],
    ])
  })

  it('ahead: the records that this made late are counted by the next batch run', async () => {
    await send(() => 0, wallMs, 5)
    wallMs += HOUR
    await send(() => 0, T0, 5)
    await follow()
    const report = await world.report()
    expect(await report.lateRanges()).toMatchObject([{ fromMs: T0, toMs: T0 + MINUTE, lines: 5 }])
    const lines = await linesOfLog()
    await world.publish(report, lines, { fromMs: T0, toMs: T0 + MINUTE })
    expect(await report.lateRanges()).toEqual([])
    expect(await world.totals(report)).toEqual(await world.expected(lines, false))
  })
})

describe('stamps of the far future', () => {
  it('are rejected from one millisecond beyond the allowed skew on, by batch and stream alike', async () => {
    const ahead = [0, SKEW - 1, SKEW, SKEW + 1, SKEW + 2, 365 * 24 * HOUR]
    const text = (ms: number) => `${JSON.stringify({ ts: wallMs + ms, device: 'd', ms: 1 })}\n`
    await log.append('web', batchOf(ahead.map(text).join('')))
    await follow()
    await checkTotals()
    const report = await world.report()
    const { ledger } = (await report.streamState('web'))!.metrics[0]!
    expect(ledger).toMatchObject({ appended: 6, counted: 3, late: 0, rejected: 3 })
    const { lines } = await report.rejects('web', 10)
    expect(lines.map(({ offset }) => offset)).toEqual([3, 4, 5])
    // No stamp moves the clock: it is the log's own.
    expect(await finalBefore()).toBe(T0 - 2 * MINUTE)
  })

  it('are judged by the observed time, so a clock that is back an hour rejects what a right one takes', async () => {
    await send(() => 0, wallMs, 1)
    const text = `${JSON.stringify({ ts: T0 + HOUR, device: 'd', ms: 1 })}\n`
    await log.append('web', batchOf(text))
    wallMs += HOUR
    await log.append('web', batchOf(text))
    await follow()
    const lines = await linesOfLog()
    // However the lines are cut, the same ones are rejected.
    await world.close()
    world = new StreamWorld(defineText(deviceRequests(SKEW)))
    for (const batch of makeBatches(lines, 0, () => 1))
      await world.advance([batch], batch.firstOffset, batch.observedMs)
    const report = await world.report()
    expect((await report.rejects('web', 10)).lines.map(({ offset }) => offset)).toEqual([1])
    expect(await world.totals(report)).toEqual(await world.expected(lines, true))
  })
})
