/** One cause out of the many lines that a failed driver leaves in its log. */
import { type ErrorCode, MillraceError } from '../../core/error.ts'

const KINDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/OutOfMemory|Not enough memory to build/, 'BATCH_OUT_OF_MEMORY'],
  [/ARITHMETIC_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE/, 'BATCH_SUM_OVERFLOW'],
]

export function driverFailure(log: string, outcome: number | string, source: string): MillraceError {
  const why = findCause(log) ?? `its driver ended with ${outcome} and named no cause`
  const kind = KINDS.find(([pattern]) => pattern.test(why))
  return new MillraceError(kind?.[1] ?? 'BATCH_ENGINE_FAILED', { source, why })
}

/** The last `Caused by`, which is the deepest; else the first line that names an error. */
export function findCause(log: string): string | undefined {
  const lines = log.split('\n').map((line) => line.trim())
  const cause = lines.findLast((line) => line.startsWith('Caused by: '))?.slice('Caused by: '.length)
  const error = lines.find((line) => /^(\[[A-Z_.0-9]+\]|[\w.$]+(Exception|Error)\b)/.test(line))
  const text = cause ?? error ?? lines.find((line) => /\bERROR\b|\berror:/i.test(line))
  return text?.slice(0, 500)
}
