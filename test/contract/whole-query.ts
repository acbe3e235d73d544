/** The query for everything that a report holds of a metric, and its answer row by row, to compare with the model. */
import type { MetricPlan } from '../../src/core/plan.ts'
import type { MergedTotals, TotalsQuery } from '../../src/ports/report.ts'
import type { ModelQuery, mergeGroups } from './merge-model.ts'

export const RANKS = [
  [1, 2],
  [95, 100],
  [999, 1000],
  [1, 1],
] as const

export function wholeQuery(plan: MetricPlan): TotalsQuery {
  return {
    plan,
    range: {},
    step: { kind: 'fixed', stepMs: plan.windowMs },
    by: plan.dimensions.map(({ name }) => name),
    measures: plan.measures.map(({ measure }) => measure.name),
    quantiles: RANKS.map(([numerator, denominator]) => ({ numerator, denominator })),
  }
}

export const wholeModel: ModelQuery = { stepOf: (ms) => ms, by: [0, 1, 2, 3], ranks: RANKS }

/** Row by row, with the columns in the order of the model. */
export function rowsOf({ windowMs, dimensions, measures }: MergedTotals) {
  const columns = measures.map((merged) => {
    if (merged.kind === 'quantiles') return merged.buckets
    return merged.kind === 'distinct' ? [merged.estimates] : merged.columns
  })
  return windowMs.map((ms, row) => [
    ms,
    dimensions[row],
    ...columns.map((parts) => parts.map((values) => values[row])),
  ])
}

export function modelRows(rows: ReturnType<typeof mergeGroups>) {
  return rows.map((row) => [
    row.windowMs,
    row.dimensions,
    [row.records],
    [row.sum],
    [row.least],
    [row.most],
    [row.sum, row.valued],
    [row.heat],
    row.buckets,
    [row.distinct],
  ])
}
