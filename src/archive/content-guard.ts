/** Keeps an ingest from taking lines twice: says of each input where its new lines begin, or refuses it. */
import { MillraceError } from '../core/error.ts'
import type { IngestInput, KnownPart, Repeats } from '../ports/archive.ts'
import type { ContentDigest, TakenLines } from './content-digest.ts'
import { type ContentEntry, KnownContents, SURE_BYTES } from './known-contents.ts'
import { type ContentMatch, ContentMatcher } from './match-content.ts'

export interface GuardFacts {
  readonly entries: readonly ContentEntry[]
  /** SHA-256 of contents of which nothing else is known. */
  readonly digests: ReadonlySet<string>
  /** Committed, and perhaps never told: what they took may come a second time. */
  readonly untold: ReadonlySet<number>
  /** Of the commit that is being made. */
  readonly generation: number
  readonly repeats: Repeats
  /** Whether this ingest decides on years. */
  readonly hasYears: boolean
}

/** Nothing of the input, or what comes after its first bytes. */
export type InputStart =
  | { readonly kind: 'repeat'; readonly entry: ContentEntry }
  | { readonly kind: 'from'; readonly bytes: number; readonly match?: ContentMatch }

export class ContentGuard {
  /** What this ingest took. */
  readonly taken: ContentEntry[] = []
  readonly known: KnownPart[] = []
  readonly #facts: GuardFacts
  readonly #contents: KnownContents
  /** Refused unless the whole ingest turns out to be a retry. */
  #repeat: MillraceError | undefined

  constructor(facts: GuardFacts) {
    this.#facts = facts
    this.#contents = new KnownContents(facts.entries)
  }

  /** Reads as much of the input as it takes. Errors: INGEST_KNOWN_*, and whatever the input throws. */
  async look(input: IngestInput): Promise<InputStart> {
    if (this.#facts.repeats === 'again' || input.isOnce || this.#contents.isEmpty)
      return { kind: 'from', bytes: 0 }
    const matcher = this.matcher()
    for await (const chunk of input.open()) {
      matcher.update(chunk)
      if (matcher.isSettled) break
    }
    return this.#judge(input, matcher.finish())
  }

  /** For an input that can be read only once, and is looked at while it is taken. */
  matcher(): ContentMatcher {
    return new ContentMatcher(this.#contents)
  }

  /** The same for such an input, after its last byte: it must be new as a whole. Errors: INGEST_KNOWN_*. */
  judgeTaken(input: IngestInput, matcher: ContentMatcher): void {
    if (this.#facts.repeats === 'again') return
    const start = this.#judge(input, matcher.finish())
    if (start.kind === 'repeat' || start.bytes === 0) return
    throw new MillraceError('INGEST_KNOWN_STREAM', { input: input.name, ...measure(start.match!) })
  }

  /** Notes what was taken. Errors: INGEST_KNOWN_CONTENT. */
  settle(input: IngestInput, digest: ContentDigest, taken: TakenLines): ContentEntry | undefined {
    const { digests, generation, repeats } = this.#facts
    if (repeats !== 'again' && digest.bytes > 0 && digests.has(digest.sha256))
      this.#repeat ??= knownContent(input)
    const entry = digest.entry(taken, generation)
    if (!entry) return undefined
    this.taken.push(entry)
    this.#contents.add(entry)
    return entry
  }

  /** Once it is known that this is no retry. Errors: INGEST_KNOWN_CONTENT. */
  requireNew(): void {
    if (this.#repeat) throw this.#repeat
  }

  #judge(input: IngestInput, match: ContentMatch | undefined): InputStart {
    if (!match) return { kind: 'from', bytes: 0 }
    const { entry, bytes, lines, kind } = match
    if (kind === 'same') {
      if (!this.#facts.untold.has(entry.generation)) throw knownContent(input)
      this.#repeat ??= knownContent(input)
      return { kind: 'repeat', entry }
    }
    const facts = { input: input.name, ...measure(match) }
    if (kind === 'torn') throw new MillraceError('INGEST_KNOWN_LINE', { ...facts, next: lines + 1 })
    if (this.#facts.hasYears && !entry.years)
      throw new MillraceError('INGEST_KNOWN_YEARS', { ...facts, next: lines + 1 })
    if (bytes < SURE_BYTES && this.#facts.repeats !== 'continue')
      throw new MillraceError('INGEST_KNOWN_START', facts)
    this.known.push({ input: input.name, lines, bytes })
    return { kind: 'from', bytes, match }
  }
}

function measure({ lines, bytes }: ContentMatch) {
  return { lines: `${lines} ${lines === 1 ? 'line' : 'lines'}`, bytes }
}

function knownContent({ name }: IngestInput): MillraceError {
  return new MillraceError('INGEST_KNOWN_CONTENT', { input: name })
}
