/** Two result tables of the same columns, compared cell by cell. */
import { appendAll } from './append-all.ts'
import { printValue } from './print-value.ts'
import type { ResultColumn, ResultTable } from './result-table.ts'

/** A cell that differs. A row that one side lacks is told once, with the column `row`. */
export interface TotalsDifference {
  readonly windowMs: number
  /** Dimension values in the order of the columns; undefined for null. */
  readonly dimensions: readonly (string | undefined)[]
  readonly column: string
  /** Undefined for null. */
  readonly reported: string | undefined
  readonly recomputed: string | undefined
}

export interface Comparison {
  /** Cells of measures and ratios that were compared. */
  readonly cells: number
  readonly differences: readonly TotalsDifference[]
}

/** Doubles that come of float sums depend on the order of addition; docs/expressions.md declares this bound. */
const FLOAT_TOLERANCE = 1e-9

/**
 * `keys` is how many columns lead each row: the window, then dimensions. Columns in `floats` may differ by the
 * tolerance, relative to the larger; all others must be equal.
 */
export function compareTotals(
  reported: ResultTable,
  recomputed: ResultTable,
  { keys, floats }: { keys: number; floats: ReadonlySet<string> },
): Comparison {
  const places = new Map(rowsOf(recomputed).map((row) => [keyOf(recomputed, keys, row), row]))
  const differences: TotalsDifference[] = []
  for (const row of rowsOf(reported)) {
    const key = keyOf(reported, keys, row)
    const other = places.get(key)
    places.delete(key)
    if (other === undefined) differences.push(lackingRow(reported, keys, row, ['present', 'missing']))
    else appendAll(differences, compareRow(reported, row, recomputed, other, { keys, floats }))
  }
  for (const row of places.values())
    differences.push(lackingRow(recomputed, keys, row, ['missing', 'present']))
  return { cells: reported.rows * (reported.columns.length - keys), differences }
}

function compareRow(
  reported: ResultTable,
  row: number,
  recomputed: ResultTable,
  other: number,
  { keys, floats }: { keys: number; floats: ReadonlySet<string> },
): TotalsDifference[] {
  return reported.columns.slice(keys).flatMap((column, index) => {
    const against = recomputed.columns[keys + index]!
    const [a, b] = [column.values[row] ?? null, against.values[other] ?? null]
    if (a === b || (floats.has(column.name) && isNear(a, b))) return []
    return [
      {
        ...placeOf(reported, keys, row),
        column: column.name,
        reported: printValue(column, a),
        recomputed: printValue(against, b),
      },
    ]
  })
}

function isNear(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return false
  return Math.abs(a - b) <= FLOAT_TOLERANCE * Math.max(Math.abs(a), Math.abs(b))
}

function lackingRow(
  table: ResultTable,
  keys: number,
  row: number,
  [reported, recomputed]: readonly [string, string],
): TotalsDifference {
  return { ...placeOf(table, keys, row), column: 'row', reported, recomputed }
}

function placeOf({ columns }: ResultTable, keys: number, row: number) {
  const dimensions = columns.slice(1, keys).map((column) => printValue(column, column.values[row]))
  return { windowMs: Number(columns[0]!.values[row]), dimensions }
}

function keyOf({ columns }: ResultTable, keys: number, row: number): string {
  return JSON.stringify(columns.slice(0, keys).map((column) => keyValue(column, row)))
}

/** Null and the text "null" must not meet. */
function keyValue(column: ResultColumn, row: number): string | null {
  return printValue(column, column.values[row]) ?? null
}

function rowsOf({ rows }: ResultTable): number[] {
  return Array.from({ length: rows }, (_, row) => row)
}
