import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { buildPlans } from '../../compile/build-plan.ts'
import { checkText } from '../../define/load-definition.ts'
import { PartialRows } from './partial-rows.ts'
import { layOut, PASSED, UNCOUNTED } from './row-layout.ts'
import { stageChunks } from './stage-chunks.ts'

const { definition } = checkText(
  `sources:
  web: { format: json, time: ts, fields: { status: integer, ms: integer, user: string } }
metrics:
  requests: { source: web, window: 1m, measures: { n: count(), took: quantiles(ms), users: distinct(user) } }
  errors: { source: web, window: 1m, where: status >= 500, measures: { sent: sum(ms), most: max(ms) } }
  by_status: { source: web, window: 1m, dimensions: { status: status }, where: status > 0, measures: { n: count() } }
`,
  'millrace.yaml',
)
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const [plan] = buildPlans(definition!, digest)
const { sets, metrics, ledger, dimensions, slots } = layOut(plan!)
const place = (name: string) => plan!.metrics.findIndex(({ metric }) => metric === name)
const setOf = (name: string) => metrics[place(name)]!.set

it('metrics of the same windows and dimensions share a row', () => {
  expect(sets).toHaveLength(2)
  expect(setOf('requests')).toBe(setOf('errors'))
  expect(setOf('by_status')).not.toBe(setOf('errors'))
  expect(dimensions).toEqual(['d0'])
  expect(metrics[place('requests')]!.records).toBeUndefined()
  const taken = metrics.flatMap(({ records, tallies }) => [records, ...tallies.flat()])
  const used = [...taken, ledger.first, ledger.last, ...ledger.others].filter(Boolean)
  expect(new Set(used)).toEqual(new Set(slots.map(({ name }) => name)))
})

const shared = setOf('requests').tag
const other = setOf('by_status').tag
const [inOther] = ledger.others
const errors = metrics[place('errors')]!
const bounds = (first: number, last: number) => ({
  [ledger.first]: String(first),
  [ledger.last]: String(last),
})

/** Ten records from 100 on: seven in a row, two of them errors, one counted nowhere, two passed on. */
const GROUP = { t: shared, w: 60_000, d0: '', n: 7, [errors.records!]: '2', ...bounds(100, 108) }
const ROWS: readonly object[] = [
  { ...GROUP, [inOther!]: '5' },
  { t: UNCOUNTED, w: 0, d0: '', n: 1, [inOther!]: '1', ...bounds(104, 104) },
  ...[107, 109].map((r) => ({ t: PASSED, w: r, d0: '', n: 1, [inOther!]: '1', ...bounds(r, r) })),
  { t: other, w: 60_000, d0: '200', n: 4 },
  { t: other, w: 60_000, d0: '503', n: 2 },
]
const EXPECTED = { lines: 10, firstRecord: 100, endRecord: 110 }

function chunkOf(rows: readonly object[]) {
  const partials = new PartialRows('mine')
  for (const row of rows) partials.add(Buffer.from(JSON.stringify({ e: 'mine', p: 0, c: 5, b: 0, ...row })))
  return partials.chunk(0, 5)!
}

describe('a chunk is whole', () => {
  it('when all records of the log are in rows, and rows of other groups add up', () => {
    const chunk = chunkOf(ROWS)
    expect(chunk.isWhole(EXPECTED, plan!)).toBe(true)
    expect(chunk.ours(layOut(plan!))).toBe(8)
    expect([...chunk.passed]).toEqual([107, 109])
  })

  it.each(ROWS.map((_, missing) => missing))('never without row %i', (missing) => {
    expect(chunkOf(ROWS.filter((_, index) => index !== missing)).isWhole(EXPECTED, plan!)).toBe(false)
  })

  it('never when as many records came into it as left it', () => {
    const chunk = chunkOf(ROWS)
    expect(chunk.isWhole({ ...EXPECTED, firstRecord: 101, endRecord: 111 }, plan!)).toBe(false)
    expect(chunk.isWhole({ ...EXPECTED, firstRecord: 99, endRecord: 109 }, plan!)).toBe(false)
  })

  it('never by an earlier row of a group', () => {
    const early = { ...GROUP, n: 6, [inOther!]: '5' }
    expect(chunkOf([early, ...ROWS.slice(1)]).isWhole(EXPECTED, plan!)).toBe(false)
    expect(chunkOf([...ROWS, early]).isWhole(EXPECTED, plan!)).toBe(true)
  })
})

it('a row is staged for each metric that counts records of it, and a list by its keys', async () => {
  const lists = metrics[place('requests')]!.tallies.slice(1).map(([slot]) => slot!)
  const isDistinct = plan!.metrics[place('requests')]!.tallies.slice(1).map(({ columns }) => columns[0]!.expr)
  const texts = isDistinct.map((expr) => (expr ? '3:2,3:2,9:1' : '12,7,12'))
  const row = { ...GROUP, ...Object.fromEntries(lists.map((slot, index) => [slot, texts[index]])) }
  const without = { ...GROUP, b: 1, n: 3, [errors.records!]: '0' }
  const nothing = { counted: 0, filtered: 0, rejected: 0, tallies: [] }
  const beside = {
    ...{ source: 'web', linesRead: 0, parsed: 0, headers: 0, rejected: 0, rejectsPath: '' },
    metrics: plan!.metrics.map(({ metric }) => ({ metric, ...nothing })),
  }
  let staged: readonly (readonly (readonly object[])[])[] = []
  const found = await stageChunks(
    { plan: plan!, parts: [chunkOf([row, without])], beside, stagingDir: '', lines: 10 },
    async ({ rows }) => {
      staged = rows
      return rows.map(() => [])
    },
  )
  const group = { windowMs: 60_000, d: [] }
  const [base, ...sketches] = staged[place('requests')]!
  expect(base).toEqual([7, 3].map((n) => ({ ...group, v: [String(n)] })))
  expect(staged[place('errors')]![0]).toHaveLength(1)
  const expected = isDistinct.map((expr) =>
    expr
      ? [
          { ...group, key: 3, v: ['2'] },
          { ...group, key: 9, v: ['1'] },
        ]
      : [
          { ...group, key: 12, v: ['2'] },
          { ...group, key: 7, v: ['1'] },
        ],
  )
  expect(sketches).toEqual(expected)
  expect(found.metrics.map(({ counted }) => counted)).toEqual(
    plan!.metrics.map(({ metric }) => ({ requests: 10, errors: 2, by_status: 0 })[metric]),
  )
})
