/** Reads the lines of entries of the order from the brokers. */
import { appendAll } from '../../core/append-all.ts'
import { brokerFailure, errorCodeOf, reasonOf } from './broker-error.ts'
import { HEADER } from './door-header.ts'
import { fetchRecords } from './fetch-records.ts'
import type { OrderEntry } from './order.ts'
import { ATTRIBUTES, readRecordBatches, readRecords } from './record-batch.ts'
import { countLines, linesOf } from './record-lines.ts'
import type { SourcePlace } from './source-place.ts'
import { unpackRecords } from './unpack-records.ts'

const READ_BYTES = 8 * 1024 * 1024
const READ_WAIT_MS = 1000

/** `header` is that of its first record. */
interface FoundEntry {
  readonly bytes: Buffer
  readonly header: Buffer | undefined
}

/** Reads the lines of some entries of one partition, in order. */
export class EntryReader {
  readonly #place: SourcePlace
  readonly #partition: number
  readonly #from: number
  readonly #entries: readonly OrderEntry[]
  readonly #done = new Map<OrderEntry, FoundEntry>()
  #current = 0
  #parts: Buffer[] = []
  #header: Buffer | undefined
  #lines = 0

  /** What lies below the record `from` is not asked for, and comes all the same with the batch that holds it. */
  constructor(
    place: SourcePlace,
    { partition, from }: { readonly partition: number; readonly from: number },
    entries: readonly OrderEntry[],
  ) {
    this.#place = place
    this.#partition = partition
    this.#from = from
    this.#entries = entries
  }

  /** Without entries that the brokers do not have as they were. Errors: LOG_BROKER_AWAY. */
  async read(): Promise<Map<OrderEntry, FoundEntry>> {
    let next = this.#from
    while (this.#entry) {
      // What lies between two entries need not be fetched.
      const from = Math.max(next, this.#entry.firstRecord)
      const bytes = await this.#fetch(from)
      if (!bytes) break
      next = this.#take(bytes, from)
      // Nothing at all, where there had been records.
      if (next === from) break
      this.#finish(next)
    }
    return this.#done
  }

  get #entry(): OrderEntry | undefined {
    return this.#entries[this.#current]
  }

  /** Undefined where the partition does not reach. */
  async #fetch(offset: number): Promise<Buffer | undefined> {
    const { cluster, topic, source } = this.#place
    const partition = this.#partition
    try {
      const options = { purpose: 'read', maxBytes: READ_BYTES, waitMs: READ_WAIT_MS, isCommitted: false }
      const [answer] = await fetchRecords(cluster, topic, [{ partition, offset }], options)
      if (answer?.error) throw new Error(answer.error)
      return answer!.bytes
    } catch (error) {
      cluster.forget(topic)
      const why = reasonOf(error)
      const isGone = errorCodeOf(error) === 'OFFSET_OUT_OF_RANGE' || why === 'OFFSET_OUT_OF_RANGE'
      if (isGone) return undefined
      throw brokerFailure(error, cluster.places, `source ${source}`)
    }
  }

  /** Gives the record to go on at. */
  #take(bytes: Buffer, from: number): number {
    let next = from
    for (const batch of readRecordBatches(bytes)) {
      next = Math.max(next, batch.endOffset)
      if ((batch.attributes & ATTRIBUTES.control) !== 0) continue
      this.#finish(batch.firstOffset)
      if (!this.#entry || batch.endOffset <= this.#entry.firstRecord) continue
      for (const { offset, value, header } of readRecords(batch, unpackRecords, HEADER)) {
        this.#finish(offset)
        if (this.#entry && offset >= this.#entry.firstRecord) this.#add(value, header)
      }
      this.#finish(batch.endOffset)
    }
    return next
  }

  #add(value: Buffer, header: Buffer | undefined): void {
    if (this.#lines === 0) this.#header = header
    appendAll(this.#parts, linesOf(value))
    this.#lines += countLines(value)
  }

  /** Entries that end at or before the record are whole, or were never. */
  #finish(record: number): void {
    for (let entry = this.#entry; entry && entry.endRecord <= record; entry = this.#entry) {
      if (this.#lines === entry.lines)
        this.#done.set(entry, { bytes: Buffer.concat(this.#parts), header: this.#header })
      this.#parts = []
      this.#lines = 0
      this.#current++
    }
  }
}
