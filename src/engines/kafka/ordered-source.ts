/** A source whose lines lie in a topic: what reading it is like, whoever gives the order. */
import { appendAll } from '../../core/append-all.ts'
import { MillraceError } from '../../core/error.ts'
import type { Appended, LogBatch, LogEnd, LogRecords, LogSource, StoredBatch } from '../../ports/log.ts'
import { brokerFailure, errorCodeOf, reasonOf } from './broker-error.ts'
import type { Cluster } from './cluster.ts'
import { HEADER } from './door-header.ts'
import { fetchRecords } from './fetch-records.ts'
import type { Order, OrderEntry } from './order.ts'
import { type EntryLines, RecentLines } from './recent-lines.ts'
import { ATTRIBUTES, readRecordBatches, readRecords } from './record-batch.ts'
import { countLines, linesOf } from './record-lines.ts'
import { unpackRecords } from './unpack-records.ts'

const READ_BYTES = 8 * 1024 * 1024
const READ_WAIT_MS = 1000

export interface SourcePlace {
  readonly source: string
  readonly topic: string
  readonly cluster: Cluster
}

export abstract class OrderedSource {
  protected readonly place: SourcePlace
  protected readonly recent = new RecentLines()
  protected readonly order: Order
  #wakers = new Set<() => void>()

  constructor(place: SourcePlace, order: Order) {
    this.place = place
    this.order = order
  }

  /** Begins to work beside those who read. */
  abstract start(): void
  abstract append(batch: LogBatch): Promise<Appended>
  abstract end(): LogEnd
  /** Why nothing goes on at the moment. */
  abstract readonly trouble: Error | undefined
  protected abstract stop(): Promise<void>
  /** Of the lines of an entry, by our header of its first record, if that has one. */
  protected abstract contextOf(header: Buffer | undefined): string | undefined

  /** Nothing can be acked any more. */
  get failure(): Error | undefined {
    return this.order.failure
  }

  describe(): LogSource {
    const { incarnation, startOffset, endOffset, lineBytes: bytes } = this.order
    return { source: this.place.source, incarnation, startOffset, endOffset, bytes }
  }

  get records(): LogRecords {
    const { order } = this
    return {
      topic: order.topic,
      runs: (fromOffset, maxBytes) => (order.endOffset > fromOffset ? order.from(fromOffset, maxBytes) : []),
      positions: () => order.positions,
    }
  }

  async read(fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    const { startOffset: held, endOffset } = this.order
    if (fromOffset >= endOffset) return []
    const { source } = this.place
    if (fromOffset < held) throw new MillraceError('LOG_TRIMMED', { source, offset: fromOffset, held })
    const entries = this.order.from(fromOffset, maxBytes)
    // They may be dropped while others are fetched.
    const recent = new Map(entries.map((entry) => [entry, this.recent.get(entry.firstOffset)]))
    const fetched = await this.#fetch(entries.filter((entry) => !recent.get(entry)))
    return entries.map((entry) => {
      const { firstOffset, lines, observedMs } = entry
      const { bytes, context } = recent.get(entry) ?? fetched.get(entry)!
      const place = { firstOffset, endOffset: firstOffset + lines, observedMs }
      return { ...place, bytes, ...(context !== undefined && { context }) }
    })
  }

  wait(offset: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        if (this.order.endOffset <= offset && !signal.aborted) return
        this.#wakers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#wakers.add(wake)
      signal.addEventListener('abort', wake)
      wake()
    })
  }

  async trim(offset: number): Promise<void> {
    await this.order.trim(offset)
  }

  async close(): Promise<void> {
    await this.stop()
    await this.order.close()
  }

  /** The topic may be another one only while nobody needs anything of the one before. Errors: LOG_TOPIC_REPLACED. */
  protected async requireSame(topicId: string): Promise<void> {
    const { topic, source } = this.place
    if (topicId === this.order.topicId) return
    if (this.order.startOffset < this.order.endOffset)
      throw new MillraceError('LOG_TOPIC_REPLACED', { topic, source })
    await this.order.moveTo(topic, topicId)
  }

  protected tell(): void {
    for (const wake of [...this.#wakers]) wake()
  }

  async #fetch(entries: readonly OrderEntry[]): Promise<Map<OrderEntry, EntryLines>> {
    const fetched = new Map<OrderEntry, EntryLines>()
    const byPartition = new Map<number, OrderEntry[]>()
    for (const entry of entries) {
      const others = byPartition.get(entry.partition)
      if (others) others.push(entry)
      else byPartition.set(entry.partition, [entry])
    }
    for (const [partition, wanted] of byPartition) {
      const reader = new EntryReader(this.place, partition, wanted)
      for (const [entry, { bytes, header }] of await reader.read())
        fetched.set(entry, { bytes, context: this.contextOf(header) })
    }
    return fetched
  }
}

/** `header` is that of its first record. */
interface FoundEntry {
  readonly bytes: Buffer
  readonly header: Buffer | undefined
}

/** Reads the lines of some entries of one partition, in order. */
class EntryReader {
  readonly #place: SourcePlace
  readonly #partition: number
  readonly #entries: readonly OrderEntry[]
  readonly #done = new Map<OrderEntry, FoundEntry>()
  #current = 0
  #parts: Buffer[] = []
  #header: Buffer | undefined
  #lines = 0

  constructor(place: SourcePlace, partition: number, entries: readonly OrderEntry[]) {
    this.#place = place
    this.#partition = partition
    this.#entries = entries
  }

  async read(): Promise<Map<OrderEntry, FoundEntry>> {
    let next = this.#entries[0]!.firstRecord
    while (this.#entry) {
      // What lies between two entries need not be fetched.
      next = Math.max(next, this.#entry.firstRecord)
      next = this.#take(await this.#fetch(next), next)
      this.#finish(next)
    }
    return this.#done
  }

  get #entry(): OrderEntry | undefined {
    return this.#entries[this.#current]
  }

  async #fetch(offset: number): Promise<Buffer> {
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
      if (isGone) throw this.#gone(offset)
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
    // Nothing at all: the records are gone, for they had been there.
    if (next === from) throw this.#gone(from)
    return next
  }

  #add(value: Buffer, header: Buffer | undefined): void {
    if (this.#lines === 0) this.#header = header
    appendAll(this.#parts, linesOf(value))
    this.#lines += countLines(value)
  }

  /** Entries that end at or before the record are whole. */
  #finish(record: number): void {
    for (let entry = this.#entry; entry && entry.endRecord <= record; entry = this.#entry) {
      if (this.#lines !== entry.lines) throw this.#gone(entry.firstRecord)
      this.#done.set(entry, { bytes: Buffer.concat(this.#parts), header: this.#header })
      this.#parts = []
      this.#lines = 0
      this.#current++
    }
  }

  #gone(record: number): MillraceError {
    const { source, topic } = this.#place
    return new MillraceError('LOG_RECORDS_GONE', { source, topic, partition: this.#partition, record })
  }
}
