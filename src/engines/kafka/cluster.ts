/** The brokers: who leads which partition, and a connection to each for each purpose. */
import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import {
  type Broker,
  Connection,
  findCoordinatorV4,
  metadataV12,
  type SASLOptions,
} from '@platformatic/kafka'
import { errorCodeOf } from './broker-error.ts'

export interface ClusterOptions {
  readonly brokers: readonly Broker[]
  readonly tls?: TlsOptions
  readonly sasl?: SASLOptions
  /** How long a broker may take to be connected, and to answer. */
  readonly connectMs?: number
  readonly requestMs?: number
}

export interface Topic {
  readonly id: string
  /** By partition: the leading broker, undefined while there is none. */
  readonly leaders: readonly (Broker | undefined)[]
}

const CLIENT = 'millrace'
const CONNECT_MS = 5_000
const REQUEST_MS = 15_000
const TRANSACTION = 1

export class Cluster {
  readonly #options: ClusterOptions
  readonly #connections = new Map<string, Promise<Connection>>()
  readonly #topics = new Map<string, Topic>()
  #isClosed = false

  constructor(options: ClusterOptions) {
    this.#options = options
  }

  get places(): string {
    return this.#options.brokers.map(({ host, port }) => `${host}:${port}`).join(',')
  }

  /**
   * Requests of one purpose to one broker share a connection; a broker answers them in their order, so whoever waits
   * for lines must not share one with those who bring them.
   */
  async connection({ host, port }: Broker, purpose: string): Promise<Connection> {
    const name = `${host}:${port} ${purpose}`
    const known = await this.#connections.get(name)?.catch(() => undefined)
    if (known?.isConnected()) return known
    const opening = this.#connections.get(name)
    // Another one may have begun anew while this one looked.
    if (opening && (await opening.catch(() => undefined)) !== known)
      return this.connection({ host, port }, purpose)
    const made = this.#connect({ host, port })
    this.#connections.set(name, made)
    return made
  }

  /** To any of the brokers that the definition names. */
  async anyConnection(): Promise<Connection> {
    let failure: unknown
    for (const broker of this.#options.brokers) {
      try {
        return await this.connection(broker, 'ask')
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  /** Errors: why no broker answers. */
  async ask(): Promise<void> {
    const connection = await this.anyConnection()
    await metadataV12.api.async(connection, [], false, false).catch((error) => {
      this.drop(connection)
      throw error
    })
  }

  /** Undefined when there is no such topic. */
  async topic(name: string): Promise<Topic | undefined> {
    const known = this.#topics.get(name)
    return known ?? this.refresh(name)
  }

  async refresh(name: string): Promise<Topic | undefined> {
    const { brokers, topics } = await metadataV12.api
      .async(await this.anyConnection(), [name], false, false)
      .catch((error) => {
        if (errorCodeOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return { brokers: [], topics: [] }
        throw error
      })
    const found = topics.find((topic) => topic.name === name)
    if (found?.errorCode !== 0) {
      this.#topics.delete(name)
      return undefined
    }
    const leaders: (Broker | undefined)[] = []
    for (const { partitionIndex, leaderId } of found.partitions) {
      const leader = brokers.find(({ nodeId }) => nodeId === leaderId)
      leaders[partitionIndex] = leader && { host: leader.host, port: leader.port }
    }
    const topic = { id: found.topicId, leaders }
    this.#topics.set(name, topic)
    return topic
  }

  async leader(name: string, partition: number): Promise<Broker> {
    const leader = (await this.topic(name))?.leaders[partition]
    if (leader) return leader
    this.forget(name)
    throw new Error(`partition ${partition} of topic ${name} has no leader at the moment`)
  }

  /** Who keeps the transactions of this id. */
  async coordinator(transactionalId: string): Promise<Broker> {
    const answer = await findCoordinatorV4.api.async(await this.anyConnection(), TRANSACTION, [
      transactionalId,
    ])
    const { host, port } = answer.coordinators[0]!
    return { host, port }
  }

  /** After an error: who leads may have changed. */
  forget(name: string): void {
    this.#topics.delete(name)
  }

  /** A connection on which a request was not answered in time is of no use any more. */
  drop(broken: Connection): void {
    for (const [name, opening] of this.#connections)
      void opening.then(
        (connection) => connection === broken && this.#connections.delete(name),
        () => undefined,
      )
    void broken.close().catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const connections = [...this.#connections.values()]
    this.#connections.clear()
    await Promise.all(connections.map((opening) => opening.then((one) => one.close()).catch(() => undefined)))
  }

  async #connect({ host, port }: Broker): Promise<Connection> {
    if (this.#isClosed) throw new Error('the log is closed')
    const { tls, sasl, connectMs = CONNECT_MS, requestMs = REQUEST_MS } = this.#options
    const connection = new Connection(CLIENT, {
      ...{ connectTimeout: connectMs, requestTimeout: requestMs },
      ...(tls && { tls: { ...tls }, tlsServerName: isIP(host) === 0 }),
      ...(sasl && { sasl }),
    })
    // Whoever waits for an answer hears of it; an event nobody listens to would end the process.
    connection.on('error', () => undefined)
    await connection.connect(host, port)
    return connection
  }
}
