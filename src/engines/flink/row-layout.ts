/**
 * Rows of all kinds share one table: a tag, a group as JSON, how many records it is of, and slots for values, of which
 * each kind of row uses those that it needs.
 */
import type { Expr } from '../../core/expr.ts'
import type { SourcePlan, Tally, TallyColumn } from '../../core/plan.ts'

export const LEDGER = 'ledger'
export const PASSED = 'passed'

/** What becomes of the values of a slot. Sums of integers have 38 digits. */
export const SLOTS = {
  count: { type: 'BIGINT', sql: (slot: string) => `SUM(${slot})` },
  sum: { type: 'BIGINT', sql: (slot: string) => `SUM(CAST(${slot} AS DECIMAL(38, 0)))` },
  min: { type: 'BIGINT', sql: (slot: string) => `MIN(${slot})` },
  max: { type: 'BIGINT', sql: (slot: string) => `MAX(${slot})` },
  float_sum: { type: 'DOUBLE', sql: (slot: string) => `SUM(${slot})` },
  float_min: { type: 'DOUBLE', sql: (slot: string) => `MIN(${slot})` },
  float_max: { type: 'DOUBLE', sql: (slot: string) => `MAX(${slot})` },
} as const

export type SlotKind = keyof typeof SLOTS

/** Of a tally, by the place of its metric in the plan. */
export function tallyTag(place: number, tally: string): string {
  return `${place}:${tally}`
}

/** The slot of each column of a tally; undefined for the count of records, which each row has. */
export function slotsOf({ columns }: Tally): (string | undefined)[] {
  const used = new Map<SlotKind, number>()
  return columns.map((column) => {
    const kind = slotKind(column)
    if (!kind) return undefined
    const number = used.get(kind) ?? 0
    used.set(kind, number + 1)
    return slotName(kind, number)
  })
}

/** Of the ledger: records that are ours, then those that each tally has, in order of the plan. */
export function ledgerSlots({ metrics }: SourcePlan): string[] {
  const tallies = metrics.flatMap((metric) => metric.tallies)
  return ['ours', ...tallies].map((_, number) => slotName('count', number))
}

/** Of the ledger: the first and the last record of the chunk. */
export const [FIRST_RECORD, LAST_RECORD] = [slotName('min', 0), slotName('max', 0)]

export function slotName(kind: SlotKind, number: number): string {
  return `${kind}_${number}`
}

/** All slots that rows of the plan need. */
export function allSlots(plan: SourcePlan): { readonly name: string; readonly kind: SlotKind }[] {
  const tallies = plan.metrics.flatMap((metric) => metric.tallies)
  const names = new Set([
    FIRST_RECORD,
    LAST_RECORD,
    ...ledgerSlots(plan),
    ...tallies.flatMap(slotsOf).filter((slot) => slot !== undefined),
  ])
  const kinds = Object.keys(SLOTS) as SlotKind[]
  return [...names].sort().map((name) => ({
    name,
    kind: kinds.find((kind) => name.slice(0, name.lastIndexOf('_')) === kind)!,
  }))
}

function slotKind({ fn, expr }: TallyColumn): SlotKind | undefined {
  if (fn === 'count') return expr ? 'count' : undefined
  return isFloat(expr) ? `float_${fn}` : fn
}

function isFloat(expr: Expr | undefined): boolean {
  return expr?.type.kind === 'float'
}
