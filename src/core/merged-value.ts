/** Merged tallies as a report hands them back, before core turns them into the values of measures. */

/** Integers and decimals are scaled integers. */
export type DimensionValue = string | number | bigint | boolean | null

/**
 * One measure of one output row. Exact columns are scaled integers. `buckets[i]` is the bucket number that holds
 * rank i of the query; `estimate` the distinct count before rounding.
 */
export type MergedValue =
  | { readonly kind: 'exact'; readonly columns: readonly (bigint | null)[] }
  | { readonly kind: 'float'; readonly columns: readonly (number | bigint | null)[] }
  | { readonly kind: 'quantiles'; readonly buckets: readonly (number | null)[] }
  | { readonly kind: 'distinct'; readonly estimate: number }

/** Merged tallies of one output row; `values` by the name of the measure. */
export interface MergedRow {
  readonly windowMs: number
  readonly dimensions: readonly DimensionValue[]
  readonly values: ReadonlyMap<string, MergedValue>
}
