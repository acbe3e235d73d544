import { expect, it } from 'vitest'
import { formatPlainInstant, type LineColumn, writeLines } from './line-writer.ts'

function written(...columns: LineColumn[]): string {
  return Buffer.from(writeLines(columns, columns[0]!.values.length)).toString()
}

const EDGES = [0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 999_999_999, 1e9, 1e9 + 1, 2 ** 53 - 1]

it('writes whole numbers with all their digits', () => {
  const values = [...EDGES, ...EDGES.map((value) => -value)]
  const lines = values.map((value) => `${value === 0 ? 0 : value}\n`)
  expect(written({ kind: 'integer', values })).toBe(lines.join(''))
})

it('writes every power of ten and what is beside it', () => {
  const values = Array.from({ length: 16 }, (_, power) => [
    10 ** power - 1,
    10 ** power,
    10 ** power + 1,
  ]).flat()
  const safe = values.filter(Number.isSafeInteger)
  expect(written({ kind: 'integer', values: safe })).toBe(safe.map((value) => `${value}\n`).join(''))
})

it('writes columns between tabs, null apart from empty text, and grows', () => {
  const long = 'x'.repeat(5000)
  const text = { kind: 'text', values: ['', null, long] } as const
  const instant = { kind: 'instant', values: [0, 0, 60_000] } as const
  expect(written(text, instant, { kind: 'integer', values: [1, null, -3] })).toBe(
    `\t1970-01-01 00:00:00\t1\n\\N\t1970-01-01 00:00:00\t\\N\n${long}\t1970-01-01 00:01:00\t-3\n`,
  )
})

it('writes instants as databases read them', () => {
  expect(formatPlainInstant(-1)).toBe('1969-12-31 23:59:59.999')
  expect(formatPlainInstant(Date.UTC(2026, 1, 3, 4, 5, 6, 70))).toBe('2026-02-03 04:05:06.070')
  expect(formatPlainInstant(Date.UTC(12_345, 0, 1))).toBe('12345-01-01 00:00:00')
  expect(formatPlainInstant(Date.parse('0001-01-01T00:00:00Z'))).toBe('0001-01-01 00:00:00')
  expect(formatPlainInstant(Date.parse('0000-12-31T00:00:00Z'))).toBe('0001-12-31 00:00:00 BC')
  expect(formatPlainInstant(Date.parse('-000043-03-15T12:00:00Z'))).toBe('0044-03-15 12:00:00 BC')
})
