/** What PostgreSQL and the network say, as errors a user can act on; no message ever holds a password. */
import { type ErrorCode, MillraceError } from '../../core/error.ts'

/** SQLSTATE → error. */
const STATES: Readonly<Record<string, ErrorCode>> = {
  '28000': 'REPORT_LOGIN_REFUSED',
  '28P01': 'REPORT_LOGIN_REFUSED',
  '3D000': 'REPORT_NO_DATABASE',
  '42501': 'REPORT_NO_PERMISSION',
  '25006': 'REPORT_READ_ONLY',
  '53100': 'REPORT_DISK_FULL',
  '2BP01': 'REPORT_VIEW_IN_USE',
  '57014': 'REPORT_CANCELLED',
  '25P04': 'REPORT_CANCELLED',
}
const TLS =
  /certificate|does not support SSL|SSL connection|altname|self.signed|tls|pg_hba\.conf.*no encryption/i
/** 25P03 ends a session of ours whose machine froze for a while. */
const LOST_STATES = /^(08|57P0[1235]|53300|40001|40P01|25P03)/
const LOCK_NOT_AVAILABLE = '55P03'
const READ_ONLY = '25006'
const LOST_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]
const LOST_TEXT =
  /connection terminated|terminated unexpectedly|connection error|not queryable|connection is closed|timeout expired|stream (?:was )?(?:destroyed|closed)|premature close|starting up|shutting down/i

/** A lock was held by another session for as long as it is waited for at a time. */
class BlockedError extends Error {
  blocker = 'another session'

  by(blocker: string | undefined): this {
    this.blocker = blocker ?? this.blocker
    return this
  }
}

/** This machine was silent in the middle of a COPY. */
export class StalledError extends Error {
  readonly code = 'ETIMEDOUT'

  constructor(cause: unknown) {
    super('this machine sent no lines for a while', { cause })
  }
}

/** The command or server that waited was told to stop. */
export class InterruptedError extends Error {
  readonly code = 'ETIMEDOUT'

  constructor() {
    super('it did not answer in time, and Millrace was told to stop')
  }
}

export function asBlocked(error: unknown): BlockedError | undefined {
  if (error instanceof BlockedError) return error
  if (codeOf(error) !== LOCK_NOT_AVAILABLE) return undefined
  return new BlockedError(textOf(error), { cause: error })
}

export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === READ_ONLY
}

export function codeOf(error: unknown): string {
  const found = error as { code?: unknown; errors?: unknown[] } | null
  if (typeof found?.code === 'string') return found.code
  // Node tries several addresses of a host and throws all the faults together.
  return Array.isArray(found?.errors) ? codeOf(found.errors[0]) : ''
}

function textOf(error: unknown): string {
  const found = error as { message?: string; errors?: unknown[] } | null
  if (found?.message) return found.message.split('\n')[0] ?? ''
  return Array.isArray(found?.errors) ? textOf(found.errors[0]) : String(error)
}

/** The server is away, is starting or stopping, or gave way to another transaction: trying again may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof MillraceError) return false
  const code = codeOf(error)
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) return LOST_STATES.test(code)
  return LOST_CODES.includes(code) || (LOST_TEXT.test(textOf(error)) && !TLS.test(textOf(error)))
}

/** The server answered, and cannot serve at this moment. */
export function isStarting(error: unknown): boolean {
  return /^(57P03|53300)$/.test(codeOf(error))
}

/** What else is known of a failure. */
interface FailureFacts {
  /** For how long the lock was waited for. */
  readonly seconds?: number
  readonly readOnly?: string | undefined
}

export function explainFailure(
  error: unknown,
  path: string,
  { seconds = 0, readOnly }: FailureFacts = {},
): unknown {
  if (error instanceof MillraceError) return error
  const blocked = asBlocked(error)
  if (blocked)
    return new MillraceError('REPORT_BLOCKED', { path, seconds, blocker: blocked.blocker }, { cause: error })
  const why = readOnly ?? textOf(error)
  const code = codeOf(error)
  const of = (name: ErrorCode) => new MillraceError(name, { path, why }, { cause: error })
  if (TLS.test(why) && !/^(28P01|42)/.test(code)) return of('REPORT_TLS_FAILED')
  if (Object.hasOwn(STATES, code)) return of(STATES[code]!)
  if (isPassing(error)) return of('REPORT_UNREACHABLE')
  // The client's own faults are plain errors without a code; a TypeError is a bug and must look like one.
  return code === '' && (error as Error)?.constructor !== Error ? error : of('REPORT_FAILED')
}
