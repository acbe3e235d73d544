import { expect, test } from 'vitest'
import { compareTotals } from './compare-totals.ts'
import type { ResultTable, ResultValue } from './result-table.ts'

type Row = readonly [number, string | null, bigint, number]

function table(...rows: readonly Row[]): ResultTable {
  const column = (place: number) => rows.map((row) => row[place] as ResultValue)
  return {
    rows: rows.length,
    columns: [
      { name: 'window_start', type: 'timestamp', scale: 0, values: column(0) },
      { name: 'service', type: 'string', scale: 0, values: column(1) },
      { name: 'sent', type: 'decimal', scale: 2, values: column(2) },
      { name: 'load', type: 'double', scale: 0, values: column(3) },
    ],
  }
}

const compare = (a: ResultTable, b: ResultTable, floats: readonly string[] = []) =>
  compareTotals(a, b, { keys: 2, floats: new Set(floats) })

test('equal tables in any order of rows have no differences', () => {
  const rows: Row[] = [
    [0, 'a', 1n, 0.5],
    [60_000, null, 2n, 0.25],
  ]
  expect(compare(table(...rows), table(...rows.toReversed()))).toEqual({ cells: 4, differences: [] })
})

test('one changed cell is told with its place and both values', () => {
  expect(compare(table([60_000, 'a', 150n, 1]), table([60_000, 'a', 151n, 1])).differences).toEqual([
    { windowMs: 60_000, dimensions: ['a'], column: 'sent', reported: '1.5', recomputed: '1.51' },
  ])
})

test('null, the empty text and the text null are three series', () => {
  const { differences } = compare(table([0, null, 1n, 1], [0, '', 1n, 1]), table([0, 'null', 1n, 1]))
  expect(differences.map(({ dimensions, reported }) => [dimensions[0], reported])).toEqual([
    [undefined, 'present'],
    ['', 'present'],
    ['null', 'missing'],
  ])
})

test('only float columns may differ, by the declared tolerance', () => {
  const [a, b] = [table([0, 'a', 1n, 1]), table([0, 'a', 1n, 1 + 1e-12])]
  expect(compare(a, b, ['load']).differences).toEqual([])
  expect(compare(a, b).differences).toHaveLength(1)
  expect(compare(a, table([0, 'a', 1n, 1.001]), ['load']).differences).toHaveLength(1)
})
