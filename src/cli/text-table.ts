/** Text for people: tables, counts, sizes and durations. */
import { greatestOf } from '../core/extremes.ts'

/** Columns two spaces apart; a column whose cells all look like numbers stands to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = header.map((name, index) => {
    const cells = rows.map((row) => row[index] ?? '')
    const width = greatestOf([name, ...cells].map(widthOf))
    return { width, right: cells.length > 0 && cells.every((cell) => NUMBER.test(cell)) }
  })
  const printRow = (row: readonly string[]) =>
    columns
      .map(({ width, right }, index) => pad(row[index] ?? '', width, right))
      .join('  ')
      .trimEnd()
  return [header, ...rows].map((row) => `${printRow(row)}\n`).join('')
}

const NUMBER = /^(-?[\d,.]+( [a-zA-Zµ%/]+)?|-?)$/

function widthOf(text: string): number {
  return [...text].length
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - widthOf(text))
  return right ? space + text : text + space
}

/** `1 line`, `2,000 lines`. */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Thousands apart: `1,234,567`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `0.8 s`, `42 s`, `3 min 5 s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/** Decimal units, three digits: `214 kB`, `1.53 GB`. */
export function formatBytes(bytes: number): string {
  let value = Math.round(bytes)
  let unit = 0
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}
