/** The model's own small vocabulary: a definition as written, and the values of expressions. */

export type FieldTypeText = 'string' | 'boolean' | 'integer' | 'float' | `decimal(${number})`

export interface ModelField {
  readonly name: string
  readonly type: FieldTypeText
  readonly path: readonly string[]
}

export type ModelFormat =
  | { readonly kind: 'json' }
  | { readonly kind: 'logfmt' }
  | { readonly kind: 'csv'; readonly columns: readonly string[]; readonly delimiter: string }
  /** `regex` must mean the same in RE2 and in JavaScript. */
  | { readonly kind: 'pattern'; readonly regex: string }

export interface ModelSource {
  readonly name: string
  readonly format: ModelFormat
  readonly time: {
    readonly path: readonly string[]
    readonly layout: 'iso' | 'epoch_s' | 'epoch_ms' | 'rfc3164'
    /** When the file of the lines was modified: their context, for stamps without a year. */
    readonly referenceMs?: number
  }
  readonly nulls: readonly string[]
  readonly fields: readonly ModelField[]
}

export interface ModelMetric {
  readonly name: string
  readonly where?: string
  readonly windowMs: number
  readonly dimensions: readonly { readonly name: string; readonly text: string }[]
  readonly measures: readonly { readonly name: string; readonly text: string }[]
}

/** Integers and scaled decimals are bigint; null is SQL's null. */
export type Value = string | boolean | bigint | number | null

/** A static type; `scale` matters to decimals only. */
export interface StaticType {
  readonly kind: 'string' | 'boolean' | 'integer' | 'decimal' | 'float' | 'null'
  readonly scale: number
}
