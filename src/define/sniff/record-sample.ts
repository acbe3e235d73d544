/** What the lines of a sample hold, whatever their format: for each field its place and its values. */

/** `number` and `boolean` are JSON's own; `text` is a JSON string or any value of a text format. */
export interface SampleValue {
  readonly kind: 'text' | 'number' | 'boolean' | 'null' | 'other'
  readonly text: string
}

export interface FieldSample {
  readonly path: readonly string[]
  readonly values: SampleValue[]
}

/** The format as a definition writes it, and what it read from the lines. */
export interface RecordSample {
  readonly format: FormatChoice
  /** Lines that the format could read. */
  readonly lines: number
  /** In order of first appearance. */
  readonly fields: readonly FieldSample[]
}

export type FormatChoice =
  | { readonly kind: 'json' | 'logfmt' | 'combined' | 'common' }
  | { readonly kind: 'csv' | 'tsv'; readonly columns: readonly string[]; readonly delimiter?: string }
  | { readonly kind: 'pattern'; readonly pattern: string }

/** Gathers fields by their path. */
export class FieldGatherer {
  readonly #fields = new Map<string, FieldSample>()

  add(path: readonly string[], value: SampleValue): void {
    const key = JSON.stringify(path)
    const field = this.#fields.get(key) ?? { path, values: [] }
    field.values.push(value)
    this.#fields.set(key, field)
  }

  get fields(): FieldSample[] {
    return [...this.#fields.values()]
  }
}
