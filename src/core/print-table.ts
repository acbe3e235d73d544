/** Results as aligned text for people. */
import { printValue } from './print-value.ts'
import type { ResultColumn, ResultTable, ResultValue } from './result-table.ts'

/** Numbers stand at the right, `-` for no value. Units stand in the header. */
export function* printTable(table: ResultTable): Generator<string> {
  const columns = table.columns.map((column) => {
    const cells = column.values.map((value) => escapeControls(printCell(column, value) ?? '-'))
    const title = escapeControls(column.unit ? `${column.name} [${column.unit}]` : column.name)
    const width = cells.reduce((most, cell) => Math.max(most, widthOf(cell)), widthOf(title))
    return { title, cells, width, isNumber: isNumber(column) }
  })
  const line = (texts: readonly string[]) =>
    `${columns
      .map((column, place) => pad(texts[place]!, column.width, column.isNumber))
      .join('  ')
      .trimEnd()}\n`
  yield line(columns.map(({ title }) => title))
  yield line(columns.map(({ width }) => '-'.repeat(width)))
  for (let row = 0; row < table.rows; row++) yield line(columns.map(({ cells }) => cells[row]!))
}

/** People compare magnitudes: six digits of a mean or a ratio are enough. Other formats have them all. */
function printCell(column: ResultColumn, value: ResultValue | undefined): string | undefined {
  return typeof value === 'number' && column.type === 'double'
    ? String(Number(value.toPrecision(6)))
    : printValue(column, value)
}

function isNumber({ type }: ResultColumn): boolean {
  return type === 'integer' || type === 'decimal' || type === 'double'
}

function pad(text: string, width: number, atRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return atRight ? space + text : text + space
}

function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : [...text].length
}

/** A value from a log may hold anything; a terminal must not obey it. */
function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16)
    return `\\u{${code}}`
  })
}
