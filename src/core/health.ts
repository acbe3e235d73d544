/**
 * The one model of health: facts → what is at fault and for how long lines have waited. Probes, metrics, commands and the
 * server's own log say what stands here, so that none of them says that all is well while another one knows better.
 */
import { formatDuration } from './duration.ts'
import { MillraceError } from './error.ts'
import type { Cause, HealthFacts, HealthLimits, SourceFacts } from './health-facts.ts'

/** From the worst on: that is the order in which faults are told. */
const FAULT_CODES = [
  'SERVER_SILENT',
  'LOG_FAILED',
  'LOG_FULL',
  'LOG_WAITS',
  'REPORT_AHEAD',
  'LOG_LINES_MISSING',
  'STREAM_FAILED',
  'REPORT_AWAY',
  'LINES_WAIT',
  'ARCHIVE_FAILED',
  'ARCHIVE_BEHIND',
  'RESTATE_FAILED',
  'BATCH_FAILED',
] as const

export type FaultCode = (typeof FAULT_CODES)[number]

export interface Fault {
  readonly code: FaultCode
  /** Absent where it is no single source's. */
  readonly source?: string
  /** Whole sentences, with the reason that the engine gave. */
  readonly message: string
  /** That reason alone: while it stays, the fault is the same one. */
  readonly cause?: string
}

export interface SourceHealth {
  readonly source: string
  /** After the last acked line. */
  readonly endOffset?: number
  /** Acked lines that are in no total yet, and how long the oldest has waited; absent where nobody can say. */
  readonly uncountedLines?: number
  readonly uncountedMs?: number
  /** The same of lines that the archive lacks. */
  readonly unarchivedLines?: number
  readonly unarchivedMs?: number
  readonly faults: readonly Fault[]
  /** Whether these are faults cannot be said now: one that was known may still be one. Absent when there are none. */
  readonly unjudged?: readonly FaultCode[]
}

export interface Health {
  /** From the worst on; none while all is well. */
  readonly faults: readonly Fault[]
  readonly sources: readonly SourceHealth[]
}

/** Troubles of a disk that is full: restarting the server does not help. */
const FULL: ReadonlySet<string | undefined> = new Set(['LOG_DISK_FULL', 'LOG_UNWRITABLE'])
/** Why no line can be acked. */
const DOOR_FAULTS: ReadonlySet<FaultCode> = new Set(['LOG_FAILED', 'LOG_FULL'])

export function judgeHealth(facts: HealthFacts, limits: HealthLimits, nowMs: number): Health {
  const sources = facts.sources.map((one) => judgeSource(one, limits, nowMs))
  const faults = [...sharedFaults(facts), ...sources.flatMap((one) => one.faults)]
  return { faults: inOrder(faults), sources }
}

/** Why lines cannot be acked, while totals may be fresh. */
export function doorFault({ faults }: Health): Fault | undefined {
  return faults.find(({ code }) => DOOR_FAULTS.has(code))
}

/** By which a stream stands still. */
export function isStanding({ faults }: Pick<SourceHealth, 'faults'>): boolean {
  return faults.some(({ code }) => STANDING.has(code))
}

const STANDING: ReadonlySet<FaultCode> = new Set(['REPORT_AHEAD', 'LOG_LINES_MISSING', 'STREAM_FAILED'])

/** That touch the totals of a source. */
export function faultsOf({ faults }: Health, source: string): Fault[] {
  return faults.filter((fault) => fault.source === undefined || fault.source === source)
}

function sharedFaults(facts: HealthFacts): Fault[] {
  const { serverFailure, logFailure, logTrouble, restateFailure, batchFailure } = facts
  const fault = (code: FaultCode, cause: Cause | undefined, beginning: string, end = ''): Fault[] =>
    cause ? [{ code, message: `${beginning}${cause.message}${end}`, cause: cause.message }] : []
  const isFull = FULL.has(logTrouble?.code)
  return [
    ...fault('SERVER_SILENT', serverFailure, ''),
    // Errors of ours say themselves what to do.
    ...fault(
      'LOG_FAILED',
      logFailure,
      'Lines cannot be acked: ',
      logFailure?.code ? '' : '. Restart the server.',
    ),
    ...(logFailure
      ? []
      : fault(isFull ? 'LOG_FULL' : 'LOG_WAITS', logTrouble, isFull ? 'Lines cannot be acked: ' : '')),
    ...fault('RESTATE_FAILED', restateFailure, 'Windows wait to be restated: '),
    ...fault('BATCH_FAILED', batchFailure, 'The last batch failed: '),
  ]
}

function judgeSource(facts: SourceFacts, limits: HealthLimits, nowMs: number): SourceHealth {
  const { source, countedTo } = facts
  const endOffset = endOf(facts)
  const uncounted = waiting(endOffset, countedTo, ageOf(facts.uncountedSinceMs, nowMs))
  const archivedTo = facts.archive?.endOffset ?? (facts.archiveFailure ? undefined : facts.log?.startOffset)
  const unarchived = waiting(facts.log?.endOffset, archivedTo, ageOf(facts.unarchivedSinceMs, nowMs))
  const faults = [
    ...linesGone(facts),
    ...failure('STREAM_FAILED', facts, `The stream of ${source} cannot go on, and tries again: `, 'stream'),
    ...failure('REPORT_AWAY', facts, `The report does not say how far ${source} is counted: `, 'report'),
    ...failure('ARCHIVE_FAILED', facts, archiveFailed(facts), 'archive'),
    ...tooOld('LINES_WAIT', { source, ...uncounted, limitMs: limits.freshnessMs }),
    // Before the archive was asked it may have all that the log holds.
    ...(facts.archive ? tooOld('ARCHIVE_BEHIND', { source, ...unarchived, limitMs: limits.archiveMs }) : []),
  ]
  const codes = unjudgedCodes(facts, limits, { uncounted, unarchived }).filter(
    (code) => !faults.some((fault) => fault.code === code),
  )
  return {
    source,
    ...(endOffset !== undefined && { endOffset }),
    ...(uncounted.lines !== undefined && { uncountedLines: uncounted.lines }),
    ...(uncounted.ageMs !== undefined && { uncountedMs: uncounted.ageMs }),
    ...(unarchived.lines !== undefined && { unarchivedLines: unarchived.lines }),
    ...(unarchived.ageMs !== undefined && { unarchivedMs: unarchived.ageMs }),
    faults: inOrder(faults),
    ...(codes.length > 0 && { unjudged: codes }),
  }
}

/** What is not known is not well: of these nobody can say that they are over. */
function unjudgedCodes(
  facts: SourceFacts,
  limits: HealthLimits,
  { uncounted, unarchived }: { readonly uncounted: Waiting; readonly unarchived: Waiting },
): FaultCode[] {
  const { log, archive, archiveFailure, streamFailure, countedTo, reportFailure } = facts
  const isCounted = !facts.isUncounted
  const isUnasked = isCounted && countedTo === undefined && !reportFailure
  const isPlaceUnknown = archiveFailure !== undefined || (log !== undefined && !archive)
  const unknown: readonly [FaultCode, boolean][] = [
    ['REPORT_AHEAD', isPlaceUnknown || (isCounted && countedTo === undefined)],
    ['LOG_LINES_MISSING', isPlaceUnknown],
    ['STREAM_FAILED', isUnasked || streamFailure !== undefined],
    ['REPORT_AWAY', isUnasked],
    ['LINES_WAIT', isCounted && limits.freshnessMs !== undefined && isUnknown(uncounted)],
    ['ARCHIVE_FAILED', isPlaceUnknown],
    [
      'ARCHIVE_BEHIND',
      limits.archiveMs !== undefined && log !== undefined && (!archive || isUnknown(unarchived)),
    ],
  ]
  return unknown.flatMap(([code, isIt]) => (isIt ? [code] : []))
}

function isUnknown({ lines, ageMs }: Waiting): boolean {
  return lines === undefined || ageMs === undefined
}

function archiveFailed({ source, log }: SourceFacts): string {
  return log ? `The log of ${source} waits for the archive: ` : `The archive of ${source} cannot be asked: `
}

interface Waiting {
  readonly lines?: number
  readonly ageMs?: number
}

/** Nothing waits that is not there, and what does not wait has no age. */
function waiting(end: number | undefined, reached: number | undefined, ageMs: number | undefined): Waiting {
  if (end === undefined || reached === undefined) return {}
  const lines = Math.max(end - reached, 0)
  if (lines === 0) return { lines, ageMs: 0 }
  return { lines, ...(ageMs !== undefined && { ageMs }) }
}

/** A stamp may be ahead of the clock. */
function ageOf(sinceMs: number | undefined, nowMs: number): number | undefined {
  return sinceMs === undefined ? undefined : Math.max(nowMs - sinceMs, 0)
}

/** In log and archive together. */
function endOf({ log, archive }: SourceFacts): number | undefined {
  if (!log && !archive) return undefined
  return Math.max(log?.endOffset ?? 0, archive?.endOffset ?? 0)
}

/** Told once and by their own code, whoever came upon it first. */
const GONE: ReadonlySet<string | undefined> = new Set(['REPORT_AHEAD', 'LOG_LINES_MISSING'])

/** As stream or archiver were stopped by it, else by offsets alone. */
function linesGone(facts: SourceFacts): Fault[] {
  const { source, streamFailure, archiveFailure } = facts
  const cause = [streamFailure, archiveFailure].find((one) => GONE.has(one?.code))
  if (!cause) return missingLines(facts)
  return [{ code: cause.code as FaultCode, source, message: cause.message, cause: cause.message }]
}

/** An archive that was not asked yet tells of none. */
function missingLines(facts: SourceFacts): Fault[] {
  const { source, log, archive, reportEnd: counted = 0, archiveFailure } = facts
  if (archiveFailure || (log && !archive)) return []
  const end = endOf(facts) ?? 0
  const archived = archive?.endOffset ?? 0
  const faults: Fault[] = []
  if (counted > end)
    faults.push({
      ...{ code: 'REPORT_AHEAD', source },
      message: new MillraceError('REPORT_AHEAD', { source, counted, end }).message,
    })
  if (log && log.startOffset > archived) {
    const lines = log.startOffset - archived
    const message = `${lines} lines of ${source}, from offset ${archived} on, are neither in the archive, which ends there, nor in the log, which begins at ${log.startOffset}.`
    faults.push({ code: 'LOG_LINES_MISSING', source, message })
  }
  return faults
}

function failure(
  code: FaultCode,
  facts: SourceFacts,
  beginning: string,
  role: 'stream' | 'report' | 'archive',
): Fault[] {
  const cause: Cause | undefined = facts[`${role}Failure`]
  if (!cause || GONE.has(cause.code)) return []
  return [{ code, source: facts.source, message: `${beginning}${cause.message}`, cause: cause.message }]
}

function tooOld(
  code: 'LINES_WAIT' | 'ARCHIVE_BEHIND',
  {
    source,
    lines = 0,
    ageMs = 0,
    limitMs,
  }: Waiting & { readonly source: string; readonly limitMs: number | undefined },
): Fault[] {
  if (limitMs === undefined || lines === 0 || ageMs <= limitMs) return []
  const what = `${lines} ${lines === 1 ? 'line' : 'lines'} of ${source} ${lines === 1 ? 'waits' : 'wait'}`
  const whose = code === 'LINES_WAIT' ? 'to be counted' : 'to be archived'
  const most = `${formatDuration(limitMs)} ${code === 'LINES_WAIT' ? 'is declared by serve.freshness' : 'is the most'}`
  return [{ code, source, message: `${what} ${whose}, the oldest for ${formatAge(ageMs)}, where ${most}.` }]
}

/** Two units at most: `45 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatAge(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000)
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first < 0) return '0 s'
  let left = seconds
  const parts = units.slice(first, first + 2).flatMap(([name, size]) => {
    const count = Math.floor(left / size)
    left %= size
    return count > 0 ? [`${count} ${name}`] : []
  })
  return parts.join(' ')
}

/** Those of a code stay in the order of their sources. */
function inOrder(faults: readonly Fault[]): Fault[] {
  const rank = ({ code }: Fault) => FAULT_CODES.indexOf(code)
  return [...faults].sort((a, b) => rank(a) - rank(b))
}
