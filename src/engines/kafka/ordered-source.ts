/** A source whose lines lie in a topic: what reading it is like, whoever gives the order. */
import type { ArchivedTopic } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import { findRange } from '../../core/lost-lines.ts'
import type {
  Appended,
  KeyList,
  LogBatch,
  LogEnd,
  LogRecords,
  LogSource,
  RecordOrigin,
  StoredBatch,
} from '../../ports/log.ts'
import { isSameLog } from './begin-order.ts'
import { brokerFailure } from './broker-error.ts'
import { EntryReader } from './entry-reader.ts'
import { listOffset } from './fetch-records.ts'
import { findWritten } from './find-written.ts'
import { followHeld, requireSame } from './follow-held.ts'
import { NOWHERE } from './held-records.ts'
import type { Order, OrderEntry } from './order.ts'
import { type EntryLines, RecentLines } from './recent-lines.ts'
import type { SourcePlace } from './source-place.ts'

export abstract class OrderedSource {
  protected readonly place: SourcePlace
  protected readonly recent = new RecentLines()
  protected readonly order: Order
  #wakers = new Set<() => void>()
  /** By partition, its first record, as the brokers said last. */
  readonly #begins = new Map<number, number>()

  constructor(place: SourcePlace, order: Order) {
    this.place = place
    this.order = order
  }

  /** Begins to work beside those who read. */
  abstract start(): void
  /** Resolves once what stood in the topic has its place. */
  abstract begun(): Promise<void>
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
    const { incarnation, startOffset, endOffset, lineBytes: bytes, gone } = this.order
    const offsets = { startOffset, endOffset, bytes, ...(gone.length > 0 && { gone }) }
    return { source: this.place.source, incarnation, ...offsets }
  }

  /** Asks the brokers what they have of the topic, and gives up what they have no longer. Errors: LOG_*. */
  async lookHeld(): Promise<void> {
    const { cluster, topic, source } = this.place
    try {
      const found = await cluster.refresh(topic)
      if (!found) throw new MillraceError('LOG_TOPIC_MISSING', { topic, source, brokers: cluster.places })
      await requireSame(this.place, this.order, found.id)
      await followHeld(this.place, this.order, found.leaders.length)
    } catch (error) {
      throw brokerFailure(error, cluster.places, `source ${source}`)
    }
  }

  /** Asks the brokers where the topic begins, and gives up nothing: lines in memory can be read yet. */
  async lookExpired(): Promise<void> {
    const { cluster, topic } = this.place
    const partitions = new Set(this.order.entries.map(({ partition }) => partition))
    partitions.delete(NOWHERE)
    try {
      for (const partition of partitions)
        this.#begins.set(partition, await listOffset(cluster, topic, partition, 'earliest'))
    } catch {
      // Whoever needs the topic hears what is wrong with it.
    }
  }

  isExpiring(fromOffset: number): boolean {
    return this.order.entries.some(
      ({ partition, firstRecord, firstOffset, lines }) =>
        firstOffset + lines > fromOffset && firstRecord < (this.#begins.get(partition) ?? 0),
    )
  }

  /** As `lookHeld`, and reads again what could not be read. Where records are gone `describe` tells of it. */
  async confirmHeld(): Promise<void> {
    await this.lookHeld().catch((error: MillraceError) => {
      if (error.code !== 'LOG_RECORDS_GONE' && error.code !== 'LOG_TOPIC_REPLACED') throw error
    })
    const found = await this.#find(this.order.unreadable)
    this.order.noteRead([...found.keys()], true)
  }

  /**
   * Whether the topic has records of a door from before its log, and after those that the archive has. Errors: LOG_TOPIC_TAKEN,
   * those of the client.
   */
  async holdsBefore(archived: ArchivedTopic | undefined): Promise<boolean> {
    const { cluster, topic } = this.place
    const { leaders } = (await cluster.refresh(topic)) ?? { leaders: [] }
    const { entries, held, incarnation } = this.order
    const positions = new Map(isSameLog(this.order, archived) ? archived.positions : [])
    const from = { positions, held, incarnation, endOffset: 0 }
    const written = await findWritten(this.place, from, leaders.length)
    return written.entries.some(({ partition, firstRecord }) => {
      const first = entries.find((entry) => entry.partition === partition)
      return firstRecord < (first?.firstRecord ?? this.order.positions.get(partition) ?? 0)
    })
  }

  get records(): LogRecords {
    const { order } = this
    return {
      topic: order.topic,
      runs: (fromOffset, maxBytes) => (order.endOffset > fromOffset ? order.from(fromOffset, maxBytes) : []),
      positions: () => order.positions,
    }
  }

  keysBelow(endOffset: number): KeyList | undefined {
    return this.order.keys.below(endOffset)
  }

  async read(fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    if (fromOffset >= this.order.endOffset) return []
    let entries = this.#entriesFrom(fromOffset, maxBytes)
    let lines = await this.#find(entries)
    if (lines.size < entries.length) {
      // The brokers may have given them up by themselves; what they have now is read.
      await this.lookHeld()
      entries = this.#entriesFrom(fromOffset, maxBytes)
      lines = await this.#find(entries)
    }
    if (lines.size < entries.length) {
      // They are there, and not as they were: compacted, or damaged.
      this.order.noteRead(
        entries.filter((entry) => !lines.has(entry)),
        false,
      )
      entries = this.#entriesFrom(fromOffset, maxBytes)
    }
    return entries.map((entry) => this.#batchOf(entry, lines.get(entry)!))
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

  /** Errors: LOG_TRIMMED. */
  #entriesFrom(offset: number, maxBytes: number): OrderEntry[] {
    const { source } = this.place
    const { startOffset, gone } = this.order
    const entries = offset < startOffset ? [] : this.order.from(offset, maxBytes)
    if (entries.length > 0) return entries
    const held = findRange(gone, offset)?.endOffset ?? startOffset
    throw new MillraceError('LOG_TRIMMED', { source, offset, held })
  }

  /** Those that came last may be dropped while others are fetched. */
  async #find(entries: readonly OrderEntry[]): Promise<Map<OrderEntry, EntryLines>> {
    const found = new Map<OrderEntry, EntryLines>()
    for (const entry of entries) {
      const lines = this.recent.get(entry.firstOffset)
      if (lines) found.set(entry, lines)
    }
    const fetched = await this.#fetch(entries.filter((entry) => !found.has(entry)))
    for (const [entry, lines] of fetched) found.set(entry, lines)
    return found
  }

  #batchOf(entry: OrderEntry, { bytes, context }: EntryLines): StoredBatch {
    const { firstOffset, lines, observedMs } = entry
    const place = { firstOffset, endOffset: firstOffset + lines, observedMs }
    return { ...place, bytes, ...(context !== undefined && { context }), origin: this.#originOf(entry) }
  }

  #originOf({ partition, endRecord }: OrderEntry): RecordOrigin {
    const { topicId, incarnation } = this.order
    return { topicId, incarnation, partition, endRecord }
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
      const from = this.order.held.get(partition) ?? 0
      const reader = new EntryReader(this.place, { partition, from }, wanted)
      for (const [entry, { bytes, header }] of await reader.read())
        fetched.set(entry, { bytes, context: this.contextOf(header) })
    }
    return fetched
  }
}
