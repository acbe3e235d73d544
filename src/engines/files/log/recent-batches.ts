/** The batches that were written last, in memory, so that whoever follows the log reads and checks no file. */
import type { StoredBatch } from '../../../ports/log.ts'

/** Of all sources together: what the stream and, behind it, the archive have yet to read when all goes well. */
const MOST_BYTES = 96 * 1024 * 1024
/** Small ones weigh more than their bytes. */
const MOST_BATCHES = 20_000

interface Group {
  readonly source: string
  readonly batches: readonly StoredBatch[]
  readonly bytes: number
}

export class RecentBatches {
  readonly #mostBytes: number
  /** Oldest first, of all sources; those of one source follow one another without a gap. */
  readonly #groups: Group[] = []
  #bytes = 0
  #batches = 0

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes
  }

  /** Batches that were written together and are durable now. Their bytes must not change any more. */
  add(source: string, batches: readonly StoredBatch[]): void {
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
    this.#groups.push({ source, batches, bytes })
    this.#bytes += bytes
    this.#batches += batches.length
    while (this.#bytes > this.#mostBytes || this.#batches > MOST_BATCHES) {
      const dropped = this.#groups.shift()!
      this.#bytes -= dropped.bytes
      this.#batches -= dropped.batches.length
    }
  }

  /** From the batch that holds the offset on, of about `maxBytes` together; none when that one is not here any more. */
  read(source: string, fromOffset: number, maxBytes: number): StoredBatch[] {
    const found: StoredBatch[] = []
    let bytes = 0
    for (const group of this.#groups) {
      if (group.source !== source) continue
      for (const batch of group.batches) {
        if (batch.endOffset <= fromOffset) continue
        if (found.length === 0 && batch.firstOffset > fromOffset) return []
        found.push(batch)
        bytes += batch.bytes.length
        if (bytes >= maxBytes) return found
      }
    }
    return found
  }
}
