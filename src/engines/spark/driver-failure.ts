/** One cause, and what kind of fault it is, out of the many lines that a failed driver leaves in its log. */
import { type ErrorCode, MillraceError } from '../../core/error.ts'
import type { BatchRequest } from '../../ports/batch-engine.ts'

export interface FailedDriver {
  readonly log: string
  /** Where the log is kept for people. */
  readonly logPath: string
  /** An exit status, or the signal that ended it. */
  readonly outcome: number | string
  readonly requests: readonly BatchRequest[]
  readonly master: string
}

/** Of kinds that fit several, the first. */
const KINDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/No space left on device|Disk quota exceeded|DSQuotaExceeded|NSQuotaExceeded/, 'BATCH_DISK_FULL'],
  [/All masters are unresponsive|Could not parse Master URL/, 'BATCH_MASTER_UNREACHABLE'],
  [/ARITHMETIC_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE/, 'BATCH_SUM_OVERFLOW'],
  [
    /AccessControlException|Permission denied|SafeModeException|UnknownHostException|ConnectException|No FileSystem for scheme/,
    'BATCH_STORAGE_REFUSED',
  ],
  [
    /OutOfMemory|Not enough memory to build|UNABLE_TO_ACQUIRE_MEMORY|OOMKilled|exceeding (memory|physical)|INVALID_(DRIVER|EXECUTOR)_MEMORY/,
    'BATCH_OUT_OF_MEMORY',
  ],
  [/ExecutorLostFailure|Master removed our application|SparkContext was shut down/, 'BATCH_ENGINE_LOST'],
]
/** Spark's executors end with 52 when memory runs out; 137 is SIGKILL, which the system sends for the same cause. */
const EXECUTOR_OUT_OF_MEMORY =
  /OutOfMemoryError|exited with code 52\b|exit(?: code|ed with code)[ :]+137\b|OOMKilled/
const READ_FAILED =
  /(?:Encountered error while reading file|Could not obtain block: \S+ file=)\s*(\S+?)\.?(?=\s|$)/

export function driverFailure({ log, logPath, outcome, requests, master }: FailedDriver): MillraceError {
  const source = requests.map(({ plan }) => plan.source).join(', ')
  const last = finalPart(log)
  const why = `${findCause(last) ?? describeEnd(outcome)}; its log is ${logPath}`
  const code = kindOf(last, log, outcome)
  const block = code === undefined ? unreadBlock(last, requests) : undefined
  if (block) return new MillraceError('ARCHIVE_CORRUPT_BLOCK', { ...block, why })
  return new MillraceError(code ?? 'BATCH_ENGINE_FAILED', { source, why, master })
}

function kindOf(last: string, log: string, outcome: number | string): ErrorCode | undefined {
  const code = KINDS.find(([pattern]) => pattern.test(last))?.[1]
  if (code === 'BATCH_ENGINE_LOST' && EXECUTOR_OUT_OF_MEMORY.test(log)) return 'BATCH_OUT_OF_MEMORY'
  return code ?? (typeof outcome === 'string' ? 'BATCH_ENGINE_LOST' : undefined)
}

const FINAL =
  /^(?:.* ERROR SparkSQLDriver: Failed in \[|\[[A-Z][A-Z0-9_.]+\] |Job aborted|Job \d+ cancelled|.*\bApplication has been killed)/gm
const ERROR_LINE = /^(?:\[[A-Z_.0-9]+\]|Job aborted|[\w.$]+(?:Exception|Error)\b)/

/** From where a statement failed for good, without its text: attempts before it may have failed by another cause. */
function finalPart(log: string): string {
  const last = [...log.matchAll(FINAL)].at(-1)
  if (!last) return log
  const lines = log.slice(last.index).split('\n')
  const first = lines.findIndex((line) => ERROR_LINE.test(line))
  return lines.slice(Math.max(0, first)).join('\n')
}

/** The deepest `Caused by`, or what says the same with more words; else the first line that names an error. */
export function findCause(log: string): string | undefined {
  const lines = log.split('\n').map((line) => line.trim())
  const causes = lines
    .filter((line) => line.startsWith('Caused by: ') && !line.includes('Shutdown in progress'))
    .map((line) => line.slice('Caused by: '.length))
  const error = lines.find((line) => ERROR_LINE.test(line))
  // A chain's first link is told without those words.
  const text =
    fullest(error ? [error, ...causes] : causes) ?? lines.find((line) => /\bERROR\b|\berror:/i.test(line))
  return text && shorten(text)
}

/** `Call from a to b failed: Connection refused` says more than its cause, `Connection refused`. */
function fullest(causes: readonly string[]): string | undefined {
  return causes.reduceRight<string | undefined>(
    (deepest, cause) => (deepest === undefined || cause.includes(deepest) ? cause : deepest),
    undefined,
  )
}

function shorten(text: string): string {
  return text
    .replace(/^[\d/]+ [\d:]+ [A-Z]+ \S+ /, '')
    .replace(/^Job aborted due to stage failure: .*most recent failure: Lost task [^:]*: /, '')
    .replace(/;? *For more details see:.*/, '')
    .replace(/[\s.;]*$/, '')
    .slice(0, 500)
}

function describeEnd(outcome: number | string): string {
  if (outcome === 'SIGKILL')
    return 'its driver was killed by SIGKILL, as the system does when memory runs out'
  return `its driver ended with ${outcome} and named no cause`
}

/** The block that could not be read, as the archive knows it. */
function unreadBlock(
  text: string,
  requests: readonly BatchRequest[],
): { block: string; source: string; path: string } | undefined {
  const path = READ_FAILED.exec(text)?.[1]
  if (path === undefined) return undefined
  const name = decodeURIComponent(path.slice(path.lastIndexOf('/') + 1))
  for (const { plan, blocks } of requests) {
    const found = blocks.find(({ location }) => location.endsWith(`/${name}`) && sameFolder(location, path))
    if (found) return { block: found.name, source: plan.source, path: found.location }
  }
  return undefined
}

/** Sources may have blocks of the same name; a scheme and slashes may be written in several ways. */
function sameFolder(location: string, path: string): boolean {
  const plain = (uri: string) => decodeURIComponent(uri).replace(/^[a-z]+:(?:\/\/[^/]*)?\/*/, '/')
  return plain(location) === plain(path)
}
