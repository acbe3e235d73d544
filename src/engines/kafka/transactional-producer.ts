/** One writer of a topic's lines: a group is one transaction, and a second writer puts the first one out. */
import {
  addPartitionsToTxnV3,
  type Broker,
  type Connection,
  endTxnV3,
  initProducerIdV4,
  produceV9,
  Writer,
} from '@platformatic/kafka'
import { errorCodeOf } from './broker-error.ts'
import type { Cluster } from './cluster.ts'
import { type LineBatch, printRecordBatch } from './record-batch.ts'

const PRODUCE = 0
const PRODUCE_VERSION = 9
const ALL_REPLICAS = -1
const PRODUCE_TIMEOUT_MS = 10_000
/** A transaction that nobody ends is aborted after this. */
const TRANSACTION_MS = 60_000
/** Requests under way at a time; Kafka keeps the order of no more. */
const MOST_UNDERWAY = 5
const RETRY_MS = 10
const PATIENCE_MS = 20_000
const LARGEST_SEQUENCE = 2 ** 31
/** The coordinator finishes what was before, or is only being found. */
const RETRIED =
  /^(CONCURRENT_TRANSACTIONS|COORDINATOR_LOAD_IN_PROGRESS|COORDINATOR_NOT_AVAILABLE|NOT_COORDINATOR)$/

export class TransactionalProducer {
  readonly #cluster: Cluster
  readonly #topic: string
  #coordinator: Broker | undefined
  #producerId = -1n
  #epoch = -1
  readonly #sequences = new Map<number, number>()

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.#topic = topic
  }

  /** Puts out whoever wrote before, this one included; what was under way is aborted, unless it was committed. */
  async begin(): Promise<void> {
    this.#coordinator = undefined
    const { producerId, producerEpoch } = await this.#ask(async (broker) => {
      const connection = await this.#cluster.connection(broker, 'write')
      return initProducerIdV4.api.async(connection, this.#topic, TRANSACTION_MS, -1n, -1)
    })
    this.#producerId = producerId
    this.#epoch = producerEpoch
    this.#sequences.clear()
  }

  /**
   * Writes all or nothing, to one partition; nothing after all when it is not to be committed. Gives the offset of each batch's first record. After an error it is
   * unknown whether it is there: `begin` anew, then look.
   */
  async write(
    partition: number,
    batches: readonly LineBatch[],
    { isCommitted = true } = {},
  ): Promise<number[]> {
    await this.#ask(async (broker) => {
      const connection = await this.#cluster.connection(broker, 'write')
      const topics = [{ name: this.#topic, partitions: [partition] }]
      return addPartitionsToTxnV3.api.async(connection, [
        { transactionalId: this.#topic, ...this.#identity, verifyOnly: false, topics },
      ])
    })
    const offsets = await this.#produceAll(partition, batches)
    await this.#ask(async (broker) => {
      const connection = await this.#cluster.connection(broker, 'write')
      const { producerId, producerEpoch } = this.#identity
      return endTxnV3.api.async(connection, this.#topic, producerId, producerEpoch, isCommitted)
    })
    return offsets
  }

  get #identity() {
    return { producerId: this.#producerId, producerEpoch: this.#epoch }
  }

  async #produceAll(partition: number, batches: readonly LineBatch[]): Promise<number[]> {
    // Once for all: requests must leave in the order of their sequence numbers.
    const leader = await this.#cluster.leader(this.#topic, partition)
    const connection = await this.#cluster.connection(leader, 'write')
    const underway: Promise<number>[] = []
    for (const [index, batch] of batches.entries()) {
      if (index >= MOST_UNDERWAY) await underway[index - MOST_UNDERWAY]
      const answer = this.#produce(connection, partition, batch)
      // It is met when all are; until then nobody else may call it unhandled.
      answer.catch(() => undefined)
      underway.push(answer)
    }
    return Promise.all(underway)
  }

  #produce(connection: Connection, partition: number, batch: LineBatch): Promise<number> {
    const sequence = this.#sequences.get(partition) ?? 0
    this.#sequences.set(partition, (sequence + batch.lines) % LARGEST_SEQUENCE)
    const records = printRecordBatch(batch, { ...this.#identity, sequence })
    const print = () => printRequest(this.#topic, partition, records)
    return new Promise((resolve, reject) => {
      connection.send<produceV9.ProduceResponse>(
        ...([PRODUCE, PRODUCE_VERSION, print, produceV9.parseResponse, true, true] as const),
        (error, answer) => {
          const offset = answer?.responses[0]?.partitionResponses[0]?.baseOffset
          if (!error && offset !== undefined) resolve(Number(offset))
          else reject(error ?? new Error('the broker gave no offset'))
        },
      )
    })
  }

  /** The coordinator, again while it is busy with what was before. */
  async #ask<T>(request: (broker: Broker) => Promise<T>): Promise<T> {
    const until = performance.now() + PATIENCE_MS
    for (;;) {
      try {
        this.#coordinator ??= await this.#cluster.coordinator(this.#topic)
        return await request(this.#coordinator)
      } catch (error) {
        const code = errorCodeOf(error) ?? ''
        if (!RETRIED.test(code) || performance.now() > until) throw error
        if (code !== 'CONCURRENT_TRANSACTIONS') this.#coordinator = undefined
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

function printRequest(topic: string, partition: number, records: Buffer): Writer {
  return Writer.create()
    .appendString(topic)
    .appendInt16(ALL_REPLICAS)
    .appendInt32(PRODUCE_TIMEOUT_MS)
    .appendArray([topic], (topics, name) => {
      topics.appendString(name).appendArray([partition], (partitions, index) => {
        partitions
          .appendInt32(index)
          .appendUnsignedVarInt(records.length + 1)
          .append(records)
      })
    })
    .appendTaggedFields()
}
