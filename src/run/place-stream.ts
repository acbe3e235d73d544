/** Whether a stream can go on where its report stands, in the log and the archive that are there now. */
import { MillraceError } from '../core/error.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { StreamState } from '../ports/report.ts'
import { linesMissing, missingLines } from './missing-lines.ts'
import type { LinesEnd, SourceLines } from './source-lines.ts'

/** Of what an advance reads. */
export interface StreamPlace {
  /** Empty while the source has no log yet. */
  readonly incarnation: string
  /** The incarnation of the archive, as soon as it has one. */
  readonly archive?: string
  /** The log that the report knows, where this one has taken its place. */
  readonly follows?: string
}

/** Errors: REPORT_AHEAD, REPORT_OTHER_ARCHIVE, REPORT_OTHER_LOG, LOG_LINES_MISSING. */
export function placeStream(state: StreamState | undefined, end: LinesEnd): StreamPlace {
  const incarnation = end.log?.incarnation ?? ''
  const place = { incarnation, ...(end.archive && { archive: end.archive.incarnation }) }
  if (!state) return place
  const { source, archive, endOffset: counted } = state
  if (archive && end.archive && archive !== end.archive.incarnation)
    throw new MillraceError('REPORT_OTHER_ARCHIVE', { source, held: archive, found: end.archive.incarnation })
  if (counted > end.endOffset)
    throw new MillraceError('REPORT_AHEAD', { source, counted, end: end.endOffset })
  if (state.incarnation === incarnation) return place
  // A log is made where the archive ends: below that all lines are the archive's, whatever log they came through.
  // Lines that came through the log that the report knows were accepted as lost, so offsets go on after them.
  const wasLost = end.archive?.lost?.some(({ log }) => log === state.incarnation) === true
  const isSame =
    state.incarnation === '' || wasLost || (archive !== undefined && archive === end.archive?.incarnation)
  const known = end.log?.startOffset ?? end.endOffset
  // Once their loss is accepted the new log follows the one whose lines were counted.
  const missing = !isSame && counted <= known ? missingLines(end.archive, end.log) : []
  if (missing[0]) throw linesMissing(source, missing, missing[0])
  if (!isSame || (state.incarnation !== '' && counted > known))
    throw new MillraceError('REPORT_OTHER_LOG', {
      source,
      held: state.incarnation,
      found: incarnation === '' ? 'what is there, which is no log' : `the one that is there (${incarnation})`,
      counted,
    })
  return { ...place, follows: state.incarnation }
}

/** Lines between archive and log that neither has any more. A topic gives lines up that are counted. Errors: LOG_LINES_MISSING. */
export function requireHeld(source: string, lines: SourceLines, end: LinesEnd): void {
  const missing = lines.isTopic ? [] : missingLines(end.archive, end.log)
  if (missing[0]) throw linesMissing(source, missing, missing[0])
}

/**
 * What offsets alone do not show: lines that took the place of counted ones in a data folder that was put back to an older
 * state. Topics give lines up by themselves, so of these only the archive is asked. Errors: REPORT_OTHER_LINES.
 */
async function requireLines(
  source: string,
  { lines, state, end }: { lines: SourceLines; state: StreamState | undefined; end: LinesEnd },
): Promise<void> {
  if (!state) return
  const { endOffset, clockMs } = state
  const counted = lines.isTopic ? Math.min(endOffset, end.archive?.nextOffset ?? 0) : endOffset
  if (counted === 0) return
  const observedMs = await lines.clockAt(counted - 1)
  if (observedMs <= clockMs) return
  const times = { counted: formatInstant(clockMs), found: formatInstant(observedMs) }
  throw new MillraceError('REPORT_OTHER_LINES', { source, offset: counted - 1, ...times })
}

/** Where a stream goes on, having looked at the lines. Errors: those of placeStream, and REPORT_OTHER_LINES. */
export async function findPlace(
  source: string,
  lines: SourceLines,
  { state, end }: { readonly state: StreamState | undefined; readonly end: LinesEnd },
): Promise<StreamPlace> {
  const place = placeStream(state, end)
  await requireLines(source, { lines, state, end })
  return place
}
