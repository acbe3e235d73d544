/** Reads the partitions of a topic side by side and gives their batches in the order of the brokers' stamps. */
import type { Broker } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { committedBatches } from './committed-batches.ts'
import { type Fetched, fetchRecords } from './fetch-records.ts'
import type { RecordBatch } from './record-batch.ts'

export interface MergedBatch {
  readonly partition: number
  readonly batch: RecordBatch
  /** Records below were taken before. */
  readonly fromRecord: number
}

export interface Merged {
  readonly batches: readonly MergedBatch[]
  /** Everything that stood in the partitions when they were asked has been given. */
  readonly isDrained: boolean
}

/** Of all partitions of one broker together. */
const FETCH_BYTES = 8 * 1024 * 1024
const WAIT_MS = 200

interface Cursor {
  next: number
  readonly batches: MergedBatch[]
  /** It had no more when it was asked last. */
  isDrained: boolean
}

export class PartitionMerge {
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #cursors = new Map<number, Cursor>()

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.#topic = topic
  }

  get partitions(): number {
    return this.#cursors.size
  }

  /** By partition, the record after all that was taken. */
  get positions(): Map<number, number> {
    const position = ({ next, batches }: Cursor) => batches[0]?.fromRecord ?? next
    return new Map([...this.#cursors].map(([partition, cursor]) => [partition, position(cursor)]))
  }

  add(partition: number, next: number): void {
    this.#cursors.set(partition, { next, batches: [], isDrained: false })
  }

  /** Asks the partitions of which nothing is at hand; nothing when there was nothing within a moment. */
  async next(): Promise<Merged> {
    const wanting = [...this.#cursors].filter(([, { batches }]) => batches.length === 0)
    const byLeader = await this.#byLeader(wanting.map(([partition]) => partition))
    await Promise.all(byLeader.map((partitions) => this.#fetch(partitions)))
    const batches = this.#take()
    const isDrained = [...this.#cursors.values()].every(
      (cursor) => cursor.isDrained && cursor.batches.length === 0,
    )
    return { batches, isDrained }
  }

  async #byLeader(partitions: readonly number[]): Promise<number[][]> {
    const groups = new Map<string, number[]>()
    for (const partition of partitions) {
      const { host, port }: Broker = await this.#cluster.leader(this.#topic, partition)
      const name = `${host}:${port}`
      groups.set(name, [...(groups.get(name) ?? []), partition])
    }
    return [...groups.values()]
  }

  async #fetch(partitions: readonly number[]): Promise<void> {
    const places = partitions.map((partition) => ({ partition, offset: this.#cursors.get(partition)!.next }))
    // While another partition has lines at hand nobody waits for this one.
    const hasLines = [...this.#cursors.values()].some(({ batches }) => batches.length > 0)
    const options = { purpose: `follow ${this.#topic}`, maxBytes: FETCH_BYTES, isCommitted: true }
    const answers = await fetchRecords(this.#cluster, this.#topic, places, {
      ...options,
      waitMs: hasLines ? 0 : WAIT_MS,
    })
    for (const answer of answers) this.#add(answer)
  }

  #add(fetched: Fetched): void {
    if (fetched.error) throw new Error(fetched.error)
    const cursor = this.#cursors.get(fetched.partition)!
    const fromRecord = cursor.next
    const { batches, endRecord } = committedBatches(fetched, fromRecord)
    for (const batch of batches) cursor.batches.push({ partition: fetched.partition, batch, fromRecord })
    cursor.next = endRecord
    cursor.isDrained = endRecord >= fetched.end
  }

  /** As far as no partition that has more could come in between. */
  #take(): MergedBatch[] {
    const taken: MergedBatch[] = []
    for (;;) {
      const cursors = [...this.#cursors.values()]
      if (cursors.some(({ batches, isDrained }) => batches.length === 0 && !isDrained)) return taken
      const least = cursors.reduce<Cursor | undefined>((best, cursor) => {
        if (cursor.batches.length === 0) return best
        return best && stampOf(best) <= stampOf(cursor) ? best : cursor
      }, undefined)
      if (!least) return taken
      taken.push(least.batches.shift()!)
    }
  }
}

function stampOf({ batches }: Cursor): number {
  return batches[0]!.batch.maxTimestampMs
}
