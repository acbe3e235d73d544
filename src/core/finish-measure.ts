/** Merged tallies → the values of measures: the one place where means, midpoints and estimates are rounded. */
import type { ExactNumber } from './exact-number.ts'
import { exactQuotient } from './exact-quotient.ts'
import type { MergedValue } from './merged-value.ts'
import type { MeasureSource } from './plan.ts'
import { bucketMidpoint } from './quantile-bucket.ts'

/** An exact number, a double (means, ratios, float measures), or null where there is no value. */
export type FinishedValue = ExactNumber | number | null

type Aggregate = MeasureSource['measure']['call']['aggregate']

/** One value per output column: one for each rank for `quantiles`, one in all for every other aggregate. */
export function finishMeasure(source: MeasureSource, value: MergedValue): FinishedValue[] {
  switch (value.kind) {
    case 'exact':
      return [finishExact(source.measure.call.aggregate, value.columns, source.scale)]
    case 'float':
      return [finishFloat(source.measure.call.aggregate, value.columns)]
    case 'quantiles':
      return value.buckets.map((bucket) =>
        bucket === null ? null : { scaled: bucketMidpoint(bucket), scale: source.scale },
      )
    case 'distinct':
      return [{ scaled: BigInt(Math.round(value.estimate)), scale: 0 }]
  }
}

/** Counts and sums of nothing are 0; min, max and mean of nothing are null. */
function finishExact(
  aggregate: Aggregate,
  columns: readonly (bigint | null)[],
  scale: number,
): FinishedValue {
  const first = columns[0] ?? null
  if (aggregate === 'count') return { scaled: first ?? 0n, scale: 0 }
  if (aggregate === 'sum') return { scaled: first ?? 0n, scale }
  if (aggregate !== 'mean') return first === null ? null : { scaled: first, scale }
  const count = columns[1] ?? 0n
  return first === null || count === 0n ? null : exactQuotient(first, count * 10n ** BigInt(scale))
}

function finishFloat(aggregate: Aggregate, columns: readonly (number | bigint | null)[]): FinishedValue {
  const first = columns[0] ?? null
  if (aggregate === 'sum') return Number(first ?? 0)
  if (first === null) return null
  if (aggregate !== 'mean') return Number(first)
  const count = Number(columns[1] ?? 0)
  return count === 0 ? null : Number(first) / count
}
