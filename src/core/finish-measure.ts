/** Merged tallies → the values of measures: the one place where means, midpoints and estimates are rounded. */
import { exactQuotient } from './exact-quotient.ts'
import type { MergedColumn } from './merged-totals.ts'
import type { MeasureSource } from './plan.ts'
import { bucketMidpoint } from './quantile-bucket.ts'

/** A scaled integer, a double, or null where there is no value. */
export type FinishedValue = bigint | number | null

/** `scale` is that of the scaled integers, or undefined for a column of doubles. */
export interface FinishedColumn {
  readonly scale: number | undefined
  readonly values: readonly FinishedValue[]
}

/** One column for each rank for `quantiles`, one in all for every other aggregate. */
export function finishMeasure(source: MeasureSource, merged: MergedColumn): FinishedColumn[] {
  const { scale } = source
  switch (merged.kind) {
    case 'exact':
      return [finishExact(source, merged.columns)]
    case 'float':
      return [finishFloat(source, merged.columns)]
    case 'quantiles':
      return merged.buckets.map((buckets) => ({ scale, values: buckets.map(midpoint) }))
    case 'distinct':
      return [{ scale: 0, values: merged.estimates.map((estimate) => BigInt(Math.round(estimate))) }]
  }
}

/** Counts and sums of nothing are 0; min, max and mean of nothing are null. */
function finishExact(
  { measure, scale }: MeasureSource,
  [first = [], counts = []]: readonly (readonly (bigint | null)[])[],
): FinishedColumn {
  const { aggregate } = measure.call
  if (aggregate === 'count') return { scale: 0, values: first.map((value) => value ?? 0n) }
  if (aggregate === 'sum') return { scale, values: first.map((value) => value ?? 0n) }
  if (aggregate !== 'mean') return { scale, values: first }
  const unit = 10n ** BigInt(scale)
  return { scale: undefined, values: first.map((sum, row) => mean(sum, counts[row] ?? 0n, unit)) }
}

/** Rounded once: dividing a rounded sum would round twice. */
function mean(sum: bigint | null, count: bigint, unit: bigint): number | null {
  return sum === null || count === 0n ? null : exactQuotient(sum, count * unit)
}

function finishFloat(
  { measure }: MeasureSource,
  [first = [], counts = []]: readonly (readonly (number | bigint | null)[])[],
): FinishedColumn {
  const { aggregate } = measure.call
  const finish = (value: number | bigint | null, row: number) => {
    if (aggregate === 'sum') return Number(value ?? 0)
    const divisor = aggregate === 'mean' ? Number(counts[row] ?? 0) : 1
    return value === null || divisor === 0 ? null : Number(value) / divisor
  }
  return { scale: undefined, values: first.map(finish) }
}

function midpoint(bucket: number | null): bigint | null {
  return bucket === null ? null : bucketMidpoint(bucket)
}
