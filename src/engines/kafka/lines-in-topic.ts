/** Looks for lines of a door that its topic holds and its order does not: one of an older data folder that was put back. */
import { join } from 'node:path'
import type { ArchivedTopic } from '../../core/block.ts'
import type { AdapterConfig } from '../../core/definition.ts'
import { MillraceError } from '../../core/error.ts'
import { isSameLog } from './begin-order.ts'
import { brokerFailure, errorCodeOf } from './broker-error.ts'
import { Cluster } from './cluster.ts'
import { findWritten } from './find-written.ts'
import { clientOptions } from './open-log.ts'
import { Order } from './order.ts'

export interface TopicQuery extends Pick<AdapterConfig, 'address' | 'options'> {
  readonly dataDir: string
  readonly source: string
  readonly archivedTopic: ArchivedTopic | undefined
}

/** 0 where there is no order, or the brokers are away. Nobody has the log open. Errors: LOG_DAMAGED, LOG_TOPIC_TAKEN. */
export async function linesInTopic({ dataDir, source, archivedTopic, ...log }: TopicQuery): Promise<number> {
  const order = await Order.read(join(dataDir, 'kafka', source))
  if (!order) return 0
  const positions = new Map(order.positions)
  if (isSameLog(order, archivedTopic))
    for (const [partition, record] of archivedTopic.positions)
      positions.set(partition, Math.max(record, positions.get(partition) ?? 0))
  const cluster = new Cluster(await clientOptions(log))
  try {
    const { topic } = order
    const found = await cluster.refresh(topic)
    if (found?.id !== order.topicId) return 0
    const place = { source, topic, cluster, archived: async () => 0, tell: () => undefined }
    const { held, incarnation, endOffset } = order
    const end = { positions, held, incarnation, endOffset }
    const { entries } = await findWritten(place, end, found.leaders.length)
    return entries.reduce((sum, { lines }) => sum + lines, 0)
  } catch (error) {
    if (error instanceof MillraceError || errorCodeOf(error) !== undefined)
      throw brokerFailure(error, cluster.places, `source ${source}`)
    return 0
  } finally {
    await cluster.close()
  }
}
