/** Holds an outcome against what its case expects: exact, bounded, refused, or wrong with the differences. */
import type { Cell, ConformanceCase } from './conformance-case.ts'
import type { Outcome, Totals } from './run-cases.ts'

export type Verdict =
  | { readonly kind: 'exact' | 'bounded' }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'wrong'; readonly differences: readonly string[] }

export function judgeOutcome(test: ConformanceCase, outcome: Outcome): Verdict {
  if ('refused' in outcome) return { kind: 'refused', why: outcome.refused }
  const differences = compareTotals(test, outcome)
  if (differences.length > 0) return { kind: 'wrong', differences }
  return { kind: test.bound ? 'bounded' : 'exact' }
}

function compareTotals(test: ConformanceCase, found: Totals): string[] {
  const [rows, foundRows] = test.bound ? [test.totals, found.rows] : unequal(test.totals, found.rows, showRow)
  const differences = test.bound
    ? outOfBound(test.bound.relative, rows, foundRows)
    : listed(rows, foundRows, showRow)
  const rejects = unequal(test.rejects, found.rejects, String)
  if (test.filtered !== found.filtered)
    differences.push(`filtered: expected ${test.filtered}, found ${found.filtered}`)
  return [...differences, ...listed(...rejects, (text) => `rejected ${text}`)]
}

/** What only one of both has, equal items of the other taken away. */
function unequal<T>(expected: readonly T[], found: readonly T[], show: (item: T) => string): [T[], T[]] {
  const without = (items: readonly T[], others: readonly T[]) => {
    const rest = others.map(show)
    return items.filter((item) => {
      const at = rest.indexOf(show(item))
      if (at >= 0) rest.splice(at, 1)
      return at < 0
    })
  }
  return [without(expected, found), without(found, expected)]
}

function listed<T>(expected: readonly T[], found: readonly T[], show: (item: T) => string): string[] {
  return [
    ...expected.map((item) => `expected ${show(item).slice(0, 300)}`),
    ...found.map((item) => `found ${show(item).slice(0, 300)}`),
  ]
}

function showRow(row: readonly Cell[]): string {
  return JSON.stringify(row)
}

function outOfBound(
  relative: number,
  expected: readonly (readonly Cell[])[],
  found: readonly (readonly Cell[])[],
): string[] {
  const isWithin = (a: Cell, b: Cell) =>
    a === b || (a !== null && b !== null && Math.abs(Number(a) - Number(b)) <= relative * Math.abs(Number(a)))
  const isSame = (row: readonly Cell[], index: number) =>
    row.length === found[index]?.length && row.every((cell, place) => isWithin(cell, found[index]![place]!))
  if (expected.length === found.length && expected.every(isSame)) return []
  return listed(expected, found, showRow)
}
