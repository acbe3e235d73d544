/** Finds what stands in the door's topic but has no place in the order: it was committed when a process died. */
import { MillraceError } from '../../core/error.ts'
import { committedBatches } from './committed-batches.ts'
import { HEADER, type KeyedLines, parseHeader } from './door-header.ts'
import { fetchRecords, listOffset } from './fetch-records.ts'
import { NOWHERE } from './held-records.ts'
import type { NewEntry, NewKey, Order, OrderEntry } from './order.ts'
import { type RecordBatch, readRecords } from './record-batch.ts'
import type { SourcePlace } from './source-place.ts'
import { unpackRecords } from './unpack-records.ts'

const FETCH_BYTES = 8 * 1024 * 1024
const WAIT_MS = 200
/** The brokers may still be marking what was committed. */
const PATIENCE_MS = 20_000

export interface Written {
  readonly entries: readonly NewEntry[]
  keysOf(placed: readonly OrderEntry[]): NewKey[]
}

/** Which records have their places. */
export type OrderEnd = Pick<Order, 'positions' | 'held' | 'incarnation' | 'endOffset'>

interface FoundBatch {
  readonly entry: NewEntry
  readonly turn: number | undefined
  readonly keys: readonly { readonly line: number; readonly keyed: KeyedLines }[]
}

/** The producer has begun, so nobody else adds anything, and the order knows what is held. Errors: LOG_TOPIC_TAKEN. */
export async function findWritten(place: SourcePlace, order: OrderEnd, partitions: number): Promise<Written> {
  const found: FoundBatch[] = []
  for (let partition = 0; partition < partitions; partition++) {
    for await (const batch of batchesFrom(place, order, partition)) {
      const ours = readDoorBatch(place, order, { partition, batch })
      if (ours) found.push(ours)
    }
  }
  const inOrder = withGaps(sortBatches(found), order.endOffset)
  return {
    entries: inOrder.map(({ entry }) => entry),
    keysOf: (placed) =>
      inOrder.flatMap(({ keys }, index) =>
        keys.map(({ line, keyed }) => placeKey(keyed, placed[index]!, line)),
      ),
  }
}

/** As they were written, whatever their partitions: by their turns, or where some have none by their stamps. */
function sortBatches(found: readonly FoundBatch[]): FoundBatch[] {
  const haveTurns = found.every(({ turn }) => turn !== undefined)
  return [...found].sort((a, b) => (haveTurns ? a.turn! - b.turn! : a.entry.observedMs - b.entry.observedMs))
}

/** Lines between that were no records of this topic, as of a file, and that the archive should have, get their offsets too. */
function withGaps(found: readonly FoundBatch[], endOffset: number): FoundBatch[] {
  const all: FoundBatch[] = []
  let next = endOffset
  for (const batch of found) {
    const { turn = next, entry } = batch
    if (turn > next) all.push({ entry: gapOf(turn - next, entry.observedMs), turn: next, keys: [] })
    all.push(batch)
    next = Math.max(turn, next) + entry.lines
  }
  return all
}

/** An entry that no record stands for. */
export function gapOf(lines: number, observedMs: number): NewEntry {
  return { partition: NOWHERE, firstRecord: 0, endRecord: 0, bytes: 0, lines, observedMs }
}

function placeKey(keyed: KeyedLines, { firstOffset: first, observedMs }: OrderEntry, line: number): NewKey {
  const firstOffset = first + line
  const { lines, ...key } = keyed
  return { key, appended: { firstOffset, endOffset: firstOffset + lines, observedMs, isDuplicate: false } }
}

async function* batchesFrom(
  { cluster, topic }: SourcePlace,
  order: OrderEnd,
  partition: number,
): AsyncGenerator<RecordBatch, void, undefined> {
  const end = await listOffset(cluster, topic, partition, 'latest')
  // What had no place was acked to nobody, so nothing is missing where the brokers gave it up.
  let next = Math.max(order.positions.get(partition) ?? 0, order.held.get(partition) ?? 0)
  const until = performance.now() + PATIENCE_MS
  while (next < end) {
    const options = { purpose: 'scan', maxBytes: FETCH_BYTES, waitMs: WAIT_MS, isCommitted: true }
    const [fetched] = await fetchRecords(cluster, topic, [{ partition, offset: next }], options)
    if (fetched!.error === 'OFFSET_OUT_OF_RANGE') {
      next = await listOffset(cluster, topic, partition, 'earliest')
      continue
    }
    if (fetched!.error) throw new Error(fetched!.error)
    const { batches, endRecord } = committedBatches(fetched!, next)
    yield* batches
    if (endRecord === next && performance.now() > until)
      throw new Error(`a transaction in partition ${partition} of topic ${topic} does not come to its end`)
    next = endRecord
  }
}

/** Undefined for records that somebody else wrote, which do not count here. */
function readDoorBatch(
  { topic, source }: SourcePlace,
  order: OrderEnd,
  { partition, batch }: { readonly partition: number; readonly batch: RecordBatch },
): FoundBatch | undefined {
  const keys: { line: number; keyed: KeyedLines }[] = []
  let turn: number | undefined
  let [line, bytes] = [0, 0]
  for (const { value, header } of readRecords(batch, unpackRecords, HEADER)) {
    const ours = parseHeader(header)
    if (line === 0 && !ours) return undefined
    if (ours && ours.log !== order.incarnation) throw new MillraceError('LOG_TOPIC_TAKEN', { topic, source })
    if (line === 0) turn = ours?.turn
    if (ours?.keyed) keys.push({ line, keyed: ours.keyed })
    bytes += value.length + 1
    line++
  }
  const { firstOffset: firstRecord, endOffset: endRecord, maxTimestampMs: observedMs, records: lines } = batch
  return { entry: { partition, firstRecord, endRecord, observedMs, lines, bytes }, turn, keys }
}
