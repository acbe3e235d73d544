/** What a sample does not prove: guesses that are told, and choices that are left to the reader. */

/** A guess, told on the line of its key in the definition and on stderr. */
export interface Doubt {
  readonly key: 'field' | 'layout' | 'year' | 'zone'
  /** A sentence. */
  readonly text: string
}

/** One way to read the time, of several that the sample allows. */
export interface TimeOption {
  readonly layout: string
  /** To be filled in by the reader where it is not known. */
  readonly zone?: string
  readonly note: string
}

/** No reading is chosen: `why` is a sentence, `options` the readings to choose from. */
export interface Undecided {
  readonly why: string
  readonly options: readonly TimeOption[]
}
