/** The bytes of an input after those that are known, with the digest of all of them. */
import { MillraceError } from '../core/error.ts'
import type { IngestInput } from '../ports/archive.ts'
import { ContentDigest } from './content-digest.ts'
import type { InputStart } from './content-guard.ts'
import type { ContentMatch, ContentMatcher } from './match-content.ts'

export class SkippedContent {
  readonly digest = new ContentDigest()
  readonly #input: IngestInput
  readonly #skipBytes: number
  readonly #match: ContentMatch | undefined
  readonly #matcher: ContentMatcher | undefined

  /** A matcher sees the bytes as they pass. */
  constructor(
    input: IngestInput,
    { bytes, match }: Extract<InputStart, { kind: 'from' }>,
    matcher: ContentMatcher | undefined,
  ) {
    this.#input = input
    this.#skipBytes = bytes
    this.#match = match
    this.#matcher = matcher
  }

  get isFromStart(): boolean {
    return this.#skipBytes === 0
  }

  /** Errors: INGEST_UNREADABLE, where the input is no longer what was looked at. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const { bytes: knownBytes = 0 } = this.#match?.known ?? {}
    for await (const chunk of this.#input.open()) {
      const at = this.digest.bytes
      const untilKnown = at < knownBytes ? Math.min(knownBytes - at, chunk.length) : 0
      this.#update(chunk.subarray(0, untilKnown))
      if (untilKnown > 0 && this.digest.bytes === knownBytes) this.#requireSame()
      this.#update(chunk.subarray(untilKnown))
      const rest = chunk.subarray(Math.min(Math.max(this.#skipBytes - at, 0), chunk.length))
      if (rest.length > 0) yield rest
    }
    if (this.digest.bytes < this.#skipBytes) throw this.#changed()
  }

  #update(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.digest.update(bytes)
    this.#matcher?.update(bytes)
  }

  #requireSame(): void {
    if (this.digest.sha256 !== this.#match!.known.sha256) throw this.#changed()
  }

  #changed(): MillraceError {
    const why = 'it changed while it was read'
    return new MillraceError('INGEST_UNREADABLE', { input: this.#input.name, why })
  }
}
