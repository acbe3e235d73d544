/** Compares a query's CSV with an independent answer: exact values equal, sketches within their stated error. */
import { expect } from 'vitest'

export interface Csv {
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function parseCsv(text: string): Csv {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const [header = [], ...rows] = lines.filter((line) => line !== '').map(parseRow)
  return { header, rows }
}

function parseRow(line: string): string[] {
  const cells = `,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)
  return [...cells].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? '')
}

const MEASURES = /^(count|records|n|sum|min|max|avg|p50_nearest|p95_nearest|p95_linear|distinct_.*)$/

/** The columns between the window and the first measure. */
export function dimensionsOf({ header }: Csv): string[] {
  return header.slice(1).filter((name) => !MEASURES.test(name))
}

/** σ of a distinct estimate with 4,096 registers. */
const SIGMA = 0.01625

/** Windows in which nothing was counted may stand in one and not in the other. */
export function checkAnswer(found: Csv, expected: Csv): void {
  const width = expected.header.findIndex((name) => /^(count|records|distinct_)/.test(name))
  const place = (name: string) => found.header.indexOf(COLUMNS[name] ?? name)
  const countPlace = place(expected.header[width]!)
  expect(countPlace, `no column ${expected.header[width]} in ${found.header}`).toBeGreaterThan(0)
  const rows = new Map<string, readonly string[]>()
  for (const row of found.rows) if (row[countPlace] !== '0') rows.set(keyOf(row, width), row)
  expect([...rows.keys()].sort()).toEqual(expected.rows.map((row) => keyOf(row, width)).sort())
  for (const row of expected.rows) {
    const match = rows.get(keyOf(row, width))!
    for (const [index, name] of expected.header.entries()) {
      if (index < width || name === 'p95_linear') continue
      checkCell(name, match[place(name)], row[index]!, keyOf(row, width))
    }
  }
}

const COLUMNS: Readonly<Record<string, string>> = { p50_nearest: 'spread_p50', p95_nearest: 'spread_p95' }

function keyOf(row: readonly string[], width: number): string {
  return JSON.stringify(row.slice(0, width))
}

function checkCell(name: string, found: string | undefined, expected: string, key: string): void {
  const where = `${name} of ${key}`
  expect(found === '', where).toBe(expected === '')
  const [a, b] = [Number(found), Number(expected)]
  expect(Math.abs(a - b), `${where}: ${found}, not ${expected}`).toBeLessThanOrEqual(allowedError(name, b))
}

function allowedError(name: string, expected: number): number {
  if (name.startsWith('distinct_')) return Math.max(1, 3 * SIGMA * expected)
  if (/^p\d/.test(name)) return 0.01 * Math.abs(expected)
  // The answers' means and sums of fractions were added as doubles, whose last digits depend on the order.
  return name === 'avg' || !Number.isInteger(expected) ? 1e-12 * Math.abs(expected) : 0
}

/** Rows of the whole range add up to the listed counts, and what is not listed has no more than the last. */
export function checkCommonest(found: Csv, expected: Csv): void {
  const totals = new Map<string, number>()
  const place = found.header.indexOf('count')
  for (const row of found.rows) totals.set(row[1]!, (totals.get(row[1]!) ?? 0) + Number(row[place]))
  for (const [value, count] of expected.rows) expect(totals.get(value!), value).toBe(Number(count))
  const least = Math.min(...expected.rows.map(([, count]) => Number(count)))
  const listed = new Set(expected.rows.map(([value]) => value))
  // A missing value is not listed.
  const others = [...totals].filter(([value]) => value !== '' && !listed.has(value)).map(([, count]) => count)
  if (expected.rows.length > 0) expect(Math.max(0, ...others)).toBeLessThanOrEqual(least)
  else expect(totals.size).toBe(0)
}
