/** Begins the order of a source where its archive ends; one that was lost is made again from the archive and the topic. */
import { randomBytes } from 'node:crypto'
import type { ArchivedTopic } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import type { Cluster, Topic } from './cluster.ts'
import { listOffset } from './fetch-records.ts'
import { Order } from './order.ts'
import type { SourcePlace } from './source-place.ts'

export interface OrderStart {
  readonly place: SourcePlace
  readonly folder: string
  readonly found: Topic
  /** Nobody else writes to the topic. */
  readonly isDoor: boolean
  /** What the archive has of a topic. */
  readonly archivedTopic: ArchivedTopic | undefined
  /** The offset up to which the report has counted. */
  readonly counted: number
  readonly floorMs: number
  /** Of the batches that the archive has. */
  readonly keys: string | undefined
}

export interface BegunOrder {
  readonly order: Order
  /** Some of the topic is in the archive already. */
  readonly isRebuilt: boolean
}

/** Errors: LOG_TOPIC_TAKEN, LOG_BROKER_AWAY. */
export async function beginOrder(start: OrderStart): Promise<BegunOrder> {
  const { place, folder, found, isDoor, archivedTopic, floorMs, counted, keys } = start
  const known = archivedTopic?.id === found.id ? archivedTopic : undefined
  if (!known && isDoor && !(await isEmptyTopic(place.cluster, place.topic, found)))
    throw new MillraceError('LOG_TOPIC_TAKEN', { topic: place.topic, source: place.source })
  // Records of the door tell their turns. Those of others have one order only where they have one partition; else the
  // lines that follow the archive may get other offsets than before, so this is another log.
  const isSame = known && (isDoor || found.leaders.length === 1)
  const archived = await place.archived()
  const order = await Order.create(folder, {
    ...{ topic: place.topic, topicId: found.id, floorMs, keys },
    // What comes into an empty topic follows what was counted, though that may be lost. Other topics are read again.
    firstOffset: isDoor && !known ? Math.max(archived, counted) : archived,
    incarnation: isSame ? known.incarnation : randomBytes(16).toString('hex'),
    ...(known && { positions: known.positions }),
  })
  return { order, isRebuilt: known !== undefined }
}

/** An order that is older than the archive goes on where that ends, as after a data folder was put back. */
export async function meetArchive(order: Order, archivedTopic: ArchivedTopic | undefined): Promise<void> {
  if (isSameLog(order, archivedTopic)) await order.notePositions(new Map(archivedTopic.positions))
}

/** The archive has lines of this log, and knows which records of its topic follow them. */
export function isSameLog(order: Order, archived: ArchivedTopic | undefined): archived is ArchivedTopic {
  return archived?.id === order.topicId && archived.incarnation === order.incarnation
}

/** Nothing was ever added to it. */
export async function isEmptyTopic(cluster: Cluster, topic: string, { leaders }: Topic): Promise<boolean> {
  for (let partition = 0; partition < leaders.length; partition++)
    if ((await listOffset(cluster, topic, partition, 'latest')) > 0) return false
  return true
}
