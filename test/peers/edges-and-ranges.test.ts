/** Windows whose edges, and ranges whose ends, gave wrong totals in silence elsewhere. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MINUTE, SmallStream, T0 } from './small-stream.ts'

let web: SmallStream
beforeEach(() => {
  web = new SmallStream()
})
afterEach(() => web.close())

const missing = (warnings: readonly string[]) =>
  warnings.filter((text) => text.includes('only these ranges were computed'))
const sum = (counts: Record<number, number>) => Object.values(counts).reduce((all, n) => all + n, 0)

it('pain 4: a line on the edge of two windows is in the later one alone', async () => {
  const edge = T0 + MINUTE
  const times = [T0, edge - 1, edge, edge, edge + 1, edge + MINUTE - 1, edge + MINUTE]
  await web.at(
    edge,
    times.map((ts) => ({ ts })),
  )
  const counts = { [T0]: 2, [edge]: 4, [edge + MINUTE]: 1 }
  expect(await web.counts()).toEqual(counts)
  expect(await web.totals()).toBe(await web.batch(false))
  const parts = [{ toMs: edge }, { fromMs: edge, toMs: edge + MINUTE }, { fromMs: edge + MINUTE }]
  const asked = []
  for (const range of parts) asked.push(sum(await web.counts(range)))
  expect(asked).toEqual([2, 4, 1])
})

it('pain 4: windows beside each other are not counted twice where stream and batch meet', async () => {
  const times = Array.from({ length: 30 }, (_, index) => T0 + index * 20_000)
  for (const ts of times) await web.at(ts, [{ ts }])
  await web.restate({ fromMs: T0, toMs: T0 + 5 * MINUTE })
  await web.at(times.at(-1)!, [{ ts: T0 + 10 * MINUTE }])
  expect(sum(await web.counts())).toBe(31)
  expect(Object.values(await web.counts())).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1])
})

it('pain 18: an answer beyond the computed ranges says which they are, and the totals inside are whole', async () => {
  const records = Array.from({ length: 60 }, (_, minute) => ({ ts: T0 + minute * MINUTE }))
  for (const { ts } of records) web.lines.push({ observedMs: ts, text: JSON.stringify({ ts, ms: 1 }) })
  const [fromMs, toMs] = [T0 + 10 * MINUTE, T0 + 20 * MINUTE]
  await web.restate({ fromMs, toMs })
  const inside = await web.ask({ fromMs, toMs })
  expect([inside.table.rows, missing(inside.warnings)]).toEqual([10, []])
  for (const range of [{}, { fromMs, toMs: toMs + MINUTE }, { fromMs: fromMs - MINUTE, toMs }]) {
    const { table, warnings } = await web.ask(range)
    expect(table.rows).toBe(10)
    expect(missing(warnings)).toHaveLength(1)
  }
  await web.restate({})
  const whole = await web.ask({})
  expect([whole.table.rows, missing(whole.warnings)]).toEqual([60, []])
})

it('pain 18: a stream that began in the middle says that earlier windows are missing', async () => {
  const early = Array.from({ length: 10 }, (_, minute) => T0 + minute * MINUTE)
  for (const ts of early) web.lines.push({ observedMs: ts, text: JSON.stringify({ ts, ms: 1 }) })
  const start = T0 + 20 * MINUTE
  await web.clock(start)
  await web.at(start, [{ ts: start }])
  expect(missing((await web.ask({ fromMs: start })).warnings)).toEqual([])
  const before = await web.ask({})
  expect(missing(before.warnings)).toHaveLength(1)
  expect((await web.late()).map(({ lines }) => lines)).toContain(0)
  await web.clock(start + 10 * MINUTE)
  await web.restate({ toMs: start + 5 * MINUTE })
  const whole = await web.ask({})
  expect([whole.table.rows, missing(whole.warnings)]).toEqual([11, []])
  expect(await web.late()).toEqual([])
})

it('pain 18: totals that a run had not brought up to the start of the stream are not called whole', async () => {
  const early = Array.from({ length: 10 }, (_, minute) => T0 + minute * MINUTE)
  const add = (ts: number) => web.lines.push({ observedMs: ts, text: JSON.stringify({ ts, ms: 1 }) })
  for (const ts of early) add(ts)
  await web.restate({})
  expect(missing((await web.ask({})).warnings)).toEqual([])
  // Of a window that was published, after the run had read, and before there was a stream.
  add(T0)
  const start = T0 + 20 * MINUTE
  await web.clock(start)
  await web.at(start, [{ ts: start }])
  expect(missing((await web.ask({})).warnings)).toHaveLength(1)
  await web.clock(start + 10 * MINUTE)
  await web.restate({ toMs: start + 5 * MINUTE })
  const whole = await web.ask({})
  expect(missing(whole.warnings)).toEqual([])
  expect(await web.late()).toEqual([])
})
