/** What NameNode, DataNodes and the network say, as errors a user can act on. */
import { type ErrorCode, MillraceError } from '../../core/error.ts'
import type { Cause } from '../../core/health-facts.ts'

/** An answer with an exception of Hadoop's in it, or with a status and nothing that we know. */
export class RemoteFailure extends Error {
  readonly status: number
  /** Its class name without the package, such as `FileNotFoundException`; empty when there is none. */
  readonly exception: string

  constructor(status: number, exception: string, message: string) {
    super(message)
    this.name = 'RemoteFailure'
    this.status = status
    this.exception = exception
  }
}

/** What came is not what was written: cut short, or with another digest. Another replica may have it. */
export class ContentFault extends Error {}

/** A fault of one DataNode; another one may do what this one could not. */
export class DataNodeFault extends Error {
  readonly node: string

  constructor(node: string, cause: unknown) {
    super(`DataNode ${node}: ${reasonOf(cause)}`, { cause })
    this.node = node
  }
}

const LOST_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'HPE_INVALID_CONSTANT',
  'ERR_STREAM_PREMATURE_CLOSE',
])
const TLS = /CERT|SIGNATURE|^ERR_TLS|^ERR_SSL|^EPROTO$/
/** The NameNode starts or hands over, or a DataNode that acts for us has just lost it. */
const PASSING_EXCEPTION =
  /^(RetriableException|StandbyException|ServerNotRunningYetException|EOFException|ConnectException|SocketException|SocketTimeoutException|ConnectTimeoutException|NoRouteToHostException)$/
/** Or it knows no DataNode at this moment. */
const PASSING_TEXT =
  /Failed to find datanode|No active nodes contain|could only be written to 0 of|is still not started|in startup mode|Namenode is in startup|replicas are sufficiently|Connection refused|Connection reset/i

const EXCEPTIONS: Readonly<Record<string, ErrorCode>> = {
  AccessControlException: 'ARCHIVE_NO_PERMISSION',
  AuthorizationException: 'ARCHIVE_NO_PERMISSION',
  AuthenticationException: 'ARCHIVE_LOGIN_REFUSED',
  InvalidToken: 'ARCHIVE_LOGIN_REFUSED',
  SecurityException: 'ARCHIVE_LOGIN_REFUSED',
  DSQuotaExceededException: 'ARCHIVE_QUOTA_EXCEEDED',
  NSQuotaExceededException: 'ARCHIVE_QUOTA_EXCEEDED',
  QuotaByStorageTypeExceededException: 'ARCHIVE_QUOTA_EXCEEDED',
  SafeModeException: 'ARCHIVE_SAFE_MODE',
}

export function codeOf(error: unknown): string {
  const found = error as { code?: unknown; errors?: unknown[] } | null
  if (typeof found?.code === 'string') return found.code
  // Node tries several addresses of a host and throws all the faults together.
  return Array.isArray(found?.errors) ? codeOf(found.errors[0]) : ''
}

export function isMissing(error: unknown): boolean {
  return exceptionOf(error) === 'FileNotFoundException'
}

export function isExisting(error: unknown): boolean {
  return exceptionOf(error) === 'FileAlreadyExistsException'
}

export function isContentFault(error: unknown): boolean {
  return beneath(error) instanceof ContentFault
}

function exceptionOf(error: unknown): string {
  const found = beneath(error)
  return found instanceof RemoteFailure ? found.exception : ''
}

/** What an error for users was made of. */
export function beneath(error: unknown): unknown {
  return error instanceof MillraceError ? error.cause : error
}

export function isSafeMode(error: unknown): boolean {
  return (
    error instanceof RemoteFailure && /SafeMode|in safe mode/i.test(`${error.exception} ${error.message}`)
  )
}

export function isLost(error: unknown): boolean {
  return !(error instanceof MillraceError) && LOST_CODES.has(codeOf(error))
}

/** Trying again may help without anybody doing anything. */
export function isPassing(error: unknown): boolean {
  if (error instanceof DataNodeFault || isSafeMode(error) || isLost(error)) return true
  if (!(error instanceof RemoteFailure)) return false
  if (error.status >= 500 && error.exception === '') return true
  return PASSING_EXCEPTION.test(error.exception) || PASSING_TEXT.test(error.message)
}

/** A DataNode's own trouble, or what it says of a block that another may have in a better state. */
export function isFaultOfNode(error: unknown): boolean {
  if (isLost(error) || error instanceof ContentFault) return true
  return error instanceof RemoteFailure && (error.status >= 500 || isPassing(error))
}

/** No replica that this DataNode can reach is whole. */
export function isUnreadable({ exception, message }: RemoteFailure): boolean {
  return (
    /Checksum|BlockMissing|CannotObtainBlockLength/i.test(exception) ||
    /Could not obtain block/i.test(message)
  )
}

export interface Attempt {
  /** The NameNode's web address. */
  readonly address: string
  readonly user: string
  readonly path: string
  readonly waitedMs: number
}

/** Errors: ARCHIVE_*. */
export function explainFailure(error: unknown, { address, user, path, waitedMs }: Attempt): unknown {
  if (error instanceof MillraceError || (error as Error)?.name === 'AbortError') return error
  const why = reasonOf(error)
  const seconds = Math.round(waitedMs / 1000)
  return new MillraceError(errorCodeOf(error), { address, user, path, why, seconds }, { cause: error })
}

/** Before it is given up: what is waited for, and how long. */
export function explainWait(error: unknown, address: string, leftMs: number): Cause {
  const why = reasonOf(error)
  const reason = isSafeMode(error) ? `it is in safe mode (${why})` : why
  const message = `Waiting for the archive at ${address} for up to ${Math.round(leftMs / 1000)} seconds: ${reason}.`
  return { code: errorCodeOf(error), message }
}

function errorCodeOf(error: unknown): ErrorCode {
  if (TLS.test(codeOf(error))) return 'ARCHIVE_TLS_FAILED'
  if (isSafeMode(error)) return 'ARCHIVE_SAFE_MODE'
  if (isLost(error)) return 'ARCHIVE_UNREACHABLE'
  if (!(error instanceof RemoteFailure)) return 'ARCHIVE_STORAGE_FAILED'
  if (Object.hasOwn(EXCEPTIONS, error.exception)) return EXCEPTIONS[error.exception]!
  if (error.status === 401) return 'ARCHIVE_LOGIN_REFUSED'
  // Some other web server answers there.
  if (error.exception === '') return 'ARCHIVE_UNREACHABLE'
  return PASSING_EXCEPTION.test(error.exception) ? 'ARCHIVE_UNREACHABLE' : 'ARCHIVE_STORAGE_FAILED'
}

/** One line, without a Java stack and a full stop at its end. */
export function reasonOf(error: unknown): string {
  const found = error as { message?: string; errors?: unknown[] } | null
  if (!found?.message) return Array.isArray(found?.errors) ? reasonOf(found.errors[0]) : String(error)
  const [line = ''] = found.message.split('\n')
  return line.replace(/^[\w.$]+Exception: /, '').replace(/\.$/, '')
}
