/** What has happened to a source's lines that no process can make good, so that every answer it touches must tell of it. */
import type { Manifest } from './block.ts'
import { type ErrorCode, MillraceError } from './error.ts'
import type { OffsetRange } from './lost-lines.ts'
import { formatInstant } from './timestamp.ts'

export interface Incident {
  readonly source: string
  /** Of the error table, whose text says what to do. */
  readonly code: ErrorCode
  /** Whole sentences, for people. */
  readonly message: string
  /** The offsets of the lines, ascending and disjoint. */
  readonly ranges: readonly OffsetRange[]
  /** Somebody has accepted it, and its source goes on: it is told, but nothing waits. Absent while the source is held up. */
  readonly acceptedMs?: number
}

/** The losses of a source that were accepted; undefined where there was none. */
export function acceptedLoss(manifest: Pick<Manifest, 'source' | 'lost'>): Incident | undefined {
  const { source, lost = [] } = manifest
  const last = lost.at(-1)
  if (!last) return undefined
  const lines = lost.reduce((sum, { fromOffset, endOffset }) => sum + endOffset - fromOffset, 0)
  const { acceptedBy: by, acceptedMs } = last
  const params = { source, lines, offsets: printRanges(lost), by, time: formatInstant(acceptedMs) }
  const { code, message } = new MillraceError('LINES_LOST', params)
  return { source, code, message, ranges: lost, acceptedMs }
}

const MOST_PRINTED = 10

/** As `10..15, 20..21`: each from its first offset to the one after its last. */
export function printRanges(ranges: readonly OffsetRange[]): string {
  const shown = ranges
    .slice(0, MOST_PRINTED)
    .map(({ fromOffset, endOffset }) => `${fromOffset}..${endOffset}`)
  const more = ranges.length - shown.length
  return more > 0 ? `${shown.join(', ')} and ${more} more ranges` : shown.join(', ')
}
