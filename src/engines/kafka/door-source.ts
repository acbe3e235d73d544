/** The lines that the door takes for a source, in a topic of their own: a group that waits together is a transaction. */
import { MillraceError } from '../../core/error.ts'
import { type Clocks, type KnownClock, ObservedClock } from '../../core/observed-clock.ts'
import type { Appended, LogBatch, LogEnd } from '../../ports/log.ts'
import { brokerFailure, errorCodeOf, lastingRefusal } from './broker-error.ts'
import { type CutGroup, cutGroup, type GroupMember } from './cut-group.ts'
import { parseHeader } from './door-header.ts'
import { deleteRecords, mostMessageBytes, requireTopic, type TopicSettings } from './door-topic.ts'
import { findWritten, gapOf } from './find-written.ts'
import type { NewEntry, NewKey, Order, OrderEntry } from './order.ts'
import { OrderedSource } from './ordered-source.ts'
import type { SourcePlace } from './source-place.ts'
import { checkKeeping } from './topic-keeping.ts'
import { TransactionalProducer } from './transactional-producer.ts'

const GROUP_BYTES = 8 * 1024 * 1024
const RETRY_MS = 1000
/** For so long after a failure nobody else need find out that the brokers are away. */
const QUIET_MS = 250
/** Another writer began, or the coordinator took us for dead. */
const FENCED = /^(PRODUCER_FENCED|INVALID_PRODUCER_EPOCH|INVALID_PRODUCER_ID_MAPPING|FENCED_INSTANCE_ID)$/

export interface DoorSettings extends TopicSettings {
  /** For how long records stay in the topic that archive and report have. */
  readonly retentionMs: number
  readonly clocks: Clocks
  /** Lines below it were counted: what the topic has no longer of these is missing, and their offsets are given to no others. */
  readonly leastEnd: number
}

interface Waiting extends GroupMember {
  resolve(appended: Appended): void
  reject(error: unknown): void
}

interface Trimmed {
  readonly atMs: number
  readonly partition: number
  readonly record: number
}

export class DoorSource extends OrderedSource {
  readonly #settings: DoorSettings
  readonly #producer: TransactionalProducer
  readonly #clock: ObservedClock
  readonly #underway = new Map<string, Promise<Appended>>()
  #queue: Waiting[] = []
  #draining: Promise<void> | undefined
  #preparing: Promise<void> | undefined
  #isReady = false
  #isClosed = false
  #trouble: Error | undefined
  #failure: Error | undefined
  #retry: NodeJS.Timeout | undefined
  #quietUntil = 0
  #groupMs: number | undefined
  #partitions = 1
  #mostBytes = 0
  #turn = 0
  #trimmed: Trimmed[] = []

  constructor(place: SourcePlace, order: Order, settings: DoorSettings, clock: KnownClock) {
    super(place, order)
    this.#settings = settings
    this.#producer = new TransactionalProducer(place.cluster, place.topic)
    this.#clock = new ObservedClock(settings.clocks, { source: place.source, ...clock })
  }

  start(): void {
    // What was committed when the last process died gets its place without anybody asking.
    void this.#prepare().catch(() => undefined)
  }

  begun(): Promise<void> {
    return this.#prepare()
  }

  override get failure(): Error | undefined {
    return this.#failure ?? this.order.failure
  }

  get trouble(): Error | undefined {
    return this.#trouble ?? this.#clock.trouble
  }

  end(): LogEnd {
    // Until the topic was looked at it may hold lines that were stamped since the last one that is known.
    const clockMs = this.#isReady ? (this.#groupMs ?? this.#clock.look()) : this.order.lastObservedMs
    return { endOffset: this.order.endOffset, clockMs }
  }

  async append(batch: LogBatch): Promise<Appended> {
    const { idempotency } = batch
    if (!idempotency) return this.#enqueue(batch)
    // A batch that was committed by a process that died may not be known yet.
    await this.#prepare()
    const known = this.order.keys.find(idempotency, this.#clock.read())
    if (known) return known
    const name = JSON.stringify([idempotency.scope, idempotency.key])
    const underway = this.#underway.get(name)
    if (underway) {
      await underway
      return this.append(batch)
    }
    const appended = this.#enqueue(batch)
    this.#underway.set(name, appended)
    return appended.finally(() => this.#underway.delete(name))
  }

  override async trim(offset: number): Promise<void> {
    await super.trim(offset)
    const atMs = this.#settings.clocks.now()
    for (const [partition, end] of this.order.positions) {
      const kept = this.order.entries.find((entry) => entry.partition === partition)
      const record = kept?.firstRecord ?? end
      if ((this.#trimmed.findLast((one) => one.partition === partition)?.record ?? 0) < record)
        this.#trimmed.push({ atMs, partition, record })
    }
    await this.#deleteOld(atMs - this.#settings.retentionMs)
  }

  protected contextOf(header: Buffer | undefined): string | undefined {
    return parseHeader(header)?.context
  }

  protected async stop(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    await this.#preparing?.catch(() => undefined)
    await this.#draining
  }

  #enqueue(batch: LogBatch): Promise<Appended> {
    const bytes = batch.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const done = new Promise<Appended>((resolve, reject) => {
      this.#queue.push({ batch, bytes, resolve, reject })
    })
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined
    })
    return done
  }

  async #drain(): Promise<void> {
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#prepare()
        await this.#writeGroup(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
      this.tell()
    }
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && (count === 0 || bytes < GROUP_BYTES))
      bytes += this.#queue[count++]!.bytes
    return this.#queue.splice(0, count)
  }

  async #writeGroup(waiting: readonly Waiting[]): Promise<void> {
    const observedMs = this.#clock.read()
    const { incarnation, endOffset: firstOffset } = this.order
    const cut = cutGroup(waiting, { observedMs, incarnation, firstOffset, mostBytes: this.#mostBytes })
    for (const { reject } of cut.tooLong) reject(this.#tooLong())
    if (cut.batches.length === 0) return
    const partition = this.#turn++ % this.#partitions
    this.#groupMs = observedMs
    let placed: OrderEntry[]
    try {
      const records = await this.#producer.write(partition, cut.batches)
      placed = await this.order.add(entriesOf(cut, partition, records, observedMs), (entries) =>
        keysOfGroup(cut, entries[0]!.firstOffset, observedMs),
      )
    } catch (error) {
      throw this.#lose(error)
    }
    this.#groupMs = undefined
    for (const [index, { firstOffset }] of placed.entries()) {
      const { text: bytes, context } = cut.batches[index]!
      this.recent.add(firstOffset, { bytes, context })
    }
    for (const { member, line } of cut.members) {
      const firstOffset = placed[0]!.firstOffset + line
      const endOffset = firstOffset + member.batch.lines
      member.resolve({ firstOffset, endOffset, observedMs, isDuplicate: false })
    }
  }

  /** Takes over the topic and gives a place to what stands in it without one. Errors: LOG_*. */
  async #prepare(): Promise<void> {
    if (this.failure) throw this.failure
    if (this.#isReady) return
    if (this.#trouble && performance.now() < this.#quietUntil) throw this.#trouble
    this.#preparing ??= this.#takeOver().finally(() => {
      this.#preparing = undefined
    })
    await this.#preparing
  }

  async #takeOver(): Promise<void> {
    const { cluster, topic } = this.place
    try {
      if (this.#isClosed) throw new Error('the log is closed')
      const { leaders } = await requireTopic(cluster, topic, this.#settings)
      await checkKeeping(this.place, true)
      await this.lookHeld()
      this.#mostBytes = await mostMessageBytes(cluster, topic)
      await this.#producer.begin()
      const { entries, keysOf } = await findWritten(this.place, this.order, leaders.length)
      if (entries.length > 0) await this.order.add(entries, keysOf)
      const { endOffset, lastObservedMs } = this.order
      const missing = this.#settings.leastEnd - endOffset
      if (missing > 0) await this.order.add([gapOf(missing, lastObservedMs)], () => [])
      this.#partitions = leaders.length
      this.#groupMs = undefined
      this.#trouble = undefined
      this.#isReady = true
      this.tell()
    } catch (error) {
      throw this.#lose(error)
    }
  }

  /** Whether the last group is there is unknown until the topic was taken over again. */
  #lose(error: unknown): Error {
    this.#isReady = false
    this.place.cluster.forget(this.place.topic)
    if (error instanceof MillraceError && error.code === 'LOG_TOPIC_TAKEN') {
      this.#failure = error
      return error
    }
    this.#trouble = this.#refusal(error)
    this.#quietUntil = performance.now() + QUIET_MS
    if (!this.#isClosed) {
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => void this.#prepare().catch(() => undefined), RETRY_MS).unref()
    }
    return this.#trouble
  }

  /** Brokers that answer, and do not take what we write. */
  #refusal(error: unknown): MillraceError {
    const { cluster, source, topic } = this.place
    const code = errorCodeOf(error) ?? ''
    if (FENCED.test(code)) return new MillraceError('LOG_TOPIC_FENCED', { topic, source }, { cause: error })
    // Records without a key.
    if (code === 'INVALID_RECORD')
      return new MillraceError('LOG_TOPIC_COMPACTED', { topic, source, policy: 'compact' }, { cause: error })
    return (
      lastingRefusal(error, { brokers: cluster.places, source, topic }) ??
      brokerFailure(error, cluster.places, `source ${source}`)
    )
  }

  #tooLong(): MillraceError {
    const { source, topic } = this.place
    return new MillraceError('LOG_LINE_TOO_LONG', { source, topic, most: this.#mostBytes })
  }

  /** Records that nobody needs may stay for a while after a failure; another trim tries again. */
  async #deleteOld(beforeMs: number): Promise<void> {
    const { cluster, topic } = this.place
    const due = this.#trimmed.filter(({ atMs }) => atMs <= beforeMs)
    const last = new Map(due.map(({ partition, record }) => [partition, record]))
    try {
      for (const [partition, record] of last) await deleteRecords(cluster, topic, partition, record)
      this.#trimmed = this.#trimmed.filter(({ atMs }) => atMs > beforeMs)
    } catch (error) {
      if (errorCodeOf(error) === undefined && this.#isReady) return
      cluster.forget(topic)
    }
  }
}

function entriesOf(
  cut: CutGroup,
  partition: number,
  records: readonly number[],
  observedMs: number,
): NewEntry[] {
  return cut.batches.map(({ lines, text }, index) => {
    const firstRecord = records[index]!
    return { partition, firstRecord, endRecord: firstRecord + lines, lines, observedMs, bytes: text.length }
  })
}

function keysOfGroup(cut: CutGroup, firstOffset: number, observedMs: number): NewKey[] {
  return cut.members.flatMap(({ member, line }): NewKey[] => {
    const { idempotency: key, lines } = member.batch
    const offsets = { firstOffset: firstOffset + line, endOffset: firstOffset + line + lines }
    return key ? [{ key, appended: { ...offsets, observedMs, isDuplicate: false } }] : []
  })
}
