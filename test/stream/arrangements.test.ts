/** One set of records with one set of observed times, arranged in a hundred ways: one late set, and the same totals. */
import { expect, it } from 'vitest'
import { seeded } from '../contract/random-groups.ts'
import { defineText } from '../pipeline.ts'
import { type Line, makeBatches, StreamWorld } from './stream-world.ts'

const DEFINITION = `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { copy: integer, id: integer, ms: decimal(3) } }
metrics:
  seen:
    source: web
    window: 1m
    dimensions: { copy: copy, id: id }
    measures: { n: count() }
    allowed_lateness: 2m
  totals:
    source: web
    window: 5m
    dimensions: { copy: copy }
    measures: { n: count(), total: sum(ms), worst: max(ms), took: quantiles(ms), ids: { value: distinct(id) } }
    allowed_lateness: 1m
`
const RUNS = 4
const COPIES = 25
const RECORDS = 60
const T0 = 1_700_000_100_000
const MINUTE = 60_000

interface Item {
  readonly id: number
  readonly observedMs: number
  readonly ts: number
  readonly ms: number
}

/** Groups of five observed at one time, so that each can be turned about; often on the very edge of an allowance. */
function makeItems(random: () => number): Item[] {
  return Array.from({ length: RECORDS }, (_, id) => {
    const observedMs = T0 + Math.floor(id / 5) * 30_000
    const lagMs = random() < 0.5 ? random() * MINUTE : random() * 10 * MINUTE
    return { id, observedMs, ts: Math.floor(observedMs - lagMs), ms: Math.floor(random() * 1e6) / 1000 }
  })
}

/** By the definition of late, without any of the code under test. */
function isLate({ observedMs, ts }: Item, windowMs: number, latenessMs: number): boolean {
  return observedMs >= Math.floor(ts / windowMs) * windowMs + windowMs + latenessMs
}

/** All copies of the items, each in an order of its own, mixed; only the observed times go up. */
function arrange(items: readonly Item[], random: () => number): Line[] {
  const all = Array.from({ length: COPIES }, (_, copy) => items.map((item) => ({ ...item, copy }))).flat()
  const keyed = all.map((item) => ({ item, place: random() }))
  keyed.sort((a, b) => a.item.observedMs - b.item.observedMs || a.place - b.place)
  return keyed.map(({ item: { observedMs, ...fields } }) => ({ observedMs, text: JSON.stringify(fields) }))
}

type Fate = 'before' | 'after' | 'repeated' | 'none'
const fateOf = (random: () => number): Fate =>
  (['before', 'after', 'repeated'] as const)[Math.floor(random() * 6)] ?? 'none'

/** Crashes lose what is not in the report's file; what was done may be asked for again. Gives how many there were. */
async function stream(world: StreamWorld, lines: readonly Line[], random: () => number): Promise<number> {
  const size = 10 + Math.floor(random() * 120)
  const batches = makeBatches(lines, 0, () => Math.floor(random() * size))
  let crashes = 0
  for (let next = 0; next < lines.length; ) {
    const from = batches.findIndex(({ endOffset }) => endOffset > next)
    const taken = batches.slice(from, from + 1 + Math.floor(random() * 9))
    const endOffset = taken.at(-1)!.endOffset
    const step = await world.step(taken, next, lines[endOffset]?.observedMs ?? lines.at(-1)!.observedMs)
    const fate = fateOf(random)
    if (fate !== 'before') await (await world.report()).advance(step)
    if (fate === 'repeated')
      await expect((await world.report()).advance(step)).rejects.toMatchObject({
        code: 'REPORT_STREAM_MOVED',
      })
    if (fate === 'before' || fate === 'after') {
      crashes++
      await world.reopen()
    }
    next = (await (await world.report()).streamState('web'))?.endOffset ?? 0
  }
  return crashes
}

/** Rows of a metric by copy, without the number of the copy. */
function byCopy(csv: string): string[] {
  const copies = Array.from({ length: COPIES }, () => '')
  for (const row of csv.trim().split('\n').slice(1)) {
    const [window, copy, ...rest] = row.split(',')
    copies[Number(copy)] += `${[window, ...rest].join()}\n`
  }
  return copies
}

const idsOf = (rows: string) =>
  rows
    .trim()
    .split('\n')
    .map((row) => Number(row.split(',')[1]))
    .sort((a, b) => a - b)

it(`finds one late set and one set of totals in ${RUNS * COPIES} orders, batchings and places of crashes`, async () => {
  const items = makeItems(seeded(5))
  const counted = items.filter((item) => !isLate(item, MINUTE, 2 * MINUTE)).map(({ id }) => id)
  const late = items.filter((item) => isLate(item, 5 * MINUTE, MINUTE)).length
  expect(counted.length).toBeLessThan(RECORDS - 10)
  expect(late).toBeGreaterThan(5)
  const outcomes = new Set<string>()
  let crashes = 0
  for (let run = 0; run < RUNS; run++) {
    const random = seeded(100 + run)
    const lines = arrange(items, random)
    const world = new StreamWorld(defineText(DEFINITION))
    try {
      crashes += await stream(world, lines, random)
      const report = await world.report()
      const { seen, totals } = await world.totals(report)
      for (const rows of byCopy(seen!)) expect(idsOf(rows)).toEqual(counted)
      for (const [copy, rows] of byCopy(totals!).entries()) outcomes.add(rows + byCopy(seen!)[copy])
      const noted = (await report.lateRanges()).filter(({ metric }) => metric === 'totals')
      expect(noted.reduce((sum, { lines: each }) => sum + each, 0)).toBe(late * COPIES)
      if (run === 0) expect({ seen, totals }).toEqual(await world.expected(lines, true))
    } finally {
      await world.close()
    }
  }
  expect(outcomes.size).toBe(1)
  expect(crashes).toBeGreaterThan(6)
})
