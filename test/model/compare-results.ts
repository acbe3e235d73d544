/** Differences between two results of one metric, as readable lines; none when they agree. */
import type { GroupResult, ModelReject, ModelResult } from './tally-model.ts'

export function compareResults(model: ModelResult, engine: ModelResult): string[] {
  const differences: string[] = []
  const check = (what: string, expected: unknown, found: unknown) => {
    if (!same(expected, found)) differences.push(`${what}: model ${show(expected)}, engine ${show(found)}`)
  }
  check('counted', model.counted, engine.counted)
  check('filtered', model.filtered, engine.filtered)
  check('rejects', showRejects(model.rejects), showRejects(engine.rejects))
  for (const key of new Set([...model.groups.keys(), ...engine.groups.keys()]))
    compareGroups(model.groups.get(key), engine.groups.get(key), key, check)
  return differences
}

type Check = (what: string, expected: unknown, found: unknown) => void

function compareGroups(
  a: GroupResult | undefined,
  b: GroupResult | undefined,
  key: string,
  check: Check,
): void {
  check(`group ${key}`, a?.records, b?.records)
  if (!a || !b) return
  for (const [name, value] of a.measures) check(`${name} of ${key}`, value, b.measures.get(name))
}

export function showRejects(rejects: readonly ModelReject[]): string {
  const texts = rejects.map(
    ({ offset, reason, field }) => `${offset}:${reason}${field === null ? '' : `(${field})`}`,
  )
  return texts.sort().join(' ')
}

/** Floats are equal within 1e-9 of their size: their sums depend on order. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1)
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
