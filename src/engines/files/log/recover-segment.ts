/** What a segment holds after a crash: its sound batches, and whether what follows them is a torn tail or damage. */
import { readFile } from 'node:fs/promises'
import { MillraceError } from '../../../core/error.ts'
import {
  BATCH_MAGIC,
  type FoundBatch,
  parseBatch,
  parseSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentFormat,
  type SegmentHeader,
  seedOf,
} from './batch-format.ts'

export interface RecoveredSegment {
  readonly header: SegmentHeader & { readonly format: SegmentFormat }
  readonly batches: readonly FoundBatch[]
  /** Where the last sound batch ends. */
  readonly length: number
  /** The sound bytes that were written last, up to `length`: they may not be synced yet. */
  readonly lastGroup: Uint8Array
  /** Of a tail that nobody was told of. */
  readonly tornBytes: number
}

/**
 * Reads the last segment of a source. Undefined when the crash came before its header was durable, so that nothing in
 * it counts. Errors: LOG_DAMAGED.
 */
export async function recoverSegment(path: string): Promise<RecoveredSegment | undefined> {
  return recoverBytes(await readFile(path), path)
}

/** The same of a segment's bytes; `path` is for messages. */
export function recoverBytes(bytes: Buffer, path: string): RecoveredSegment | undefined {
  const header = parseSegmentHeader(bytes)
  if (!header) {
    // Batches are only written once the header is durable.
    if (bytes.length <= SEGMENT_HEADER_BYTES) return undefined
    throw new MillraceError('LOG_DAMAGED', { path, position: 0 })
  }
  const seed = seedOf(header.incarnation)
  const batches = soundBatches(bytes, header.firstOffset, seed)
  const last = batches.at(-1)
  const length = last ? last.position + last.totalBytes : SEGMENT_HEADER_BYTES
  if (isFollowed(bytes, length, seed)) throw new MillraceError('LOG_DAMAGED', { path, position: length })
  const lastGroup = bytes.subarray(last?.groupStart ?? length, length)
  return { header, batches, length, lastGroup, tornBytes: bytes.length - length }
}

function soundBatches(bytes: Buffer, firstOffset: number, seed: number): FoundBatch[] {
  const batches: FoundBatch[] = []
  let next = firstOffset
  for (let at = SEGMENT_HEADER_BYTES; ; ) {
    const batch = parseBatch(bytes, at, 0, seed)
    if (!batch || batch.firstOffset !== next) return batches
    batches.push(batch)
    next += batch.lines
    at += batch.totalBytes
  }
}

/**
 * Is there a sound batch behind `position` that was written after what stands at `position` was durable? A group is
 * written only when the one before it is durable, so then it was damaged later, and lines that were acked are lost.
 */
function isFollowed(bytes: Buffer, position: number, seed: number): boolean {
  for (let at = bytes.indexOf(BATCH_MAGIC, position + 1); at >= 0; at = bytes.indexOf(BATCH_MAGIC, at + 1)) {
    const batch = parseBatch(bytes, at, 0, seed)
    if (batch && batch.groupStart > position) return true
  }
  return false
}
