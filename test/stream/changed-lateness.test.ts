/** The allowed lateness changes in mid-stream: each line is judged by the one in force at its offset, by every engine. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import { TallyPrinter } from '../../src/compile/print-tally.ts'
import { recordColumns } from '../../src/compile/record-columns.ts'
import { finalBefore } from '../../src/core/final-windows.ts'
import type { LatenessSteps } from '../../src/core/lateness.ts'
import { holdsWindow } from '../../src/core/metric-ranges.ts'
import { duckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { RecordQueries } from '../../src/engines/duckdb/record-queries.ts'
import { sparkDialect } from '../../src/engines/spark/dialect.ts'
import { sourceStatements } from '../../src/engines/spark/source-statements.ts'
import { seeded } from '../contract/random-groups.ts'
import { defineText } from '../pipeline.ts'
import { deviceRequests, MINUTE, T0 } from './device-requests.ts'
import { type Line, makeBatches, StreamWorld } from './stream-world.ts'

let world: StreamWorld
beforeEach(() => {
  world = new StreamWorld(defineText(deviceRequests(2 * MINUTE)))
})
afterEach(() => world.close())

interface Dated extends Line {
  readonly ts: number
}

function lineAt(ts: number, observedMs: number, ms: number): Dated {
  return { ts, observedMs, text: JSON.stringify({ ts, device: `d${ms % 2}`, ms }) }
}

function randomLines(random: () => number, count: number): Dated[] {
  let observedMs = T0
  return Array.from({ length: count }, (_, ms) => {
    if (random() < 0.6) observedMs += Math.floor(random() * 15_000)
    return lineAt(Math.floor(observedMs - random() ** 3 * 10 * MINUTE), observedMs, ms)
  })
}

/** The rule in a few lines: a window takes a line until its end and the allowance are over, and once final no more. */
class Model {
  latenessMs = 2 * MINUTE
  readonly onTime: Dated[] = []
  readonly late = new Map<number, number>()
  /** Windows before this are final. */
  #final = Number.NEGATIVE_INFINITY

  take(lines: readonly Dated[]): void {
    for (const line of lines) {
      const start = Math.floor(line.ts / MINUTE) * MINUTE
      const isOver = line.observedMs >= start + MINUTE + this.latenessMs
      if (isOver || start < this.#final) this.late.set(start, (this.late.get(start) ?? 0) + 1)
      else this.onTime.push(line)
    }
  }

  pass(clockMs: number): void {
    this.#final = Math.max(this.#final, finalBefore(clockMs, MINUTE, this.latenessMs))
  }
}

for (const seed of [1, 2, 3]) {
  it(`counts what the model counts, and verifies equal, through changes both ways (seed ${seed})`, async () => {
    const random = seeded(seed)
    const lines = randomLines(random, 300)
    const model = new Model()
    for (let next = 0; next < lines.length; ) {
      const end = Math.min(lines.length, next + 10 + Math.floor(random() * 40))
      const clockMs = lines[Math.min(end, lines.length - 1)]!.observedMs
      const batch = lines.slice(next, end)
      await world.advance(
        makeBatches(batch, next, () => 10),
        next,
        clockMs,
      )
      model.take(batch)
      model.pass(clockMs)
      next = end
      if (random() < 0.4) model.latenessMs = Math.floor(random() * 6) * MINUTE
      world.latenessMs.set('requests', model.latenessMs)
      if (random() < 0.2) await world.reopen()
    }
    const report = await world.report()
    const totals = await world.totals(report)
    expect(totals).toEqual(await world.expected(model.onTime, false))
    expect(totals).toEqual(await world.verified(lines))
    const { lateness, ledger } = (await report.streamState('web'))!.metrics[0]!
    expect(lateness.length).toBeGreaterThan(2)
    const lateLines = lines.length - model.onTime.length
    expect(ledger).toMatchObject({ counted: model.onTime.length, late: lateLines })
    const waiting = await report.lateRanges()
    expect(waiting.reduce((sum, one) => sum + one.lines, 0)).toBe(lateLines)
    for (const windowMs of model.late.keys())
      expect(waiting.some((range) => holdsWindow(range, windowMs))).toBe(true)
    for (const { fromMs, toMs } of waiting)
      for (let windowMs = fromMs; windowMs < toMs; windowMs += MINUTE)
        expect(model.late.has(windowMs)).toBe(true)
  })
}

it('opens no final window when the allowance grows, and closes none before its time when it shrinks', async () => {
  const send = async (line: Dated, offset: number) =>
    world.advance(
      makeBatches([line], offset, () => 1),
      offset,
      line.observedMs + 1,
    )
  const counted = async () => (await (await world.report()).streamState('web'))!.metrics[0]!.ledger.counted
  await send(lineAt(T0, T0, 0), 0)
  // Final after three minutes, of two minutes' allowance.
  await send(lineAt(T0 + 3 * MINUTE, T0 + 3 * MINUTE, 1), 1)
  world.latenessMs.set('requests', 10 * MINUTE)
  await send(lineAt(T0, T0 + 4 * MINUTE, 2), 2)
  expect(await counted()).toBe(2)
  await send(lineAt(T0 + MINUTE, T0 + 9 * MINUTE, 3), 3)
  expect(await counted()).toBe(3)
  world.latenessMs.set('requests', 0)
  await send(lineAt(T0 + 8 * MINUTE, T0 + 9 * MINUTE, 4), 4)
  await send(lineAt(T0 + 9 * MINUTE, T0 + 9 * MINUTE, 5), 5)
  expect(await counted()).toBe(4)
})

const STEPS: LatenessSteps = [
  { fromOffset: 0, latenessMs: 2 * MINUTE },
  { fromOffset: 50, latenessMs: 5 * MINUTE, finalBeforeMs: T0 },
  { fromOffset: 80, latenessMs: 0, finalBeforeMs: T0 },
]

it('is one condition in the SQL of both engines, by offset where there are steps', () => {
  const { plan } = world
  const [metric] = plan.metrics
  const late = (steps: LatenessSteps) =>
    new TallyPrinter(duckdbDialect, metric!, recordColumns(plan)).conditions({ range: {}, lateness: steps })
      .late
  expect(late(STEPS.slice(0, 1))).toMatchInlineSnapshot(
    `"(TRUE AND (observed_ms >= (event_ms - ((event_ms % 60000) + 60000) % 60000) + 180000))"`,
  )
  expect(late(STEPS)).toMatchInlineSnapshot(
    `"(TRUE AND (CASE WHEN "offset" < 50 THEN observed_ms >= (event_ms - ((event_ms % 60000) + 60000) % 60000) + 180000 WHEN "offset" < 80 THEN observed_ms >= (event_ms - ((event_ms % 60000) + 60000) % 60000) + 360000 OR (event_ms - ((event_ms % 60000) + 60000) % 60000) < 1700002800000 ELSE observed_ms >= (event_ms - ((event_ms % 60000) + 60000) % 60000) + 60000 OR (event_ms - ((event_ms % 60000) + 60000) % 60000) < 1700002800000 END))"`,
  )
  for (const steps of [STEPS.slice(0, 1), STEPS]) {
    const request = { plan, range: {}, lateness: new Map([['requests', steps]]) }
    const { partials } = sourceStatements(request, sparkDialect, 'records', 'lines')
    const queries = new RecordQueries(request)
    const condition = late(steps).slice('(TRUE AND '.length, -1)
    expect(partials(0, metric!.tallies[0]!)).toContain(`NOT ${condition}`)
    expect(queries.records(duckdbDialect, 'lines')).toContain(`NOT ${condition}`)
  }
})
