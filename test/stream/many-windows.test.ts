/** More windows in one micro-batch than a call may have arguments: minutes that come late, and seconds that count. */
import { afterEach, expect, it } from 'vitest'
import type { MetricPlan } from '../../src/core/plan.ts'
import type { LateRange, Report } from '../../src/ports/report.ts'
import { waitingRanges } from '../../src/run/keep-restating.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { defineText, sha256 } from '../pipeline.ts'
import { type Line, makeBatches, StreamWorld } from './stream-world.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const NOW = Date.UTC(2026, 6, 1)

let world: StreamWorld | undefined
afterEach(() => world?.close())

const define = (metric: string) =>
  defineText(`sources: { web: { format: json, time: { field: ts, layout: epoch_ms }, fields: {} } }
metrics: { requests: { source: web, ${metric}, measures: { n: count() } } }`)

/** One a window, all taken at once. */
function linesEvery(stepMs: number, count: number): Line[] {
  const fromMs = NOW - count * stepMs
  return Array.from({ length: count }, (_, place) => ({
    ...{ observedMs: NOW, text: `{"ts":${fromMs + place * stepMs}}` },
  }))
}

async function send(lines: readonly Line[]): Promise<void> {
  await world!.advance(
    makeBatches(lines, 0, () => lines.length),
    0,
    NOW,
  )
}

it('130,000 windows, all late, are one range that waits, and a run restates it', async () => {
  const lines = linesEvery(MINUTE, 129_600)
  world = new StreamWorld(define('window: 1m'))
  await send(lines)
  const report = await world.report()
  const [{ fromMs, toMs, lines: waiting }, ...others] = (await report.lateRanges()) as [LateRange]
  expect([toMs - fromMs, waiting, others]).toEqual([90 * DAY, 129_600, []])
  await world.publish(
    report,
    lines,
    (await waitingRanges({ plans: world.plan.metrics, report })).get('requests'),
  )
  expect(await report.lateRanges()).toEqual([])
  expect(await countsByDay(report)).toEqual(new Array(90).fill(1440))
})

it('130,000 windows of a second that are counted at once, published in part, and become final', async () => {
  const lines = linesEvery(1000, 130_000)
  world = new StreamWorld(define('window: 1s, allowed_lateness: 3d'))
  await send(lines)
  const report = await world.report()
  expect(await report.lateRanges()).toEqual([])
  await world.advance([], lines.length, NOW + 2 * DAY)
  // A line more in each, which a run has read before the stream comes to them.
  const again = lines.map((line) => ({ ...line, observedMs: NOW + 1 }))
  const published = { fromMs: NOW - 120_000_000, toMs: NOW - 100_000_000 }
  await world.publish(report, [...lines, ...again], published)
  const batches = makeBatches(again, lines.length, () => again.length)
  await world.advance(batches, lines.length, NOW + 2 * DAY)
  expect(await report.lateRanges()).toEqual([])
  await world.advance([], 2 * lines.length, NOW + 4 * DAY)
  expect(sum(await countsByDay(report))).toBe(260_000)
})

async function countsByDay(report: Report): Promise<number[]> {
  const { definition } = world!
  const shared = { metricState: report.metricState.bind(report), query: report.query.bind(report) }
  const openReport = async () => ({ ...shared, close: async () => undefined }) as unknown as Report
  const job = { definition, digest: sha256, openReport }
  const { table } = await queryMetric(job, { metric: 'requests', range: {}, step: '1d' })
  return table.columns[1]!.values.map(Number)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

it('a run restates windows that lie near together, and no more of them than one transaction should', async () => {
  const version = 'v'
  const ranges = (...starts: readonly [number, number][]) =>
    starts.map(([fromMs, toMs]) => {
      return { source: 'web', metric: 'requests', version, fromMs, toMs, lines: 1, endOffset: 1 }
    })
  const next = async (waiting: readonly LateRange[], finalBeforeMs: number) => {
    const report = {
      lateRanges: async () => [...waiting],
      metricState: async () => ({ finalBeforeMs }) as never,
    }
    const plans = [{ metric: 'requests', version, windowMs: 1 } as MetricPlan]
    return (await waitingRanges({ plans, report })).get('requests')
  }
  expect(await next([], 10)).toBeUndefined()
  expect(await next(ranges([20, 30]), 20)).toBeUndefined()
  expect(await next(ranges([0, 5], [3, 8], [10, 12], [18, 30]), 20)).toEqual({ fromMs: 0, toMs: 20 })
  expect(await next(ranges([0, 5], [1_000_000, 1_000_001]), 2_000_000)).toEqual({ fromMs: 0, toMs: 5 })
  expect(await next(ranges([7, 1_000_000]), 2_000_000)).toEqual({ fromMs: 7, toMs: 250_007 })
  expect(await next(ranges([0, 200_000], [100_000, 300_000]), 1e9)).toEqual({ fromMs: 0, toMs: 250_000 })
})
