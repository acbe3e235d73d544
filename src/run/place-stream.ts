/** Whether a stream can go on where its report stands, in the log and the archive that are there now. */
import { MillraceError } from '../core/error.ts'
import type { StreamState } from '../ports/report.ts'
import type { LinesEnd } from './source-lines.ts'

/** Of what an advance reads. */
export interface StreamPlace {
  /** Empty while the source has no log yet. */
  readonly incarnation: string
  /** The incarnation of the archive, as soon as it has one. */
  readonly archive?: string
  /** The log that the report knows, where this one has taken its place. */
  readonly follows?: string
}

/** Errors: REPORT_AHEAD, REPORT_OTHER_ARCHIVE, REPORT_OTHER_LOG. */
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
  const isSame = state.incarnation === '' || (archive !== undefined && archive === end.archive?.incarnation)
  const known = end.log?.startOffset ?? end.endOffset
  if (!isSame || (state.incarnation !== '' && counted > known))
    throw new MillraceError('REPORT_OTHER_LOG', {
      source,
      held: state.incarnation,
      found: incarnation,
      counted,
    })
  return { ...place, follows: state.incarnation }
}
