/** Results as CSV (RFC 4180, with bare line feeds): a header, then a line for each row. */
import { printValue } from './print-value.ts'
import type { ResultTable } from './result-table.ts'

/** Null and the empty text are both an empty field; use JSON to tell them apart. */
export function* printCsv(table: ResultTable, header = true): Generator<string> {
  if (header) yield `${table.columns.map(({ name }) => quote(name)).join(',')}\n`
  for (let row = 0; row < table.rows; row++) {
    const fields = table.columns.map((column) => quote(printValue(column, column.values[row]) ?? ''))
    yield `${fields.join(',')}\n`
  }
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
