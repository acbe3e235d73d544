/** What tests do with Kafka beside the product, by the client's own high-level classes. */
import { Admin, Producer, type ProducerOptions } from '@platformatic/kafka'
import { Cluster } from '../../src/engines/kafka/cluster.ts'
import { deleteRecords } from '../../src/engines/kafka/door-topic.ts'
import type { KafkaAddress } from './cluster-addresses.ts'

export function brokersOf({ brokers }: KafkaAddress): { host: string; port: number }[] {
  return brokers.split(',').map((place) => {
    const [host = '', port = ''] = place.split(':')
    return { host, port: Number(port) }
  })
}

export async function withAdmin<T>(address: KafkaAddress, act: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokersOf(address) })
  try {
    return await act(admin)
  } finally {
    await admin.close()
  }
}

export function makeTopic(
  address: KafkaAddress,
  topic: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const configs = Object.entries(settings).map(([name, value]) => ({ name, value }))
  return withAdmin(address, (admin) =>
    admin.createTopics({ topics: [topic], partitions, replicas: 1, configs }),
  )
}

export async function withProducer<T>(
  address: KafkaAddress,
  act: (producer: Producer) => Promise<T>,
  options: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>> = {},
): Promise<T> {
  const producer = new Producer({ clientId: 'test', bootstrapBrokers: brokersOf(address), ...options })
  try {
    return await act(producer)
  } finally {
    await producer.close()
  }
}

/** Each value is a record of its own. */
export async function produce(
  address: KafkaAddress,
  topic: string,
  partition: number,
  values: readonly (string | Buffer | null)[],
): Promise<void> {
  const messages = values.map((value) => ({
    topic,
    partition,
    value: (value === null ? null : Buffer.from(value)) as Buffer,
  }))
  await withProducer(address, (producer) => producer.send({ messages, acks: -1 }))
}

/** As retention would: records of the partition before `record`; all that are there when it is absent. */
export async function expire(
  address: KafkaAddress,
  topic: string,
  partition = 0,
  record = -1,
): Promise<void> {
  const cluster = new Cluster({ brokers: brokersOf(address) })
  await deleteRecords(cluster, topic, partition, record).finally(() => cluster.close())
}
