/** Merged tallies as a report hands them back, column by column, before core turns them into values of measures. */

/** Integers and decimals are scaled integers. */
export type DimensionValue = string | bigint | boolean | null

/**
 * One measure over all rows. `columns` are the measure's tally columns in its order, exact ones as scaled integers.
 * `buckets` has one column for each rank of the query, of the bucket numbers that hold it. `estimates` are the
 * distinct counts before rounding.
 */
export type MergedColumn =
  | { readonly kind: 'exact'; readonly columns: readonly (readonly (bigint | null)[])[] }
  | { readonly kind: 'float'; readonly columns: readonly (readonly (number | bigint | null)[])[] }
  | { readonly kind: 'quantiles'; readonly buckets: readonly (readonly (number | null)[])[] }
  | { readonly kind: 'distinct'; readonly estimates: readonly number[] }

/** Every array has one place for each row. Rows with equal dimensions may share one array of them. */
export interface MergedTotals {
  readonly windowMs: readonly number[]
  readonly dimensions: readonly (readonly DimensionValue[])[]
  /** In the order in which the query names its measures. */
  readonly measures: readonly MergedColumn[]
}
