/** Puts merged tallies side by side: rows of the totals, and the sketch rows that belong to them. */
import { estimateDistinct, MAX_REGISTERS } from '../core/distinct-registers.ts'
import type { MeasureSource } from '../core/plan.ts'
import type { MergedColumn, MergedTotals, TotalsQuery } from '../ports/report.ts'

/** One finished tally: its rows' steps, groups and columns, in output order. */
export interface TallyResult<V> {
  readonly steps: readonly V[]
  readonly groups: readonly V[]
  readonly columns: readonly (readonly V[])[]
}

/** The answer where the report holds nothing of the metric's version. */
export function emptyTotals({ measures, quantiles, plan }: TotalsQuery): MergedTotals {
  const empty = (name: string): MergedColumn => {
    const { aggregate } = plan.measures.find(({ measure }) => measure.name === name)!.measure.call
    if (aggregate === 'quantiles') return { kind: 'quantiles', buckets: quantiles.map(() => []) }
    return aggregate === 'distinct'
      ? { kind: 'distinct', estimates: [] }
      : { kind: 'exact', columns: [[], []] }
  }
  return { windowMs: [], dimensions: [], measures: measures.map(empty) }
}

export function findMeasure({ plan }: TotalsQuery, name: string): MeasureSource {
  const found = plan.measures.find(({ measure }) => measure.name === name)
  if (!found) throw new Error(`metric ${plan.metric} has no measure ${name}`)
  return found
}

/** Sketch rows are a subset of the base rows in the same order, so one walk finds each row's partner, or null. */
export function alignColumns<V>(totals: TallyResult<V>, sketch: TallyResult<V>): (V | null)[][] {
  const aligned = sketch.columns.map(() => new Array<V | null>(totals.steps.length).fill(null))
  let next = 0
  for (let row = 0; row < totals.steps.length; row++) {
    if (sketch.steps[next] !== totals.steps[row] || sketch.groups[next] !== totals.groups[row]) continue
    for (const [place, column] of sketch.columns.entries()) aligned[place]![row] = column[next]!
    next++
  }
  if (next < sketch.steps.length) throw new Error('a sketch has rows that the totals do not have')
  return aligned
}

/** From the columns of `printEstimateParts`. */
export function estimate(source: MeasureSource, [rankSums, filled]: readonly unknown[][]): number[] {
  const registers = source.measure.call.registers ?? MAX_REGISTERS
  return (rankSums ?? []).map((sum, row) =>
    estimateDistinct(registers, Number(sum ?? 0) / 2 ** 53, Number(filled![row] ?? 0)),
  )
}
