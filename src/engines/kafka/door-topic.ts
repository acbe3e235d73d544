/** The topic of the door's own lines: made as declared, and looked at before it is used. */
import { createTopicsV7, deleteRecordsV2, describeConfigsV4 } from '@platformatic/kafka'
import { errorCodeOf } from './broker-error.ts'
import type { Cluster, Topic } from './cluster.ts'

export interface TopicSettings {
  readonly partitions: number
  /** Copies of each record; as the brokers are set when absent. */
  readonly replication?: number
}

/** As Kafka numbers kinds of resources. */
const TOPIC = 2 as const
/** Of a batch of records; what Kafka takes where nothing is set is too little for long lines. */
const MESSAGE_BYTES = 8 * 1024 * 1024
const DEFAULT_MESSAGE_BYTES = 1_048_588
const TIMEOUT_MS = 10_000
const WAIT_MS = 100
const ATTEMPTS = 50

/** Lines are given up by who made them, never by age: `retention` is for ever. */
const SETTINGS = [
  { name: 'cleanup.policy', value: 'delete' },
  { name: 'retention.ms', value: '-1' },
  { name: 'retention.bytes', value: '-1' },
  { name: 'message.timestamp.type', value: 'CreateTime' },
  { name: 'max.message.bytes', value: String(MESSAGE_BYTES) },
]

/** Finds the topic, or makes it. */
export async function requireTopic(
  cluster: Cluster,
  name: string,
  settings: TopicSettings,
  configs: TopicConfigs = SETTINGS,
): Promise<Topic> {
  const found = await cluster.refresh(name)
  if (!found) await createTopic(cluster, name, settings, configs)
  // A topic that was just made has no leaders for a moment.
  for (let attempt = 0; ; attempt++) {
    const topic = await cluster.refresh(name)
    if (topic && topic.leaders.length > 0 && topic.leaders.every(Boolean)) return topic
    if (attempt >= ATTEMPTS) throw new Error(`topic ${name} has partitions without a leader`)
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
  }
}

export type TopicConfigs = readonly { readonly name: string; readonly value: string }[]

async function createTopic(
  cluster: Cluster,
  name: string,
  { partitions, replication = -1 }: TopicSettings,
  configs: TopicConfigs,
) {
  const topic = {
    ...{ name, numPartitions: partitions, replicationFactor: replication, assignments: [] },
    configs: [...configs],
  }
  await createTopicsV7.api.async(await cluster.anyConnection(), [topic], TIMEOUT_MS, false).catch((error) => {
    if (errorCodeOf(error) !== 'TOPIC_ALREADY_EXISTS') throw error
  })
}

/** Settings of the topic; without those that we may not know. */
export async function topicSettings(
  cluster: Cluster,
  topic: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const resource = { resourceType: TOPIC, resourceName: topic, configurationKeys: [...names] }
  const answer = await describeConfigsV4.api
    .async(await cluster.anyConnection(), [resource], false, false)
    .catch((error) => {
      if (/AUTHORIZATION/.test(errorCodeOf(error) ?? '')) return undefined
      throw error
    })
  const configs = answer?.results[0]?.configs ?? []
  return new Map(configs.flatMap(({ name, value }) => (value == null ? [] : [[name, value]])))
}

export async function topicSetting(
  cluster: Cluster,
  topic: string,
  name: string,
): Promise<string | undefined> {
  return (await topicSettings(cluster, topic, [name])).get(name)
}

/** The largest batch of records that the topic takes. */
export async function mostMessageBytes(cluster: Cluster, topic: string): Promise<number> {
  return Number((await topicSetting(cluster, topic, 'max.message.bytes')) ?? DEFAULT_MESSAGE_BYTES)
}

/** Gives up the records of a partition below this one. */
export async function deleteRecords(
  cluster: Cluster,
  topic: string,
  partition: number,
  record: number,
): Promise<void> {
  const connection = await cluster.connection(await cluster.leader(topic, partition), 'ask')
  const partitions = [{ partitionIndex: partition, offset: BigInt(record) }]
  await deleteRecordsV2.api.async(connection, [{ name: topic, partitions }], TIMEOUT_MS)
}
