/** The lines of a topic that others fill: its partitions are merged into one order, which is kept. */

import { setTimeout as sleep } from 'node:timers/promises'
import { appendAll } from '../../core/append-all.ts'
import { MillraceError } from '../../core/error.ts'
import { CLOCK_LIMIT_MS, type Clocks, type KnownClock, ObservedClock } from '../../core/observed-clock.ts'
import { formatInstant } from '../../core/timestamp.ts'
import type { Appended, LogEnd } from '../../ports/log.ts'
import { brokerFailure, reasonOf } from './broker-error.ts'
import { HEADER } from './door-header.ts'
import { topicSetting } from './door-topic.ts'
import { listOffset } from './fetch-records.ts'
import { followHeld, requireSame } from './follow-held.ts'
import type { NewEntry, Order } from './order.ts'
import { OrderedSource } from './ordered-source.ts'
import { type MergedBatch, PartitionMerge } from './partition-merge.ts'
import { ATTRIBUTES, readRecords } from './record-batch.ts'
import { countLines, linesOf } from './record-lines.ts'
import type { SourcePlace } from './source-place.ts'
import { checkKeeping } from './topic-keeping.ts'
import { unpackRecords } from './unpack-records.ts'

export interface TopicSourceSettings {
  /** Where a partition begins that the order does not know. */
  readonly start: 'earliest' | 'latest'
  /** `topic`: by the broker's stamp of a record. `read`: when the record is read. */
  readonly observed: 'topic' | 'read'
  /** Of all lines: others' records say nothing of it. */
  readonly context?: string
  readonly clocks: Clocks
}

interface Counted {
  readonly entry: NewEntry
  readonly text: Buffer
}

const RETRY_MS = 1000
/** New partitions are looked for this often. */
const LOOK_MS = 5000
/** Beyond this the archive must catch up first, so that the order fits in memory. */
const MOST_ENTRIES = 200_000
const PAUSE_MS = 250
/** By how much a broker's clock may lag behind ours. */
const CLOCK_MARGIN_MS = 1000

export class TopicSource extends OrderedSource {
  readonly #settings: TopicSourceSettings
  readonly #clock: ObservedClock
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  /** Every line that has no place yet is observed at this time or later. */
  #promisedMs: number
  /** The latest stamp that was given, perhaps to lines that nobody sees yet. */
  #lastMs: number
  #trouble: Error | undefined
  #tellBegun: () => void = () => undefined
  readonly #begun = new Promise<void>((resolve) => {
    this.#tellBegun = resolve
  })

  constructor(place: SourcePlace, order: Order, settings: TopicSourceSettings, clock: KnownClock) {
    super(place, order)
    this.#settings = settings
    this.#promisedMs = clock.lastMs
    this.#lastMs = this.#promisedMs
    this.#clock = new ObservedClock(settings.clocks, { source: place.source, ...clock })
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Or as much as the archive must take first. */
  begun(): Promise<void> {
    return this.#begun
  }

  get trouble(): Error | undefined {
    return this.#trouble
  }

  end(): LogEnd {
    return { endOffset: this.order.endOffset, clockMs: this.#promisedMs }
  }

  /** Of the records that stand there now. */
  async distrust(): Promise<void> {
    if (this.#settings.observed === 'read') return
    const { cluster, topic } = this.place
    const ends = new Map<number, number>()
    for (let partition = await this.#look(); partition-- > 0; )
      ends.set(partition, await listOffset(cluster, topic, partition, 'latest'))
    await this.order.distrust(ends)
  }

  append(): Promise<Appended> {
    const { source, topic } = this.place
    return Promise.reject(new MillraceError('LOG_READ_ONLY', { source, topic }))
  }

  protected contextOf(): string | undefined {
    return this.#settings.context
  }

  protected async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
    this.#tellBegun()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        const { cluster, source, topic } = this.place
        cluster.forget(topic)
        // What was to be read next has expired, and where it goes on is found at once.
        if (reasonOf(error) === 'OFFSET_OUT_OF_RANGE') continue
        this.#trouble = brokerFailure(error, cluster.places, `source ${source}`)
        await pause(RETRY_MS, signal)
      }
    }
  }

  /** Until something goes wrong. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { cluster, topic } = this.place
    const partitions = await this.#look()
    await checkKeeping(this.place, false)
    await followHeld(this.place, this.order, partitions)
    const merge = new PartitionMerge(cluster, topic)
    for (let partition = 0; partition < partitions; partition++)
      merge.add(partition, await this.#startOf(partition))
    await this.order.notePositions(merge.positions)
    let lookedMs = performance.now()
    while (!signal.aborted) {
      if (performance.now() - lookedMs > LOOK_MS) {
        const found = await this.#look()
        for (let partition = merge.partitions; partition < found; partition++)
          merge.add(partition, await this.#startOf(partition, 'earliest'))
        lookedMs = performance.now()
      }
      if (this.order.entries.length <= MOST_ENTRIES) await this.#step(merge)
      else {
        this.#tellBegun()
        await pause(PAUSE_MS, signal)
      }
    }
  }

  async #step(merge: PartitionMerge): Promise<void> {
    // Whatever the brokers' clocks say: how far windows are final follows this machine's.
    const beganMs = this.#clock.read()
    const { batches, isDrained } = await merge.next()
    const { counted, fault } = this.#countAll(batches)
    if (counted.length > 0) {
      const placed = await this.order.add(
        counted.map(({ entry }) => entry),
        () => [],
      )
      for (const [index, { firstOffset }] of placed.entries())
        this.recent.add(firstOffset, { bytes: counted[index]!.text, context: this.contextOf() })
      this.tell()
    }
    if (fault) throw fault
    // Markers and aborted records have no place, and are not missed when they are gone.
    if (isDrained) {
      await this.order.notePositions(merge.positions)
      this.#tellBegun()
    }
    this.#promise(isDrained ? beganMs - CLOCK_MARGIN_MS : 0)
    this.#trouble = undefined
    this.tell()
  }

  /** Up to the first that cannot be taken. */
  #countAll(batches: readonly MergedBatch[]): { counted: Counted[]; fault?: unknown } {
    const counted: Counted[] = []
    for (const batch of batches) {
      try {
        const one = this.#count(batch)
        if (one.entry.lines > 0) counted.push(one)
      } catch (fault) {
        return { counted, fault }
      }
    }
    return { counted }
  }

  #count({ partition, batch, fromRecord }: MergedBatch): Counted {
    const parts: Buffer[] = []
    let lines = 0
    for (const { offset, value } of readRecords(batch, unpackRecords, HEADER)) {
      if (offset < fromRecord) continue
      appendAll(parts, linesOf(value))
      lines += countLines(value)
    }
    const text = Buffer.concat(parts)
    const firstRecord = Math.max(batch.firstOffset, fromRecord)
    const entry = { partition, firstRecord, endRecord: batch.endOffset, lines, bytes: text.length }
    return { entry: { ...entry, observedMs: this.#observed(batch, partition) }, text }
  }

  /** Never before the clock that was promised, should the brokers' clocks differ by more than the margin. */
  #observed({ attributes, maxTimestampMs, firstOffset }: MergedBatch['batch'], partition: number): number {
    const isStamped = this.#settings.observed === 'topic' && (attributes & ATTRIBUTES.logAppendTime) !== 0
    if (!isStamped && this.#settings.observed === 'topic') throw this.#timesError('CreateTime')
    const isDistrusted = firstOffset < (this.order.distrusted.get(partition) ?? 0)
    const isBelieved = isStamped && !(isDistrusted && this.#isAhead(maxTimestampMs))
    if (isBelieved) this.#requireCredible(maxTimestampMs)
    this.#lastMs = Math.max(this.#lastMs, isBelieved ? maxTimestampMs : this.#clock.read())
    return this.#lastMs
  }

  #isAhead(stampMs: number): boolean {
    return stampMs - this.#settings.clocks.now() > CLOCK_LIMIT_MS
  }

  /** One record that the brokers stamped ahead of time would make all that follow late. Errors: LOG_CLOCK_BROKER. */
  #requireCredible(stampMs: number): void {
    if (!this.#isAhead(stampMs)) return
    const { source, topic } = this.place
    throw new MillraceError('LOG_CLOCK_BROKER', { source, topic, stamp: formatInstant(stampMs) })
  }

  /** Only once all that was stamped has its place. */
  #promise(clockMs: number): void {
    const nowMs = this.#settings.observed === 'read' ? this.#clock.look() : clockMs
    this.#lastMs = Math.max(this.#lastMs, nowMs)
    this.#promisedMs = this.#lastMs
  }

  /** Gives the number of partitions. Errors: LOG_TOPIC_*. */
  async #look(): Promise<number> {
    const { cluster, topic, source } = this.place
    const found = await cluster.refresh(topic)
    if (!found) throw new MillraceError('LOG_TOPIC_MISSING', { topic, source, brokers: cluster.places })
    await requireSame(this.place, this.order, found.id)
    await requireTimes(this.place, this.#settings)
    return found.leaders.length
  }

  /** Records that the brokers gave up before anybody read them are lines too, which are gone. */
  async #startOf(partition: number, start = this.#settings.start): Promise<number> {
    const { cluster, topic } = this.place
    const known = this.order.positions.get(partition)
    if (known === undefined) return listOffset(cluster, topic, partition, start)
    const held = this.order.held.get(partition) ?? 0
    if (held <= known) return known
    const lines = held - known
    const unread = { partition, firstRecord: known, endRecord: held, lines, bytes: lines }
    await this.order.add([{ ...unread, observedMs: this.#lastMs }], () => [])
    this.tell()
    return held
  }

  #timesError(type: string): MillraceError {
    const { topic, source } = this.place
    return new MillraceError('LOG_TOPIC_TIMES', { topic, source, type })
  }
}

/** Errors: LOG_TOPIC_TIMES. */
export async function requireTimes(
  { cluster, topic, source }: SourcePlace,
  { observed }: Pick<TopicSourceSettings, 'observed'>,
): Promise<void> {
  if (observed === 'read') return
  const type = (await topicSetting(cluster, topic, 'message.timestamp.type')) ?? 'LogAppendTime'
  if (type !== 'LogAppendTime') throw new MillraceError('LOG_TOPIC_TIMES', { topic, source, type })
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
