/** Fetches record batches of partitions as bytes; the client's own reader would make an object of each record. */
import { fetchV12, listOffsetsV7, type Reader } from '@platformatic/kafka'
import { errorCodeOf, nameOfCode } from './broker-error.ts'
import type { Cluster } from './cluster.ts'

export interface FetchPlace {
  readonly partition: number
  readonly offset: number
}

export interface FetchOptions {
  readonly purpose: string
  readonly maxBytes: number
  /** How long a broker waits when there is nothing. */
  readonly waitMs: number
  /** Up to the first transaction that is open, and with the aborted ones named. */
  readonly isCommitted: boolean
}

export interface Fetched {
  readonly partition: number
  /** Kafka's name of an error. */
  readonly error: string | undefined
  /** How far a reader may come at this moment. */
  readonly end: number
  readonly start: number
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: number }[]
  readonly bytes: Buffer
}

const FETCH = 1
const VERSION = 12
const EARLIEST = -2n
const LATEST = -1n
const ATTEMPTS = 50
const RETRY_MS = 100
const UNSETTLED = /^(NOT_LEADER_OR_FOLLOWER|LEADER_NOT_AVAILABLE|UNKNOWN_TOPIC_OR_PARTITION)$/

/** All places must be of partitions that one broker leads. */
export async function fetchRecords(
  cluster: Cluster,
  topic: string,
  places: readonly FetchPlace[],
  { purpose, maxBytes, waitMs, isCommitted }: FetchOptions,
): Promise<Fetched[]> {
  const connection = await cluster.connection(await cluster.leader(topic, places[0]!.partition), purpose)
  const partitions = places.map(({ partition, offset }) => ({
    ...{ partition, currentLeaderEpoch: -1, fetchOffset: BigInt(offset), lastFetchedEpoch: -1 },
    partitionMaxBytes: Math.ceil(maxBytes / places.length),
  }))
  const print = () =>
    fetchV12.createRequest(
      waitMs,
      1,
      maxBytes,
      isCommitted ? 1 : 0,
      0,
      -1,
      [{ topicId: topic, partitions }],
      [],
      '',
    )
  return new Promise((resolve, reject) => {
    connection.send<Fetched[]>(FETCH, VERSION, print, parseAnswer, true, true, (error, fetched) => {
      if (!error) return resolve(fetched ?? [])
      cluster.drop(connection)
      reject(error)
    })
  })
}

function parseAnswer(_id: number, _key: number, _version: number, reader: Reader): Fetched[] {
  reader.readInt32()
  const errorCode = reader.readInt16()
  if (errorCode !== 0) throw new Error(nameOfCode(errorCode))
  reader.readInt32()
  const topics = reader.readArray((r) => {
    r.readString()
    return r.readArray(readPartition)
  })
  return topics.flat()
}

function readPartition(reader: Reader): Fetched {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  const highWatermark = Number(reader.readInt64())
  const stable = Number(reader.readInt64())
  const start = Number(reader.readInt64())
  const aborted = reader.readArray((r) => ({
    producerId: r.readInt64(),
    firstOffset: Number(r.readInt64()),
  }))
  reader.readInt32()
  // A compact length is one more than it says.
  const size = Math.max(reader.readUnsignedVarInt() - 1, 0)
  const bytes = Buffer.from(reader.buffer.slice(reader.position, reader.position + size))
  reader.skip(size)
  const end = stable >= 0 ? Math.min(stable, highWatermark) : highWatermark
  return { partition, error: errorCode === 0 ? undefined : nameOfCode(errorCode), end, start, aborted, bytes }
}

/**
 * The first offset that a partition holds, the one after its last record, committed or not, or that of the first record
 * stamped at a time or later, which is -1 where there is none.
 */
export async function listOffset(
  cluster: Cluster,
  topic: string,
  partition: number,
  which: 'earliest' | 'latest' | number,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOffset(cluster, topic, partition, timestampOf(which))
    } catch (error) {
      // Who leads is known a moment before the leader knows it.
      if (attempt === ATTEMPTS || !UNSETTLED.test(errorCodeOf(error) ?? '')) throw error
      cluster.forget(topic)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

function timestampOf(which: 'earliest' | 'latest' | number): bigint {
  if (which === 'earliest') return EARLIEST
  return which === 'latest' ? LATEST : BigInt(which)
}

async function askOffset(
  cluster: Cluster,
  topic: string,
  partition: number,
  timestamp: bigint,
): Promise<number> {
  const connection = await cluster.connection(await cluster.leader(topic, partition), 'ask')
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }]
  const answer = await listOffsetsV7.api.async(connection, -1, 0, [{ name: topic, partitions }])
  return Number(answer.topics[0]!.partitions[0]!.offset)
}
