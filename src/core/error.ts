/** The one table of errors: code → text, exit status. Only src/cli turns an error into an exit. */
import { ERROR_TABLE } from './error-table.ts'

export type ErrorCode = keyof typeof ERROR_TABLE

/** An error a user can act on. `params` fill the `{name}` places of the table's text. */
export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly params: Readonly<Record<string, string | number>>

  constructor(code: ErrorCode, params: Record<string, string | number> = {}, options?: ErrorOptions) {
    super(fillText(ERROR_TABLE[code].text, params), options)
    this.name = 'MillraceError'
    this.code = code
    this.params = params
  }

  /** 1: could not be done. 2: wrong use or definition. */
  get exitCode(): 1 | 2 {
    return ERROR_TABLE[this.code].exit
  }
}

/** Fills `{name}` places; a place without a parameter stays visible, so that a test can find it. */
export function fillText(text: string, params: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : place,
  )
}
