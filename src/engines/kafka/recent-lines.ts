/** The lines that came last, so that whoever follows close behind need not ask a broker for them. */

const MOST_BYTES = 32 * 1024 * 1024

export class RecentLines {
  /** By the offset of the first line, in the order in which they came. */
  readonly #lines = new Map<number, Buffer>()
  #bytes = 0

  get(firstOffset: number): Buffer | undefined {
    return this.#lines.get(firstOffset)
  }

  add(firstOffset: number, lines: Buffer): void {
    this.#lines.set(firstOffset, lines)
    this.#bytes += lines.length
    for (const [oldest, { length }] of this.#lines) {
      if (this.#bytes <= MOST_BYTES) return
      this.#lines.delete(oldest)
      this.#bytes -= length
    }
  }

  clear(): void {
    this.#lines.clear()
    this.#bytes = 0
  }
}
