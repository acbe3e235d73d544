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

/** For whoever has nothing else to count: every source with its own reason, and those that have no lines as such. */
export function allHeldError(held: readonly HeldSource[], empty: readonly string[]): MillraceError {
  const [first] = held
  if (first && held.length === 1 && empty.length === 0) return heldError(first)
  const reasons = [
    ...held.map(({ source, message }) => `Source ${source} was left as it is. ${message}`),
    ...empty.map((source) => `Source ${source} has no lines.`),
  ]
  return new MillraceError('BATCH_ALL_HELD', { reasons: reasons.join(' ') })
}

/** For whoever has no other source to count. */
export function heldError({ code, params }: HeldSource): MillraceError {
  return new MillraceError(code, { ...params })
}
