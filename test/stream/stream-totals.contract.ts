/** Whatever the batches, crashes and repeats: the stream's final totals are a batch run's, bit for bit. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TimeRange } from '../../src/core/run-record.ts'
import { addRange } from '../../src/core/time-coverage.ts'
import type { Report } from '../../src/ports/report.ts'
import { seeded } from '../contract/random-groups.ts'
import { defineText } from '../pipeline.ts'
import { type Line, makeBatches, type OpenReport, StreamWorld } from './stream-world.ts'

const DEFINITION = `
sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ms }
    allowed_skew: 2m
    fields: { service: string, status: integer, ms: decimal(3), user: string }
metrics:
  requests:
    source: web
    window: 1m
    where: service <> 'health'
    dimensions: { service: service, class: status / 100 }
    measures: { n: count(), errors: count(status >= 500), total: sum(ms), worst: max(ms), least: min(ms), took: quantiles(ms), users: { value: distinct(user) } }
    allowed_lateness: 2m
  volume:
    source: web
    window: 5m
    measures: { n: count(), mean: mean(ms) }
`
const T0 = 1_700_000_040_000
const NOISE = [
  'not json',
  '{"ts":"x"}',
  '\xff\xfe{',
  '',
  '{"ts":1,"service":"a"}',
  '{"ts":1700000040000,"status":"bad"}',
]

/** Observed times never go back; event times are mostly a little earlier, some far, some ahead. */
function randomLines(random: () => number, count: number): Line[] {
  let observedMs = T0
  return Array.from({ length: count }, () => {
    if (random() < 0.5) observedMs += Math.floor(random() * 6000)
    if (random() < 0.08) return { observedMs, text: NOISE[Math.floor(random() * NOISE.length)]! }
    const kind = random()
    const lag = kind < 0.7 ? random() * 60_000 : kind < 0.95 ? random() * 600_000 : -random() * 200_000
    const ts = Math.floor(observedMs - lag)
    const service = ['a', 'b', 'health', null][Math.floor(random() * 4)]
    const status = [200, 404, 500, 503][Math.floor(random() * 4)]
    const ms = Math.floor(random() * 1e6) / 1000
    const text = JSON.stringify({ ts, service, status, ms, user: `u${Math.floor(random() * 50)}` })
    return { observedMs, text: random() < 0.05 ? `${text}\r` : text }
  })
}

const unframed = (lines: readonly Line[]) =>
  lines.map((line) => ({ ...line, text: line.text.replace(/\r$/, '') }))

export function describeStreamTotals(name: string, seeds: readonly number[], open?: OpenReport): void {
  describe(`stream totals: ${name}`, () => {
    let world: StreamWorld
    beforeEach(() => {
      world = new StreamWorld(defineText(DEFINITION), open)
    })
    afterEach(() => world.close())

    /** Random batches and steps; a crash falls before or after the transaction, and some reads are repeated. */
    async function stream(lines: readonly Line[], random: () => number, hasCrashes = true): Promise<void> {
      const sizes = () => Math.floor(random() * 30)
      const batches = makeBatches(lines, 0, sizes)
      let next = 0
      while (next < lines.length) {
        const from = batches.findIndex(({ endOffset }) => endOffset > next)
        const taken = batches.slice(from, from + 1 + Math.floor(random() * 8))
        const { endOffset, observedMs } = taken.at(-1)!
        const clockMs = batches.find(({ firstOffset }) => firstOffset === endOffset)?.observedMs ?? observedMs
        const step = await world.step(taken, next, clockMs)
        const fate = hasCrashes ? random() : 1
        if (fate < 0.1) await world.reopen()
        else {
          await (await world.report()).advance(step)
          if (fate < 0.2)
            await expect((await world.report()).advance(step)).rejects.toMatchObject({
              code: 'REPORT_STREAM_MOVED',
            })
          if (fate < 0.3) await world.reopen()
        }
        next = (await (await world.report()).streamState('web'))?.endOffset ?? 0
      }
    }

    async function finish(offset: number, lines: readonly Line[]): Promise<number> {
      const clockMs = lines.at(-1)!.observedMs + 3_600_000
      await world.advance([], offset, clockMs)
      return clockMs
    }

    for (const seed of seeds) {
      it(`equals a batch run with the same lateness, and after restatement one without it (seed ${seed})`, async () => {
        const random = seeded(seed)
        const lines = randomLines(random, 400)
        await stream(lines, random)
        const report = await world.report()
        const filtered = await world.expected(unframed(lines), true)
        expect(await world.totals(report)).toEqual(filtered)
        await finish(lines.length, lines)
        expect(await world.totals(report)).toEqual(filtered)
        const late = await report.lateRanges()
        expect(late.length).toBeGreaterThan(3)
        const state = (await report.streamState('web'))!
        for (const { metric, ledger } of state.metrics) {
          expect(ledger.appended).toBe(lines.length)
          const noted = late
            .filter((each) => each.metric === metric)
            .reduce((sum, each) => sum + each.lines, 0)
          expect(noted).toBe(ledger.late)
        }
        const toMs = Math.floor((state.clockMs - 120_000) / 300_000) * 300_000
        await world.publish(report, unframed(lines), { toMs })
        expect(await report.lateRanges()).toEqual([])
        expect(await world.totals(report)).toEqual(await world.expected(unframed(lines), false))
      })
    }

    it('finds the same late lines in any order, batch size and crash', async () => {
      const random = seeded(9)
      const lines = randomLines(random, 150)
      const byTime = new Map<number, Line[]>()
      for (const line of lines) byTime.set(line.observedMs, [...(byTime.get(line.observedMs) ?? []), line])
      let expected: unknown
      for (let round = 0; round < 5; round++) {
        const shuffled = [...byTime.values()].flatMap((group) => [...group].sort(() => random() - 0.5))
        await world.close()
        world = new StreamWorld(defineText(DEFINITION), open)
        await stream(shuffled, random)
        const report = await world.report()
        const outcome = { late: await lateOf(report), totals: await world.totals(report) }
        expected ??= outcome
        expect(outcome).toEqual(expected)
      }
    })

    it('joins earlier batch totals at an offset, and leaves windows that began before to the next run', async () => {
      const random = seeded(11)
      const lines = randomLines(random, 400)
      const cut = 200
      const report = await world.report()
      await world.publish(report, unframed(lines.slice(0, cut)))
      const startClockMs = lines[cut]!.observedMs
      await world.advance([], cut, startClockMs)
      const batches = makeBatches(lines.slice(cut), cut, () => 50)
      await world.advance(batches, cut, lines.at(-1)!.observedMs)
      const notes = await report.lateRanges()
      expect(notes.some(({ lines: count }) => count === 0)).toBe(true)
      const clockMs = await finish(lines.length, lines)
      const toMs = Math.floor((clockMs - 120_000) / 300_000) * 300_000
      await world.publish(report, unframed(lines), { toMs })
      expect(await report.lateRanges()).toEqual([])
      expect(await world.totals(report)).toEqual(await world.expected(unframed(lines), false))
    })

    it('drops what a batch run with a later cut has counted, however far behind the stream is', async () => {
      const random = seeded(12)
      const lines = randomLines(random, 300)
      const batches = makeBatches(lines, 0, () => 10)
      const report = await world.report()
      const half = batches.findIndex(({ endOffset }) => endOffset >= 150)
      const at = batches[half]!.endOffset
      await world.advance(batches.slice(0, half + 1), 0, batches[half]!.observedMs)
      // The clock moves on while lines wait: the run covers them all.
      await world.advance([], at, batches[half]!.observedMs)
      const final = Math.floor((batches[half]!.observedMs - 120_000) / 300_000) * 300_000
      await world.publish(report, unframed(lines), { toMs: final })
      await world.advance(batches.slice(half + 1), at, lines.at(-1)!.observedMs)
      const late = await report.lateRanges()
      expect(late.every(({ fromMs }) => fromMs >= final)).toBe(true)
      const toMs = Math.floor(((await finish(lines.length, lines)) - 120_000) / 300_000) * 300_000
      await world.publish(report, unframed(lines), { toMs })
      expect(await world.totals(report)).toEqual(await world.expected(unframed(lines), false))
    })

    it('refuses a ledger that does not balance, loudly and whole', async () => {
      const lines = randomLines(seeded(13), 50)
      const batches = makeBatches(lines, 0, () => 50)
      const step = await world.step(batches, 0, lines.at(-1)!.observedMs)
      const report = await world.report()
      const wrong = { ...step, endOffset: step.endOffset + 1 }
      await expect(report.advance(wrong)).rejects.toMatchObject({ code: 'LEDGER_MISMATCH' })
      const [first, ...rest] = step.staged.metrics
      const lost = {
        ...step.staged,
        metrics: [{ ...first!, counted: first!.counted - 1, filtered: first!.filtered + 1 }, ...rest],
      }
      await expect(report.advance({ ...step, staged: lost })).rejects.toMatchObject({
        code: 'LEDGER_MISMATCH',
      })
      expect(await report.streamState('web')).toBeUndefined()
      await report.advance(step)
      await expect(world.publish(report, unframed(lines))).rejects.toMatchObject({
        code: 'REPORT_STREAM_OWNS',
      })
    })
  })
}

/** By metric, how many lines wait, and the ranges of their windows, however they came to be noted. */
async function lateOf(report: Report): Promise<Map<string, { lines: number; ranges: TimeRange[] }>> {
  const late = new Map<string, { lines: number; ranges: TimeRange[] }>()
  for (const { metric, fromMs, toMs, lines } of await report.lateRanges()) {
    const held = late.get(metric) ?? { lines: 0, ranges: [] }
    late.set(metric, { lines: held.lines + lines, ranges: addRange(held.ranges, { fromMs, toMs }) })
  }
  return late
}
