/** The log on Kafka: lines of the door go to topics of their own, and topics that others fill are read as sources. */
import { join } from 'node:path'
import { acquireLock, type Release } from '../../archive/lock.ts'
import { MillraceError } from '../../core/error.ts'
import type { Clocks, KnownClock } from '../../core/observed-clock.ts'
import { IdleClocks } from '../../log/idle-clocks.ts'
import { KEY_HORIZON_MS } from '../../log/key-index.ts'
import type {
  Appended,
  KeyList,
  Log,
  LogBatch,
  LogEnd,
  LogRecords,
  LogSource,
  StoredBatch,
} from '../../ports/log.ts'
import { beginOrder, isEmptyTopic, isSameLog, meetArchive } from './begin-order.ts'
import { listLogs } from './beside-log.ts'
import { brokerFailure, lastingRefusal } from './broker-error.ts'
import { Cluster, type Topic } from './cluster.ts'
import { DoorSource } from './door-source.ts'
import { requireTopic } from './door-topic.ts'
import type { KafkaLogOptions } from './log-options.ts'
import { Order } from './order.ts'
import type { OrderedSource } from './ordered-source.ts'
import type { SourcePlace } from './source-place.ts'
import { requireTimes, TopicSource } from './topic-source.ts'

const RETRY_MS = 1000
const WATCH_MS = 5000
const realClocks: Clocks = { now: Date.now, steady: () => performance.now() }

export class KafkaLog implements Log {
  readonly #options: KafkaLogOptions
  readonly #cluster: Cluster
  readonly #release: Release
  readonly #sources = new Map<string, OrderedSource>()
  readonly #opening = new Map<string, Promise<OrderedSource>>()
  readonly #idleClocks: IdleClocks
  readonly #locks = new Map<string, Release>()
  readonly #topicNames = new Map<string, string>()
  /** Where orders that are made again ended. */
  readonly #knownEnds = new Map<string, number>()
  /** By source that could not be begun: why. */
  readonly #troubles = new Map<string, Error>()
  readonly #told = new Map<string, ReadonlySet<string>>()
  readonly #stop = new AbortController()
  /** No broker answers. */
  #silence: Error | undefined
  #beginning: Promise<void> = Promise.resolve()

  private constructor(options: KafkaLogOptions, release: Release) {
    this.#options = options
    this.#cluster = new Cluster(options)
    this.#idleClocks = new IdleClocks(options.clocks ?? realClocks, (source) => this.#knownClock(source))
    this.#release = release
  }

  /** Brokers need not be there. Errors: DATA_LOCKED, LOG_DAMAGED. */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const release = await acquireLock(join(options.dataDir, 'log.lock'), 'server')
    const log = new KafkaLog(options, release)
    try {
      for (const source of await listLogs(options.dataDir)) await log.#openKnown(source)
      if (!options.isReader) log.#beginning = log.#beginTopics()
      if (!options.isReader) void log.#watchBrokers()
      return log
    } catch (error) {
      await log.close()
      throw error
    }
  }

  get failure(): Error | undefined {
    return [...this.#sources.values()].find(({ failure }) => failure)?.failure
  }

  get trouble(): Error | undefined {
    const [first] = this.#troubles.values()
    return first ?? [...this.#sources.values()].find(({ trouble }) => trouble)?.trouble ?? this.#silence
  }

  sources(): LogSource[] {
    return [...this.#sources.values()].map((source) => source.describe())
  }

  async append(source: string, batch: LogBatch): Promise<Appended> {
    const topic = this.#options.topics.get(source)?.topic
    if (topic !== undefined) throw new MillraceError('LOG_READ_ONLY', { source, topic })
    return (this.#sources.get(source) ?? (await this.#begin(source))).append(batch)
  }

  keysBelow(source: string, endOffset: number): KeyList | undefined {
    return this.#of(source).keysBelow(endOffset)
  }

  end(source: string): LogEnd {
    return this.#of(source).end()
  }

  async idleClock(source: string): Promise<number | undefined> {
    // Records that wait in a topic bear stamps of their own.
    if (this.#options.topics.has(source)) return undefined
    return this.#idleClocks.read(source, join(this.#folder(source), 'lock'))
  }

  read(source: string, fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    return this.#of(source).read(fromOffset, maxBytes)
  }

  /** Where records are gone, `sources` tells of it. */
  async confirmHeld(source: string): Promise<void> {
    const held = this.#sources.get(source)
    if (!held) return this.#confirmNothing(source)
    await held.confirmHeld()
    const place = this.#place(source)
    const isDoor = !this.#options.topics.has(source)
    if (!isDoor || (await place.archived()) >= held.describe().startOffset) return
    // An older archive was put back under this log.
    const after = await this.#options.archivedTopic?.(source)
    if (await held.holdsBefore(after))
      throw new MillraceError('LOSS_IN_TOPIC', { source, topic: place.topic })
  }

  /** Whatever lies in a topic without an order may be the lines that are missed. Errors: LOSS_WITHOUT_ORDER, LOG_BROKER_AWAY. */
  async #confirmNothing(source: string): Promise<void> {
    await this.#findTopicName(source)
    const { topic } = this.#place(source)
    const isEmpty = await this.#isEmpty(topic).catch((error) => {
      throw brokerFailure(error, this.#cluster.places, `source ${source}`)
    })
    if (!isEmpty) throw new MillraceError('LOSS_WITHOUT_ORDER', { source, topic })
  }

  async #isEmpty(topic: string): Promise<boolean> {
    const found = await this.#cluster.refresh(topic)
    return !found || isEmptyTopic(this.#cluster, topic, found)
  }

  wait(source: string, offset: number, signal: AbortSignal): Promise<void> {
    return this.#of(source).wait(offset, signal)
  }

  trim(source: string, offset: number): Promise<void> {
    return this.#of(source).trim(offset)
  }

  async distrustStamps(source: string): Promise<void> {
    const found = this.#sources.get(source)
    if (!(found instanceof TopicSource)) return
    await found.distrust().catch((error) => {
      throw brokerFailure(error, this.#cluster.places, `source ${source}`)
    })
  }

  isExpiring(source: string, fromOffset: number): boolean {
    return this.#sources.get(source)?.isExpiring(fromOffset) === true
  }

  records(source: string): LogRecords | undefined {
    return this.#sources.get(source)?.records
  }

  async close(): Promise<void> {
    this.#stop.abort()
    const closing = [...this.#sources.values()].map((source) => source.close())
    // Whatever is under way fails at once rather than after its time.
    await Promise.all([...closing, this.#beginning])
    await this.#cluster.close()
    for (const release of this.#locks.values()) await release()
    await this.#release()
  }

  #of(source: string): OrderedSource {
    const found = this.#sources.get(source)
    if (!found) throw new Error(`source ${source} has no log`)
    return found
  }

  async #openKnown(source: string): Promise<void> {
    await this.#lock(source)
    await this.#findTopicName(source)
    const order = (await Order.open(this.#folder(source)))!
    await this.#followTopic(source, order)
    // Lines that were put into the archive while no server ran come between.
    const archived = await this.#options.firstOffset(source)
    const archivedTopic = await this.#options.archivedTopic?.(source)
    // An older archive was put back, and the topic may still hold what follows it: the order is made again from both.
    const isDoor = !this.#options.topics.has(source)
    if (isDoor && archived < order.startOffset && isSameLog(order, archivedTopic)) {
      this.#knownEnds.set(source, order.endOffset)
      return order.close()
    }
    const clock = await this.#knownClock(source)
    const { repairedTo = 0 } = clock
    // The stamps of lines whose clock was repaired say nothing of the time, and only the archive knows better ones.
    const lastMs = order.endOffset <= repairedTo ? clock.lastMs : Math.max(clock.lastMs, order.lastObservedMs)
    if (archived > order.endOffset) await order.learnKeys(await this.#archivedKeys(source))
    if (archived > order.endOffset || order.startOffset < repairedTo) await order.skipTo(archived, lastMs)
    await meetArchive(order, archivedTopic)
    this.#sources.set(source, await this.#makeSource(source, order, { ...clock, lastMs }))
  }

  /** A topic of another name begins where the old one ended, once the archive has its lines. Errors: LOG_TOPIC_CHANGED. */
  async #followTopic(source: string, order: Order): Promise<void> {
    const { topic, archived } = this.#place(source)
    if (order.topic === topic) return
    if (order.startOffset < order.endOffset && order.endOffset > (await archived())) {
      await order.close()
      throw new MillraceError('LOG_TOPIC_CHANGED', { source, was: order.topic, topic })
    }
    await order.trim(order.endOffset)
    await order.moveTo(topic)
  }

  /** Topics that are read for the first time, and whose order was lost; again and again until their brokers are there. */
  async #beginTopics(): Promise<void> {
    const { signal } = this.#stop
    const { topics, doors = [] } = this.#options
    const waiting = [...topics.keys(), ...doors].filter((source) => !this.#sources.has(source))
    await Promise.all(
      waiting.map(async (source) => {
        while (!signal.aborted && !this.#sources.has(source)) {
          const isDone = await this.#beginWaiting(source).catch((error) => this.#noteWaiting(source, error))
          if (isDone) return
          await pause(RETRY_MS, signal)
        }
      }),
    )
  }

  /** That brokers are away is told once, not of each door that nobody has sent a line to. */
  #noteWaiting(source: string, error: unknown): void {
    const failure = brokerFailure(error, this.#cluster.places, `source ${source}`)
    const isTold = failure.code === 'LOG_BROKER_AWAY' && !this.#options.topics.has(source)
    if (!isTold) this.#troubles.set(source, failure)
  }

  /** A door whose topic is empty waits for its first line; there is nothing to begin then. */
  async #beginWaiting(source: string): Promise<true> {
    await this.#findTopicName(source)
    const { topic } = this.#place(source)
    const isDoor = !this.#options.topics.has(source)
    if (!isDoor || !(await this.#isEmpty(topic))) await this.#begin(source)
    return true
  }

  /** So that it is known before anybody sends a line, and while nobody does. */
  async #watchBrokers(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#silence = await this.#cluster.ask().then(
        () => undefined,
        (error) => brokerFailure(error, this.#cluster.places, 'the log'),
      )
      if (!this.#silence) for (const source of this.#sources.values()) await source.lookExpired()
      await pause(this.#silence ? RETRY_MS : WATCH_MS, signal)
    }
  }

  #begin(source: string): Promise<OrderedSource> {
    const opening =
      this.#opening.get(source) ?? this.#create(source).finally(() => this.#opening.delete(source))
    this.#opening.set(source, opening)
    return opening
  }

  async #create(source: string): Promise<OrderedSource> {
    await this.#lock(source)
    await this.#findTopicName(source)
    const place = this.#place(source)
    const clock = await this.#knownClock(source)
    const { topics, archivedTopic, countedTo } = this.#options
    try {
      const { order, isRebuilt } = await beginOrder({
        ...{ place, folder: this.#folder(source), isDoor: !topics.has(source), floorMs: clock.lastMs },
        counted: (await countedTo?.(source)) ?? 0,
        ...{ found: await this.#requireTopic(place), archivedTopic: await archivedTopic?.(source) },
        keys: await this.#archivedKeys(source),
      })
      const made = await this.#makeSource(source, order, clock)
      // Else the source would seem to end where the archive does, with a report that is ahead of it.
      if (isRebuilt) await this.#tellRebuilt(made)
      this.#sources.set(source, made)
      this.#troubles.delete(source)
      return made
    } catch (error) {
      const refused = { brokers: this.#cluster.places, source, topic: place.topic }
      const refusal = topics.has(source) ? undefined : lastingRefusal(error, refused)
      throw refusal ?? brokerFailure(error, this.#cluster.places, `source ${source}`)
    }
  }

  async #tellRebuilt(made: OrderedSource): Promise<void> {
    await made.begun().catch(async (error) => {
      await made.close()
      throw error
    })
    const { source, startOffset, endOffset } = made.describe()
    const what = `the order of its lines in Kafka was made again from the archive and the topic`
    this.#tell(source, `${what}: ${endOffset - startOffset} lines follow those of the archive`)
  }

  async #requireTopic(place: SourcePlace): Promise<Topic> {
    const { source, topic } = place
    const reading = this.#options.topics.get(source)
    if (!reading) return requireTopic(this.#cluster, topic, this.#options)
    const found = await this.#cluster.refresh(topic)
    if (!found) throw new MillraceError('LOG_TOPIC_MISSING', { topic, source, brokers: this.#cluster.places })
    await requireTimes(place, reading)
    return found
  }

  async #makeSource(source: string, order: Order, clock: KnownClock): Promise<OrderedSource> {
    const { clocks = realClocks, topics, isReader, countedTo } = this.#options
    const reading = topics.get(source)
    const place = this.#place(source)
    const counted = (await countedTo?.(source, order.incarnation)) ?? 0
    const leastEnd = Math.max(counted, this.#knownEnds.get(source) ?? 0)
    const made = reading
      ? new TopicSource(place, order, { ...reading, clocks }, clock)
      : new DoorSource(place, order, { ...this.#options, clocks, leastEnd }, clock)
    if (!isReader) made.start()
    return made
  }

  #place(source: string): SourcePlace {
    const { topics, topicPrefix } = this.#options
    const name = this.#topicNames.get(source) ?? source
    const topic = topics.get(source)?.topic ?? `${topicPrefix}${name}`
    const archived = () => this.#options.firstOffset(source)
    return { source, topic, cluster: this.#cluster, archived, tell: (message) => this.#tell(source, message) }
  }

  #tell(source: string, message: string): void {
    if (this.#told.get(source)?.has(message)) return
    this.#told.set(source, new Set([...(this.#told.get(source) ?? []), message]))
    this.#options.onNotice?.(source, message)
  }

  /** No topic can be renamed with its source. */
  async #findTopicName(source: string): Promise<void> {
    const name = await this.#options.topicName?.(source)
    if (name !== undefined) this.#topicNames.set(source, name)
  }

  async #knownClock(source: string): Promise<KnownClock> {
    return (await this.#options.knownClock?.(source)) ?? { lastMs: 0 }
  }

  async #archivedKeys(source: string): Promise<string | undefined> {
    const { clocks = realClocks, archivedKeys } = this.#options
    return archivedKeys?.(source, clocks.now() - KEY_HORIZON_MS)
  }

  #folder(source: string): string {
    return join(this.#options.dataDir, 'kafka', source)
  }

  /** Until the log is closed no file can be ingested into the source: both would give out the same offsets. */
  async #lock(source: string): Promise<void> {
    if (this.#locks.has(source)) return
    this.#locks.set(source, await acquireLock(join(this.#folder(source), 'lock'), 'server'))
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}
