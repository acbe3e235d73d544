/** Of what a fetch gave: the record batches that count, without markers and aborted transactions. */
import type { Fetched } from './fetch-records.ts'
import { ATTRIBUTES, type RecordBatch, readRecordBatches } from './record-batch.ts'

/** Of a control record's key: version, then type. */
const ABORT = 0

export interface ScannedBatches {
  readonly batches: readonly RecordBatch[]
  /** After all that was looked at. */
  readonly endRecord: number
}

/** From the offset on; the fetch must have been one of committed records. */
export function committedBatches({ bytes, aborted }: Fetched, fromOffset: number): ScannedBatches {
  const waiting = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const gone = new Set<bigint>()
  const batches: RecordBatch[] = []
  let endRecord = fromOffset
  for (const batch of readRecordBatches(bytes)) {
    while (waiting[0] && waiting[0].firstOffset < batch.endOffset) gone.add(waiting.shift()!.producerId)
    endRecord = Math.max(endRecord, batch.endOffset)
    if ((batch.attributes & ATTRIBUTES.control) !== 0) {
      if (isAbort(batch)) gone.delete(batch.producerId)
      continue
    }
    const isGone = (batch.attributes & ATTRIBUTES.transactional) !== 0 && gone.has(batch.producerId)
    if (!isGone && batch.endOffset > fromOffset) batches.push(batch)
  }
  return { batches, endRecord }
}

/** Length, attributes and two deltas of one byte each, then the length of the key: markers are this small. */
function isAbort({ body }: RecordBatch): boolean {
  return body.readInt16BE(5 + 2) === ABORT
}
