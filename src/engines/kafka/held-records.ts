/** What the brokers hold of a topic, as far as they were asked, and which entries of an order are gone by that. */
import type { OffsetRange } from '../../core/lost-lines.ts'

/** The partition of lines whose records the brokers lost, and number others like them. */
export const NOWHERE = -1

interface Entry {
  readonly partition: number
  readonly endRecord: number
  readonly firstOffset: number
  readonly lines: number
}

export class HeldRecords {
  /** By partition: the first record that is held. */
  readonly from = new Map<number, number>()
  /** By partition: the record after the last one, where there should be more. */
  #ends: ReadonlyMap<number, number> = new Map()
  /** Offsets of the first lines of entries that are there, and not as they were. */
  readonly #unreadable = new Set<number>()

  note(from: ReadonlyMap<number, number>, ends: ReadonlyMap<number, number>): void {
    for (const [partition, record] of from) this.from.set(partition, record)
    this.#ends = ends
  }

  noteRead(entries: readonly Entry[], isReadable: boolean): void {
    for (const { firstOffset } of entries)
      if (isReadable) this.#unreadable.delete(firstOffset)
      else this.#unreadable.add(firstOffset)
  }

  /** Of another topic from now on. */
  clear(): void {
    this.from.clear()
    this.#ends = new Map()
    this.#unreadable.clear()
  }

  /** For good. */
  isExpired({ partition, endRecord }: Entry): boolean {
    return partition === NOWHERE || endRecord <= (this.from.get(partition) ?? 0)
  }

  isUnreadable({ firstOffset }: Entry): boolean {
    return this.#unreadable.has(firstOffset)
  }

  isGone(entry: Entry): boolean {
    return this.isExpired(entry) || isBeyond(entry, this.#ends) || this.isUnreadable(entry)
  }

  gone(entries: readonly Entry[]): OffsetRange[] {
    const ranges: { fromOffset: number; endOffset: number }[] = []
    for (const entry of entries) {
      if (!this.isGone(entry)) continue
      const { firstOffset: fromOffset, lines } = entry
      const last = ranges.at(-1)
      if (last?.endOffset === fromOffset) last.endOffset += lines
      else ranges.push({ fromOffset, endOffset: fromOffset + lines })
    }
    return ranges
  }
}

export function isBeyond(
  { partition, endRecord }: Pick<Entry, 'partition' | 'endRecord'>,
  ends: ReadonlyMap<number, number>,
): boolean {
  return endRecord > (ends.get(partition) ?? Number.POSITIVE_INFINITY)
}
