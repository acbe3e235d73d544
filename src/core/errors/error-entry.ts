/** What the table of errors has for a code. */

export interface ErrorEntry {
  /** 1: could not be done. 2: wrong use or definition. */
  readonly exit: 1 | 2
  /** With `{name}` places. It says what could not be done, to which thing, why, and what to do. */
  readonly text: string
}

export type ErrorEntries = Readonly<Record<string, ErrorEntry>>
