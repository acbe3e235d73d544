import { describe, expect, it } from 'vitest'
import { printCsv } from './print-csv.ts'
import { printJson } from './print-json.ts'
import { printTable } from './print-table.ts'
import type { ResultTable } from './result-table.ts'

const table: ResultTable = {
  rows: 3,
  columns: [
    { name: 'window_start', type: 'timestamp', scale: 0, values: [0, 1500, -86_400_000] },
    { name: 'say "x", y', type: 'string', scale: 0, values: ['a,"b"\n', '', null] },
    { name: 'ok', type: 'boolean', scale: 0, values: [true, false, null] },
    { name: 'big', type: 'integer', scale: 0, values: [2n ** 63n - 1n, 0n, null] },
    { name: 'sum', type: 'decimal', scale: 3, unit: 'ms', values: [12_500n, -1n, 10n ** 37n] },
    { name: 'mean', type: 'double', scale: 0, values: [0.1, 1e21, null] },
  ],
}
const empty: ResultTable = { rows: 0, columns: table.columns.map((column) => ({ ...column, values: [] })) }

describe('printCsv', () => {
  it('quotes by RFC 4180 and keeps every digit', () => {
    expect([...printCsv(table)].join('')).toBe(
      'window_start,"say ""x"", y",ok,big,sum,mean\n' +
        '1970-01-01T00:00:00Z,"a,""b""\n",true,9223372036854775807,12.5,0.1\n' +
        '1970-01-01T00:00:01.500Z,,false,0,-0.001,1e+21\n' +
        `1969-12-31T00:00:00Z,,,,1${'0'.repeat(34)},\n`,
    )
    expect([...printCsv(empty)].join('')).toBe('window_start,"say ""x"", y",ok,big,sum,mean\n')
    expect([...printCsv(empty, false)]).toEqual([])
  })
})

describe('printJson', () => {
  it('is valid, tells null from empty, and keeps every digit', () => {
    const text = [...printJson(table)].join('')
    expect(JSON.parse(text)).toMatchObject([
      { window_start: '1970-01-01T00:00:00Z', 'say "x", y': 'a,"b"\n', ok: true, sum: 12.5 },
      { 'say "x", y': '', big: 0, mean: 1e21 },
      { 'say "x", y': null, ok: null, big: null, mean: null },
    ])
    expect(text).toContain('"big": 9223372036854775807')
    expect(text).toContain(`"sum": 1${'0'.repeat(34)},`)
    expect([...printJson(empty)].join('')).toBe('[]\n')
    const sum = { name: 'sum', type: 'double', scale: 0, values: [Infinity, -Infinity] } as const
    expect(JSON.parse([...printJson({ rows: 2, columns: [sum] })].join(''))).toEqual([
      { sum: null },
      { sum: null },
    ])
  })
})

describe('printTable', () => {
  it('aligns, names units, and lets no value command the terminal', () => {
    const nasty: ResultTable = {
      rows: 2,
      columns: [
        { name: 'service', type: 'string', scale: 0, values: ['\u001b[31mred\n', null] },
        { name: 'sum', type: 'decimal', scale: 1, unit: 'ms', values: [5n, 12_345n] },
      ],
    }
    expect([...printTable(nasty)].join('')).toBe(
      'service             sum [ms]\n' +
        '------------------  --------\n' +
        '\\u{1b}[31mred\\u{a}       0.5\n' +
        '-                     1234.5\n',
    )
  })
})
