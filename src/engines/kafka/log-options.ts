/** What a log on Kafka is opened with. */
import type { ArchivedTopic } from '../../core/block.ts'
import type { Clocks, KnownClock } from '../../core/observed-clock.ts'
import type { ClusterOptions } from './cluster.ts'
import type { TopicSettings } from './door-topic.ts'
import type { TopicSourceSettings } from './topic-source.ts'

export interface ReadTopic extends Pick<TopicSourceSettings, 'start' | 'observed' | 'context'> {
  readonly topic: string
}

export interface KafkaLogOptions extends ClusterOptions, TopicSettings {
  /** The order of each source's lines lies in `<dataDir>/kafka/<source>`. */
  readonly dataDir: string
  readonly topicPrefix: string
  readonly retentionMs: number
  /** Sources that are read from topics which others fill. */
  readonly topics: ReadonlyMap<string, ReadTopic>
  /** Sources that take their lines from the door. */
  readonly doors?: readonly string[]
  firstOffset(source: string): Promise<number>
  /**
   * The offset up to which the report has counted: a door's new log begins no earlier. Where a log is named, 0 if the
   * report knows another: this one ends no earlier.
   */
  countedTo?(source: string, log?: string): Promise<number>
  /** Which records the archive has of a topic, so that an order that was lost can be made again. */
  archivedTopic?(source: string): Promise<ArchivedTopic | undefined>
  /** Hears of what people should know, though nothing has failed. */
  onNotice?(source: string, message: string): void
  knownClock?(source: string): Promise<KnownClock>
  /** Under which name the topic of the door was made; the source's own when undefined. */
  topicName?(source: string): Promise<string | undefined>
  /** The keys of archived batches, for an order that does not know these; none where all were observed before `sinceMs`. */
  archivedKeys?(source: string, sinceMs: number): Promise<string | undefined>
  /** What has a place in the order is read; nothing is added, and no other writer is put out. */
  readonly isReader?: boolean
  /** For tests. */
  readonly clocks?: Clocks
}
