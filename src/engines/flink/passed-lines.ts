/** Lines from the log for the embedded engine: those between two offsets, or those of some records. */
import { appendAll } from '../../core/append-all.ts'
import type { Log, RecordRun, StoredBatch } from '../../ports/log.ts'

const READ_BYTES = 16 * 1024 * 1024
const NEWLINE = 0x0a

/** Both offsets are ends of what was observed at one time. */
export async function linesBetween(
  log: Log,
  source: string,
  fromOffset: number,
  endOffset: number,
): Promise<StoredBatch[]> {
  const batches: StoredBatch[] = []
  for (let next = fromOffset; next < endOffset; ) {
    for (const batch of await log.read(source, next, READ_BYTES)) {
      if (batch.firstOffset >= endOffset) return batches
      batches.push(batch)
      next = batch.endOffset
    }
  }
  return batches
}

/** One line a batch, of the records of these runs that are passed on. A run must hold one line a record. */
export async function linesOfRecords(
  log: Log,
  source: string,
  runs: readonly RecordRun[],
  isPassed: (partition: number, record: number) => boolean,
): Promise<StoredBatch[]> {
  const batches: StoredBatch[] = []
  for (const { partition, firstRecord, firstOffset, lines } of runs) {
    const places = Array.from({ length: lines }, (_, place) => place).filter((place) =>
      isPassed(partition, firstRecord + place),
    )
    if (places.length === 0) continue
    const [batch] = await log.read(source, firstOffset, 1)
    appendAll(batches, pickLines(batch!, firstOffset, places))
  }
  return batches
}

/** `places` ascend. */
function pickLines(batch: StoredBatch, firstOffset: number, places: readonly number[]): StoredBatch[] {
  const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
  const wanted = new Set(places.map((place) => firstOffset + place))
  const picked: StoredBatch[] = []
  let at = 0
  for (let offset = batch.firstOffset; offset < batch.endOffset; offset++) {
    const end = bytes.indexOf(NEWLINE, at) + 1
    if (wanted.has(offset))
      picked.push({
        ...batch,
        ...{ firstOffset: offset, endOffset: offset + 1, bytes: bytes.subarray(at, end) },
      })
    at = end
  }
  return picked
}
