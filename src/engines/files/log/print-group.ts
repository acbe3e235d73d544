/** The bytes of a group of batches, as they go behind what a segment holds. */
import type { LogBatch, StoredBatch } from '../../../ports/log.ts'
import { printBatchHeader } from './batch-format.ts'
import type { BatchPlace, Segment } from './segment-list.ts'

export interface GroupedBatch {
  readonly batch: LogBatch
  /** Of its lines. */
  readonly bytes: number
}

/** `bytes` and `endOffset` are those of the segment once the group is in it. */
export interface PrintedGroup {
  readonly buffers: readonly Uint8Array[]
  readonly places: readonly BatchPlace[]
  readonly stored: readonly StoredBatch[]
  readonly bytes: number
  readonly endOffset: number
}

export interface GroupPlace {
  readonly segment: Segment
  /** Of the log's incarnation. */
  readonly seed: number
  readonly observedMs: number
}

export function printGroup(
  group: readonly GroupedBatch[],
  { segment, seed, observedMs }: GroupPlace,
): PrintedGroup {
  const { bytes: groupStart, endOffset } = segment
  const buffers: Uint8Array[] = []
  const places: BatchPlace[] = []
  const stored: StoredBatch[] = []
  const bodies = joinBodies(group)
  let [position, firstOffset] = [groupStart, endOffset]
  for (const [index, { batch }] of group.entries()) {
    const { lines, idempotency, context } = batch
    const body = bodies[index]!
    const header = printBatchHeader({ groupStart, firstOffset, lines, observedMs, context }, [body], {
      idempotency,
      seed,
    })
    buffers.push(header, body)
    places.push({ firstOffset, position })
    stored.push({
      ...{ firstOffset, endOffset: firstOffset + lines, observedMs, bytes: body },
      ...(context !== undefined && { context }),
    })
    position += header.length + body.length
    firstOffset += lines
  }
  return { buffers, places, stored, bytes: position, endOffset: firstOffset }
}

export function bytesOf(group: readonly GroupedBatch[]): number {
  return group.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The bodies of the batches, one behind another in one piece of memory that is nobody else's. */
function joinBodies(group: readonly GroupedBatch[]): Buffer[] {
  const whole = Buffer.allocUnsafeSlow(bytesOf(group))
  let at = 0
  return group.map(({ batch }) => {
    const start = at
    for (const chunk of batch.chunks) {
      whole.set(chunk, at)
      at += chunk.length
    }
    return whole.subarray(start, at)
  })
}
