/** Finds the longest content ingested before that a content begins with, in one pass over its bytes. */
import { createHash } from 'node:crypto'
import { headDigest } from './content-digest.ts'
import { type ContentEntry, type KnownContents, SURE_BYTES } from './known-contents.ts'

/**
 * `same`: it is that content and nothing more. `grown`: it goes on after `bytes`. `torn`: a last line without an end
 * was taken of it, and that line has grown since.
 */
export interface ContentMatch {
  readonly kind: 'same' | 'grown' | 'torn'
  readonly entry: ContentEntry
  readonly bytes: number
  readonly lines: number
  /** The bytes by which it was recognized: all of `bytes`, or all but the end of the last line. */
  readonly known: { readonly bytes: number; readonly sha256: string }
}

/** What stands at a length to which some known content reaches. */
interface Mark {
  readonly sha256: string
  readonly before: number
  /** At most two bytes. */
  readonly after: number[]
}

const [NEWLINE, CARRIAGE_RETURN] = [0x0a, 0x0d]

export class ContentMatcher {
  readonly #known: KnownContents
  readonly #hash = createHash('sha256')
  readonly #marks = new Map<number, Mark>()
  #candidates: readonly ContentEntry[] | undefined
  /** Lengths that are still to be reached, the next one first. */
  #lengths: number[] = []
  #longest = 0
  #head: Buffer[] = []
  #headBytes = 0
  #bytes = 0
  #lineEnd = 0

  constructor(known: KnownContents) {
    this.#known = known
  }

  /** Whether all is known that further bytes could tell. */
  get isSettled(): boolean {
    return (
      (this.#candidates !== undefined &&
        this.#bytes >= this.#longest + 2 &&
        this.#lineEnd > this.#longest + 2) ||
      this.#candidates?.length === 0
    )
  }

  update(chunk: Uint8Array): void {
    if (this.#candidates) {
      this.#pass(chunk)
      return
    }
    this.#head.push(Buffer.from(chunk))
    this.#headBytes += chunk.length
    if (this.#headBytes >= SURE_BYTES) this.#choose()
  }

  /** After the last byte, or when it is settled. */
  finish(): ContentMatch | undefined {
    if (!this.#candidates) this.#choose()
    const matches = this.#candidates!.flatMap((entry) => this.#matchOf(entry) ?? [])
    return matches.reduce<ContentMatch | undefined>(
      (best, next) => (best === undefined || next.bytes >= best.bytes ? next : best),
      undefined,
    )
  }

  #choose(): void {
    const head = Buffer.concat(this.#head)
    this.#head = []
    const isSure = head.length >= SURE_BYTES
    const digest = createHash('sha256').update(head.subarray(0, SURE_BYTES)).digest('hex')
    this.#candidates = this.#known.candidates(isSure ? headDigest(digest) : undefined)
    const lengths = this.#candidates.flatMap(({ bytes, whole }) => [bytes, ...(whole ? [whole.bytes] : [])])
    this.#lengths = [...new Set(lengths)].filter((length) => length > 0).sort((a, b) => a - b)
    this.#longest = this.#lengths.at(-1) ?? 0
    this.#pass(head)
  }

  #pass(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0) {
      const next = this.#lengths[0]
      const taken = next === undefined ? rest.length : Math.min(rest.length, next - this.#bytes)
      const part = rest.subarray(0, taken)
      this.#noteAfter(part)
      this.#hash.update(part)
      const newline = part.lastIndexOf(NEWLINE)
      if (newline >= 0) this.#lineEnd = this.#bytes + newline + 1
      this.#bytes += taken
      rest = rest.subarray(taken)
      if (this.#bytes !== next) continue
      this.#lengths.shift()
      this.#marks.set(next, { sha256: this.#hash.copy().digest('hex'), before: part.at(-1)!, after: [] })
    }
  }

  #noteAfter(part: Uint8Array): void {
    for (const at of [this.#bytes - 1, this.#bytes]) {
      const mark = this.#marks.get(at)
      if (mark) for (const byte of part.subarray(0, 2 - mark.after.length)) mark.after.push(byte)
    }
  }

  #matchOf(entry: ContentEntry): ContentMatch | undefined {
    const { bytes, sha256, whole } = entry
    const mark = whole && this.#marks.get(whole.bytes)
    if (mark && mark.sha256 === whole.sha256) {
      const { kind, bytes } = this.#wholeMatch(whole.bytes, mark)
      return { kind, bytes, lines: entry.lines, entry, known: whole }
    }
    if (bytes === 0 || this.#marks.get(bytes)?.sha256 !== sha256) return undefined
    const lines = whole ? entry.lines - 1 : entry.lines
    return { kind: this.#bytes === bytes ? 'same' : 'grown', bytes, lines, entry, known: { bytes, sha256 } }
  }

  /** The last line that was taken without an end may have got one since. */
  #wholeMatch(bytes: number, { before, after }: Mark): Pick<ContentMatch, 'kind' | 'bytes'> {
    const [first, second] = after
    if (first === undefined) return { kind: 'same', bytes }
    const end = first === CARRIAGE_RETURN && second === NEWLINE ? 2 : first === NEWLINE ? 1 : 0
    if (end === 0 || before === CARRIAGE_RETURN) return { kind: 'torn', bytes }
    return { kind: this.#bytes === bytes + end ? 'same' : 'grown', bytes: bytes + end }
  }
}
