/** A topic beside those of sources, which another program fills for us: made, and read from a time on. */
import type { AdapterConfig } from '../../core/definition.ts'
import { brokerFailure, reasonOf } from './broker-error.ts'
import { Cluster } from './cluster.ts'
import { committedBatches } from './committed-batches.ts'
import { requireTopic } from './door-topic.ts'
import { fetchRecords, listOffset } from './fetch-records.ts'
import { clientOptions } from './open-log.ts'
import { readRecords } from './record-batch.ts'
import { unpackRecords } from './unpack-records.ts'

const FETCH_BYTES = 4 * 1024 * 1024
const WAIT_MS = 100
const RETRY_MS = 1000
const PARTITION = 0
/** What is older was read long ago, or will be made anew. */
const SETTINGS = [
  { name: 'cleanup.policy', value: 'delete' },
  { name: 'retention.ms', value: String(24 * 3_600_000) },
  { name: 'message.timestamp.type', value: 'LogAppendTime' },
]

type Brokers = Pick<AdapterConfig, 'address' | 'options'>

/** Of one partition, so that rows keep their order. Errors: LOG_BAD_SETTINGS, LOG_BROKER_AWAY. */
export async function makeSideTopic(brokers: Brokers, topic: string): Promise<void> {
  await useCluster(brokers, topic, (cluster) => requireTopic(cluster, topic, { partitions: 1 }, SETTINGS))
}

/** How many partitions the topic has; none when there is no such topic. Errors: LOG_BAD_SETTINGS, LOG_BROKER_AWAY. */
export async function countPartitions(brokers: Brokers, topic: string): Promise<number> {
  const found = await useCluster(brokers, topic, (cluster) => cluster.refresh(topic))
  return found?.leaders.length ?? 0
}

async function useCluster<Result>(
  brokers: Brokers,
  topic: string,
  use: (cluster: Cluster) => Promise<Result>,
): Promise<Result> {
  const cluster = new Cluster(await clientOptions(brokers))
  try {
    return await use(cluster)
  } catch (error) {
    throw brokerFailure(error, cluster.places, `topic ${topic}`)
  } finally {
    await cluster.close()
  }
}

export interface SideTopicReader {
  /** Values of records, some at a time; no more are read before it resolves. */
  onValues(values: readonly Buffer[]): void | Promise<void>
  /** It is tried again. */
  onTrouble(why: string): void
}

/** Reads what was appended since the time, and what comes, until told to stop. A topic that was deleted is made anew. */
export async function readSideTopic(
  brokers: Brokers,
  { topic, sinceMs }: { readonly topic: string; readonly sinceMs: number },
  reader: SideTopicReader,
  signal: AbortSignal,
): Promise<void> {
  const cluster = new Cluster(await clientOptions(brokers))
  let offset: number | undefined
  let isTroubled = false
  try {
    while (!signal.aborted) {
      try {
        if (isTroubled) await requireTopic(cluster, topic, { partitions: 1 }, SETTINGS)
        isTroubled = false
        offset ??= await firstOffset(cluster, topic, sinceMs)
        offset = await readOnce(cluster, topic, offset, reader)
      } catch (error) {
        if (signal.aborted) break
        cluster.forget(topic)
        isTroubled = true
        reader.onTrouble(reasonOf(error))
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  } finally {
    await cluster.close()
  }
}

async function firstOffset(cluster: Cluster, topic: string, sinceMs: number): Promise<number> {
  const offset = await listOffset(cluster, topic, PARTITION, sinceMs)
  return offset >= 0 ? offset : listOffset(cluster, topic, PARTITION, 'latest')
}

async function readOnce(
  cluster: Cluster,
  topic: string,
  offset: number,
  { onValues }: SideTopicReader,
): Promise<number> {
  const options = { purpose: 'side', maxBytes: FETCH_BYTES, waitMs: WAIT_MS, isCommitted: true }
  const [fetched] = await fetchRecords(cluster, topic, [{ partition: PARTITION, offset }], options)
  if (fetched?.error === 'OFFSET_OUT_OF_RANGE') return Math.max(fetched.start, 0)
  if (!fetched || fetched.error) throw new Error(fetched?.error ?? 'no answer')
  const values: Buffer[] = []
  const { batches, endRecord } = committedBatches(fetched, offset)
  for (const batch of batches)
    for (const record of readRecords(batch, unpackRecords, ''))
      if (record.offset >= offset) values.push(record.value)
  if (values.length > 0) await onValues(values)
  return endRecord
}
