/** The SQL that reads lines gives the observed times that the archive's own rule gives, before it filters by them. */
import { expect, it } from 'vitest'
import { readRows } from '../../test/pipeline.ts'
import { observedAt } from '../core/clock-repair.ts'
import { printLines } from './observed-lines.ts'

const repairs = [
  { fromOffset: 2, endOffset: 4, shiftMs: -2_000_000_000_000, leastMs: 100, mostMs: 250 },
  { fromOffset: 6, endOffset: 8, shiftMs: 300, leastMs: 0, mostMs: 900 },
]
const stamps = [100, 100, 2_000_000_000_200, 2_000_000_000_300, 300, 300, 1, 700]
const values = stamps.map((ms, offset) => `(${offset}::BIGINT, ${ms}::BIGINT, 'x'::BLOB)`)
const blocks = `(VALUES ${values.join(', ')}) AS t("offset", observed_ms, raw)`
const observed = stamps.map((ms, offset) => observedAt(repairs, offset, ms))

it.each([undefined, 300, 301, 1000])('before %s', async (observedBeforeMs) => {
  const query = { clockRepairs: repairs, ...(observedBeforeMs !== undefined && { observedBeforeMs }) }
  const rows = await readRows(`SELECT * FROM (${printLines(query, blocks)}) ORDER BY "offset"`)
  const expected = [...observed.entries()].filter(
    ([, ms]) => ms < (observedBeforeMs ?? Number.POSITIVE_INFINITY),
  )
  expect(rows.map((row) => [Number(row['offset']), Number(row['observed_ms'])])).toEqual(expected)
})

it('is as plain as ever where no clock was wrong', () => {
  expect(printLines({}, 'b')).toBe('SELECT "offset", observed_ms, raw FROM b')
  expect(printLines({ observedBeforeMs: 5 }, 'b')).toBe(
    'SELECT "offset", observed_ms, raw FROM b WHERE observed_ms < 5',
  )
})
