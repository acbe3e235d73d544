/** A source whose lines cannot be counted as they should: a run leaves its totals as they are, says so, and counts the others. */
import { type ErrorCode, MillraceError } from './error.ts'

export interface HeldSource {
  readonly source: string
  readonly code: ErrorCode
  readonly params: MillraceError['params']
  /** The text of the error, for people. */
  readonly message: string
}

export function holdSource(source: string, { code, params, message }: MillraceError): HeldSource {
  return { source, code, params, message }
}

/** For whoever has no other source to count. */
export function heldError({ code, params }: HeldSource): MillraceError {
  return new MillraceError(code, { ...params })
}
