/** The lines that came last, so that whoever follows close behind need not ask a broker for them. */

const MOST_BYTES = 32 * 1024 * 1024

/** Lines of one entry of the order. */
export interface EntryLines {
  readonly bytes: Buffer
  readonly context?: string | undefined
}

export class RecentLines {
  /** By the offset of the first line, in the order in which they came. */
  readonly #lines = new Map<number, EntryLines>()
  #bytes = 0

  get(firstOffset: number): EntryLines | undefined {
    return this.#lines.get(firstOffset)
  }

  add(firstOffset: number, lines: EntryLines): void {
    this.#lines.set(firstOffset, lines)
    this.#bytes += lines.bytes.length
    for (const [oldest, { bytes }] of this.#lines) {
      if (this.#bytes <= MOST_BYTES) return
      this.#lines.delete(oldest)
      this.#bytes -= bytes.length
    }
  }

  clear(): void {
    this.#lines.clear()
    this.#bytes = 0
  }
}
