/**
 * What rows of a job hold: a tag, the place (partition, chunk, block of records), the group (start of the window and
 * dimensions), how many records it is of, and slots for values. Metrics whose records have the same groups share rows, and a
 * keyed tally is a list in the row of its group, so that most sources have one row for each record to add to.
 */

import type { Expr } from '../../core/expr.ts'
import { greatestOf } from '../../core/extremes.ts'
import type { MetricPlan, SourcePlan, Tally, TallyColumn } from '../../core/plan.ts'

/** The tag of a record that is passed on: its number stands for the window. */
export const PASSED = 'passed'
/** The tag of records that the first set tells of, and none of its metrics counts. */
export const UNCOUNTED = 'uncounted'

/** So many records of a partition share rows: their lists stay far below what a message may hold. */
export const BLOCK_RECORDS = 2048

/** A dimension that is null. No value has it: neither a plain line nor a text of a definition. */
export const NULL_DIMENSION = '\0'

const HIGH = 4_294_967_296
const plain = (fn: string) => (slot: string) => `${fn}(${slot})`

/** What becomes of the values of a slot. Sums of integers have 38 digits, by parts that cannot pass 64 bits. */
export const SLOTS = {
  count: { type: 'BIGINT', sql: plain('SUM') },
  sum: {
    type: 'BIGINT',
    sql: (slot: string) =>
      `CAST(SUM(${slot} / ${HIGH}) AS DECIMAL(38, 0)) * ${HIGH} + SUM(CAST(${slot} % ${HIGH} AS BIGINT))`,
  },
  min: { type: 'BIGINT', sql: plain('MIN') },
  max: { type: 'BIGINT', sql: plain('MAX') },
  float_sum: { type: 'DOUBLE', sql: plain('SUM') },
  float_min: { type: 'DOUBLE', sql: plain('MIN') },
  float_max: { type: 'DOUBLE', sql: plain('MAX') },
  list: { type: 'STRING', sql: (slot: string) => `LISTAGG(${slot}, ',')` },
} as const

export type SlotKind = keyof typeof SLOTS

/** Metrics of the same windows and dimensions. */
export interface RowSet {
  readonly tag: string
  /** Their places in the plan. */
  readonly metrics: readonly number[]
  /** Any of them tells of windows and dimensions. */
  readonly metric: MetricPlan
}

export interface MetricSlots {
  readonly set: RowSet
  /** How many records the metric counts; undefined where it counts all of the row. */
  readonly records: string | undefined
  /** By tally, then by column; of a keyed tally the one list. Undefined for a count of records. */
  readonly tallies: readonly (readonly (string | undefined)[])[]
}

export interface RowLayout {
  /** The first one has a row for each record. */
  readonly sets: readonly RowSet[]
  /** By place of the metric. */
  readonly metrics: readonly MetricSlots[]
  /** Of rows of the first set: their first and last record, and how many records have a row of each other set. */
  readonly ledger: { readonly first: string; readonly last: string; readonly others: readonly string[] }
  /** Names of the columns of dimensions. */
  readonly dimensions: readonly string[]
  readonly slots: readonly { readonly name: string; readonly kind: SlotKind }[]
}

export function layOut(plan: SourcePlan): RowLayout {
  const sets = rowSets(plan)
  const used = sets.map(() => new Map<SlotKind, number>())
  const take = (set: number, kind: SlotKind) => {
    const number = used[set]!.get(kind) ?? 0
    used[set]!.set(kind, number + 1)
    return slotName(kind, number)
  }
  const ledger = {
    ...{ first: take(0, 'min'), last: take(0, 'max') },
    others: sets.slice(1).map(() => take(0, 'count')),
  }
  const metrics = plan.metrics.map(({ where, tallies }, place) => {
    const number = sets.findIndex((set) => set.metrics.includes(place))
    const slot = (kind: SlotKind | undefined) => kind && take(number, kind)
    const slots = (tally: Tally) =>
      tally.key ? [slot('list')] : tally.columns.map((column) => slot(slotKind(column)))
    return { set: sets[number]!, records: slot(where && 'count'), tallies: tallies.map(slots) }
  })
  const kinds = Object.keys(SLOTS) as SlotKind[]
  const slots = kinds.flatMap((kind) => {
    const most = greatestOf(used.map((counts) => counts.get(kind) ?? 0))
    return Array.from({ length: most }, (_, number) => ({ name: slotName(kind, number), kind }))
  })
  const most = greatestOf(sets.map(({ metric }) => metric.dimensions.length))
  return { sets, metrics, ledger, dimensions: Array.from({ length: most }, (_, place) => `d${place}`), slots }
}

/** What rows are grouped by. */
export function groupColumns({ dimensions }: RowLayout): string[] {
  return ['t', 'p', 'c', 'b', 'w', ...dimensions]
}

/** All columns of a row but that of its deployment. */
export function rowColumns(layout: RowLayout): string[] {
  return [...groupColumns(layout), 'n', ...layout.slots.map(({ name }) => name)]
}

function rowSets({ metrics }: SourcePlan): RowSet[] {
  const places = new Map<string, number[]>()
  for (const [place, { windowMs, dimensions }] of metrics.entries()) {
    const group = JSON.stringify([windowMs, ...dimensions.map(({ expr }) => expr)])
    places.set(group, [...(places.get(group) ?? []), place])
  }
  return [...places.values()].map((list, number) => ({
    ...{ tag: String(number), metrics: list, metric: metrics[list[0]!]! },
  }))
}

function slotName(kind: SlotKind, number: number): string {
  return `${kind}_${number}`
}

function slotKind({ fn, expr }: TallyColumn): SlotKind | undefined {
  if (fn === 'count') return expr ? 'count' : undefined
  return isFloat(expr) ? `float_${fn}` : fn
}

function isFloat(expr: Expr | undefined): boolean {
  return expr?.type.kind === 'float'
}
