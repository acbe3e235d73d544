/** Digests of a content as it is read: of all its bytes, of its whole lines, and of its first 4 KiB. */
import { createHash, type Hash } from 'node:crypto'
import { type ContentEntry, SURE_BYTES } from './known-contents.ts'
import type { YearState } from './year-sequence.ts'

const NEWLINE = 0x0a

export interface TakenLines {
  /** Whether a last line without an end, if there is one, was taken too. */
  readonly isWhole: boolean
  /** Those that were taken before included. */
  readonly lines: number
  readonly years?: YearState | undefined
}

export class ContentDigest {
  bytes = 0
  /** Of the lines that have an end. */
  lineBytes = 0
  readonly #hash = createHash('sha256')
  #lineHash: Hash | undefined
  #head: string | undefined

  update(chunk: Uint8Array): void {
    const untilHead = SURE_BYTES - this.bytes
    if (untilHead <= 0 || untilHead >= chunk.length) this.#add(chunk)
    else {
      this.#add(chunk.subarray(0, untilHead))
      this.#add(chunk.subarray(untilHead))
    }
  }

  /** Hex, of all bytes so far. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Of a content that ended here. */
  entry({ isWhole, lines, years }: TakenLines, generation: number): ContentEntry | undefined {
    const hasRest = isWhole && this.bytes > this.lineBytes
    if (this.lineBytes === 0 && !hasRest) return undefined
    const hasHead = this.lineBytes >= SURE_BYTES
    return {
      generation,
      lines,
      bytes: this.lineBytes,
      sha256: (this.#lineHash ?? createHash('sha256')).copy().digest('hex'),
      ...(hasHead && { head: this.#head! }),
      ...(hasRest && { whole: { bytes: this.bytes, sha256: this.sha256 } }),
      ...(years && { years }),
    }
  }

  #add(chunk: Uint8Array): void {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > 0) {
      this.#hash.update(chunk.subarray(0, end))
      this.#lineHash = this.#hash.copy()
      this.lineBytes = this.bytes + end
    }
    if (end < chunk.length) this.#hash.update(chunk.subarray(end))
    this.bytes += chunk.length
    if (this.bytes === SURE_BYTES) this.#head = headDigest(this.sha256)
  }
}

/** Half of it is enough to find what may be alike. */
export function headDigest(sha256: string): string {
  return sha256.slice(0, 32)
}
