/** Gathers what all measures of a metric need into the fewest tallies, in an order free of names. */
import type { TallyNeed } from '../core/aggregate/aggregate.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { Tally, TallyColumn } from '../core/plan.ts'

type Need = TallyNeed['columns'][number]

/** `places[i]` tells where need i stands: the tally's id and its columns, in the order asked for. */
export interface Arranged {
  readonly tallies: readonly Tally[]
  readonly places: readonly { readonly tally: string; readonly columns: readonly string[] }[]
}

export const BASE_TALLY = 'base'
const RECORDS: Need = { fn: 'count' }

/**
 * Equal needs share a column, needs without a key share the base tally, equal keys share a keyed tally. Ids and
 * column names follow the sorted canonical text, so renaming or reordering measures changes nothing.
 */
export function arrangeTallies(needs: readonly TallyNeed[]): Arranged {
  const byKey = new Map<string, TallyNeed[]>([['', [{ columns: [RECORDS] }]]])
  for (const need of needs) {
    const key = need.key ? canonicalJson(need.key) : ''
    byKey.set(key, [...(byKey.get(key) ?? []), need])
  }
  const keys = [...byKey.keys()].sort()
  const tallies = keys.map((key, index) => makeTally(index, byKey.get(key)!))
  const places = needs.map((need) => {
    const tally = tallies[keys.indexOf(need.key ? canonicalJson(need.key) : '')]!
    return { tally: tally.id, columns: need.columns.map((column) => columnName(tally, column)) }
  })
  return { tallies, places }
}

function makeTally(index: number, needs: readonly TallyNeed[]): Tally {
  const unique = new Map(
    needs.flatMap((need) => need.columns).map((column) => [canonicalJson(column), column]),
  )
  const sorted = [...unique.keys()].sort().map((text) => unique.get(text)!)
  const columns = sorted.map(
    (column, place): TallyColumn => ({ column: nameColumn(column, place), ...column }),
  )
  const key = needs[0]?.key
  return { id: key ? `keyed${index}` : BASE_TALLY, ...(key && { key }), columns }
}

function nameColumn(column: Need, place: number): string {
  return column.expr ? `${column.fn}_${place}` : 'records'
}

function columnName(tally: Tally, wanted: Need): string {
  const text = canonicalJson({ fn: wanted.fn, expr: wanted.expr })
  return tally.columns.find((column) => canonicalJson({ fn: column.fn, expr: column.expr }) === text)!.column
}
