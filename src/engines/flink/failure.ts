/** What Flink says went wrong, in one line. */
import { MillraceError } from '../../core/error.ts'

const MOST_CHARACTERS = 400

/** Of a stack trace the last cause, without its class. */
export function causeOf(trace: string): string {
  const text = trace.replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\"', '"')
  const causes = [...text.matchAll(/Caused by: (?:[\w.$]+: )?([^\n]+)/g)]
  const [first = ''] = text.split('\n')
  return (causes.at(-1)?.[1] ?? first).trim().slice(0, MOST_CHARACTERS)
}

export function flinkFailure(doing: string, trace: string): MillraceError {
  return new MillraceError('JOBS_FAILED', { doing, why: causeOf(trace) })
}

export function flinkAway(address: string, error: unknown): MillraceError {
  const { message, cause } = error as Error
  const why = cause instanceof Error && cause.message ? cause.message : message
  return new MillraceError('JOBS_AWAY', { address, why }, { cause: error })
}
