/** A finished result: typed columns of plain values, which every output format prints in its own way. */

/**
 * `timestamp` is a number of milliseconds since the epoch; `integer` a bigint that fits 64 bits; `decimal` a scaled
 * bigint of up to 38 digits; `double` a finite number.
 */
export type ResultType = 'timestamp' | 'string' | 'boolean' | 'integer' | 'decimal' | 'double'

export type ResultValue = string | boolean | bigint | number | null

export interface ResultColumn {
  readonly name: string
  readonly type: ResultType
  /** Of `decimal`; 0 for every other type. */
  readonly scale: number
  /** UCUM, as the definition gives it. */
  readonly unit?: string
  readonly values: readonly ResultValue[]
}

/** All columns have `rows` values. Names are unique. */
export interface ResultTable {
  readonly rows: number
  readonly columns: readonly ResultColumn[]
}
