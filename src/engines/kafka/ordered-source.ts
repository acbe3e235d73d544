/** A source whose lines lie in a topic: what reading it is like, whoever gives the order. */
import { MillraceError } from '../../core/error.ts'
import { findRange } from '../../core/lost-lines.ts'
import type {
  Appended,
  LogBatch,
  LogEnd,
  LogRecords,
  LogSource,
  RecordOrigin,
  StoredBatch,
} from '../../ports/log.ts'
import { brokerFailure } from './broker-error.ts'
import { EntryReader } from './entry-reader.ts'
import { followHeld, requireSame } from './follow-held.ts'
import type { Order, OrderEntry } from './order.ts'
import { type EntryLines, RecentLines } from './recent-lines.ts'
import type { SourcePlace } from './source-place.ts'

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

  get records(): LogRecords {
    const { order } = this
    return {
      topic: order.topic,
      runs: (fromOffset, maxBytes) => (order.endOffset > fromOffset ? order.from(fromOffset, maxBytes) : []),
      positions: () => order.positions,
    }
  }

  async read(fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    try {
      return await this.#read(fromOffset, maxBytes)
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'LOG_RECORDS_GONE') throw error
      // The brokers may have given them up by themselves; what they have now is read.
      await this.lookHeld()
      return this.#read(fromOffset, maxBytes)
    }
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

  async #read(fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    const { startOffset: held, endOffset } = this.order
    if (fromOffset >= endOffset) return []
    const { source } = this.place
    if (fromOffset < held) throw new MillraceError('LOG_TRIMMED', { source, offset: fromOffset, held })
    const entries = this.order.from(fromOffset, maxBytes)
    if (entries.length === 0) throw this.#trimmed(fromOffset)
    // They may be dropped while others are fetched.
    const recent = new Map(entries.map((entry) => [entry, this.recent.get(entry.firstOffset)]))
    const fetched = await this.#fetch(entries.filter((entry) => !recent.get(entry)))
    return entries.map((entry) => {
      const { firstOffset, lines, observedMs } = entry
      const { bytes, context } = recent.get(entry) ?? fetched.get(entry)!
      const place = { firstOffset, endOffset: firstOffset + lines, observedMs }
      return { ...place, bytes, ...(context !== undefined && { context }), origin: this.#originOf(entry) }
    })
  }

  #originOf({ partition, endRecord }: OrderEntry): RecordOrigin {
    const { topicId, incarnation } = this.order
    return { topicId, incarnation, partition, endRecord }
  }

  #trimmed(offset: number): MillraceError {
    const held = findRange(this.order.gone, offset)?.endOffset ?? this.order.startOffset
    return new MillraceError('LOG_TRIMMED', { source: this.place.source, offset, held })
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
