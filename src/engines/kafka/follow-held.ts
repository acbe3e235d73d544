/** Makes an order follow what its topic really holds: brokers delete records by age and size, and lose some with a drive. */
import { MillraceError } from '../../core/error.ts'
import { listOffset } from './fetch-records.ts'
import type { Order } from './order.ts'
import type { SourcePlace } from './source-place.ts'

/** The topic may be another one only once the archive has all lines of the one before. Errors: LOG_TOPIC_REPLACED. */
export async function requireSame(
  { topic, source, archived }: SourcePlace,
  order: Order,
  topicId: string,
): Promise<void> {
  if (topicId === order.topicId) return
  const ends = new Map([...order.positions.keys()].map((partition) => [partition, 0]))
  await order.noteHeld(new Map(), ends)
  if (order.endOfCut(ends) > (await archived()))
    throw new MillraceError('LOG_TOPIC_REPLACED', { topic, source })
  await order.trim(order.endOffset)
  await order.moveTo(topic, topicId)
}

/** Lines that the archive has are not needed here. Errors: LOG_RECORDS_GONE where those at the end are. */
export async function followHeld(
  { cluster, topic, source, archived }: SourcePlace,
  order: Order,
  partitions: number,
): Promise<void> {
  const [held, ends] = [new Map<number, number>(), new Map<number, number>()]
  for (let partition = 0; partition < partitions; partition++) {
    held.set(partition, await listOffset(cluster, topic, partition, 'earliest'))
    const known = order.positions.get(partition) ?? 0
    const end = known > 0 ? await listOffset(cluster, topic, partition, 'latest') : 0
    if (end < known) ends.set(partition, end)
  }
  await order.noteHeld(held, ends)
  for (const [partition, record] of ends)
    if (order.endOfCut(ends) > (await archived()))
      throw new MillraceError('LOG_RECORDS_GONE', { source, topic, partition, record })
  if (ends.size > 0) await order.cut(ends)
}
