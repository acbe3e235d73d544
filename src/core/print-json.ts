/** Results as a JSON array with an object for each row, one a line. */
import { printValue } from './print-value.ts'
import type { ResultColumn, ResultTable } from './result-table.ts'

/**
 * Numbers have all their digits, also beyond 2^53, as RFC 8259 allows: a reader that needs them must not take
 * them for doubles. No value is null, and so is a float beyond all doubles; no text is "".
 */
export function* printJson(table: ResultTable): Generator<string> {
  const keys = table.columns.map(({ name }) => JSON.stringify(name))
  yield '['
  for (let row = 0; row < table.rows; row++) {
    const members = table.columns.map((column, place) => `${keys[place]}: ${jsonValue(column, row)}`)
    yield `${row > 0 ? ',' : ''}\n  {${members.join(', ')}}`
  }
  yield table.rows > 0 ? '\n]\n' : ']\n'
}

function jsonValue(column: ResultColumn, row: number): string {
  const value = column.values[row]
  const text = printValue(column, value)
  if (text === undefined || isInfinite(value)) return 'null'
  return column.type === 'string' || column.type === 'timestamp' ? JSON.stringify(text) : text
}

/** JSON has no word for a sum of floats beyond all doubles. */
function isInfinite(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value)
}
