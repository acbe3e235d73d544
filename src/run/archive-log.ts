/** The use case that moves a log's lines into the archive, and gives up what nobody needs in the log any more. */
import type { Archive } from '../ports/archive.ts'
import type { Log, LogSource, StoredBatch } from '../ports/log.ts'
import { linesMissing, missingLines } from './missing-lines.ts'

/** About what one block of the archive holds. */
export const BLOCK_BYTES = 48 * 1024 * 1024
/** Lines wait this long at most, so that a source of few lines does not make a block for each of them. */
export const MOST_WAIT_MS = 10 * 60_000

const READ_BYTES = 4 * 1024 * 1024

export interface ArchiveLogJob {
  readonly log: Log
  readonly archive: Archive
  /** Every line below this offset is counted in the report; undefined when the source feeds no metric. */
  passed(source: string): Promise<number | undefined>
}

export interface Archived {
  readonly source: string
  /** Lines that were added now. */
  readonly lines: number
  readonly endOffset: number
}

export interface ArchiveLogOptions {
  /** Takes what there is, be it little or young: before a batch run, and when the server stops. */
  readonly isUrgent?: boolean
  readonly blockBytes?: number
  readonly mostWaitMs?: number
}

/**
 * Appends the source's lines to the archive if enough of them have gathered, or have waited long enough, then trims the
 * log. Repeating it after a crash adds nothing twice. Errors: ARCHIVE_*, LOG_DAMAGED, LOG_LINES_MISSING.
 */
export async function archiveLog(
  { log, archive, passed }: ArchiveLogJob,
  source: string,
  options: ArchiveLogOptions = {},
): Promise<Archived> {
  const held = log.sources().find((one) => one.source === source)
  let endOffset = (await archive.manifest(source))?.nextOffset ?? 0
  if (!held) return { source, lines: 0, endOffset }
  const before = endOffset
  // A full disk may have no room for all lines a second time: each step makes some for the next.
  const stepBytes = log.drainBytes ?? Number.POSITIVE_INFINITY
  const isUrgent = options.isUrgent || Number.isFinite(stepBytes) || log.isExpiring?.(source, before)
  const missing = missingLines({ nextOffset: before }, held)
  const [gap] = missing
  const isNow = isUrgent || gap || (await isDue(log, held, before, options))
  const end = isNow ? (gap?.fromOffset ?? held.endOffset) : before
  do {
    if (endOffset < end)
      endOffset = await archive.append(
        source,
        batchesBetween(log, source, endOffset, end, stepBytes),
        (end) => log.keysBelow(source, end),
      )
    await log.trim(source, Math.min(endOffset, (await passed(source)) ?? endOffset))
  } while (endOffset < end)
  // What lies below was archived; what lies above waits until somebody says that the lines between are lost.
  if (gap) throw linesMissing(source, missing, gap)
  return { source, lines: endOffset - before, endOffset }
}

async function isDue(
  log: Log,
  { source, startOffset, endOffset, bytes }: LogSource,
  archived: number,
  { blockBytes = BLOCK_BYTES, mostWaitMs = MOST_WAIT_MS }: ArchiveLogOptions,
): Promise<boolean> {
  const share = (endOffset - archived) / Math.max(endOffset - startOffset, 1)
  if (bytes * share >= blockBytes) return true
  const [oldest] = await log.read(source, Math.max(archived, startOffset), 1)
  return oldest !== undefined && log.end(source).clockMs - oldest.observedMs >= mostWaitMs
}

/** About `mostBytes`, but one batch at least. From the batch that holds `from`, or from the first one that is held: the archive refuses what leaves a gap. */
async function* batchesBetween(
  log: Log,
  source: string,
  from: number,
  end: number,
  mostBytes: number,
): AsyncGenerator<StoredBatch, void, undefined> {
  const held = log.sources().find((one) => one.source === source)!
  let bytes = 0
  for (let next = Math.max(from, held.startOffset); next < end && bytes < mostBytes; ) {
    for (const batch of await log.read(source, next, Math.min(READ_BYTES, mostBytes - bytes))) {
      yield batch
      next = batch.endOffset
      bytes += batch.bytes.length
    }
  }
}
