/** Reads whole batches out of a segment's durable part, each checked against its checksum. */
import { open } from 'node:fs/promises'
import { MillraceError } from '../../../core/error.ts'
import type { StoredBatch } from '../../../ports/log.ts'
import { parseBatch } from './batch-format.ts'
import { type BatchPlace, placeOf, type Segment } from './segment-list.ts'

/** From the batch that holds `fromOffset` on, of about `maxBytes` together and one at least. Errors: LOG_DAMAGED. */
export async function readBatches(
  { segment, places, seed }: { segment: Segment; places: readonly BatchPlace[]; seed: number },
  fromOffset: number,
  maxBytes: number,
): Promise<StoredBatch[]> {
  const first = placeOf(places, fromOffset)
  const start = places[first]!.position
  const end = endOf(segment, places, first, maxBytes)
  const bytes = await readRange(segment.path, start, end)
  const batches: StoredBatch[] = []
  let next = places[first]!.firstOffset
  for (let at = 0; at < bytes.length; ) {
    const batch = parseBatch(bytes, at, start, seed)
    if (batch?.firstOffset !== next)
      throw new MillraceError('LOG_DAMAGED', { path: segment.path, position: start + at })
    const { firstOffset, lines, observedMs, context, bodyStart, totalBytes } = batch
    const body = bytes.subarray(at + bodyStart, at + totalBytes)
    batches.push({
      ...{ firstOffset, endOffset: firstOffset + lines, observedMs, bytes: body },
      ...(context !== undefined && { context }),
    })
    at += totalBytes
    next = firstOffset + lines
  }
  if (next <= fromOffset)
    throw new MillraceError('LOG_DAMAGED', { path: segment.path, position: start + bytes.length })
  return batches
}

/** Where the last batch ends that begins within `maxBytes`. */
function endOf({ bytes }: Segment, places: readonly BatchPlace[], first: number, maxBytes: number): number {
  const most = places[first]!.position + maxBytes
  let next = first + 1
  while (next < places.length && places[next]!.position < most) next++
  return places[next]?.position ?? bytes
}

async function readRange(path: string, start: number, end: number): Promise<Buffer> {
  const file = await open(path, 'r')
  try {
    const bytes = Buffer.allocUnsafeSlow(end - start)
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at)
      if (bytesRead === 0) throw new MillraceError('LOG_DAMAGED', { path, position: start + at })
      at += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}
