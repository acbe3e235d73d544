/** Turns the bytes of inputs into sealed blocks; nothing of it counts until a manifest names the blocks. */
import { join } from 'node:path'
import type { Block } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import { ObservedClock } from '../core/observed-clock.ts'
import type { IngestInput, IngestOptions } from '../ports/archive.ts'
import type { BlockTable } from './block-table.ts'
import type { ContentGuard } from './content-guard.ts'
import { takenDigest } from './known-contents.ts'
import { type LineFacts, lineFacts } from './line-facts.ts'
import { withoutLineEnd } from './line-runs.ts'
import { cutPieces, type Piece } from './piece-cutter.ts'
import { SkippedContent } from './skipped-content.ts'
import type { SourceWriter } from './source-writer.ts'

const NEWLINE = 0x0a

export interface BlockLimits {
  readonly pieceBytes: number
  readonly maxLineBytes: number
  /** A block is closed when it holds this many bytes, or this many lines. */
  readonly blockBytes: number
  readonly blockLines: number
}

/** With blocks of 48 MiB memory peaks near 490 MB; 128 MiB took 200 MB more and was no faster. */
export const BLOCK_LIMITS: BlockLimits = {
  pieceBytes: 4 * 1024 * 1024,
  maxLineBytes: 1024 * 1024 * 1024,
  blockBytes: 48 * 1024 * 1024,
  blockLines: 1_000_000,
}

export interface Appended {
  readonly blocks: readonly Block[]
  /** Of these lines; absent when there are none. */
  readonly firstObservedMs?: number
  readonly lastObservedMs: number
  /** SHA-256 of what was taken of each input's content, in order, with what was taken of it before. */
  readonly contents: readonly string[]
  readonly left: readonly { readonly input: string; readonly bytes: number }[]
}

export interface AppendJob {
  readonly writer: SourceWriter
  readonly table: BlockTable
  readonly limits: BlockLimits
  readonly options: IngestOptions
  readonly guard: ContentGuard
}

/** Errors: ARCHIVE_*, LOG_CLOCK_*, INGEST_CANCELLED, INGEST_LINE_TOO_LONG, and whatever an input throws. */
export async function appendInputs(job: AppendJob, inputs: readonly IngestInput[]): Promise<Appended> {
  const appender = new Appender(job)
  const contents: string[] = []
  try {
    for (const input of inputs) contents.push(await appender.add(input))
    return { ...(await appender.finish()), contents }
  } catch (error) {
    await appender.settle()
    throw error
  }
}

class Appender {
  readonly #job: AppendJob
  readonly #clock: ObservedClock
  /** In the order of offsets. */
  readonly #sealing: Promise<Block>[] = []
  #tableBytes = 0
  #bytesRead = 0
  #lines = 0
  #firstOffset: number
  #firstObservedMs: number | undefined
  readonly #left: Appended['left'][number][] = []

  constructor(job: AppendJob) {
    this.#job = job
    this.#firstOffset = job.writer.manifest.nextOffset
    const { source, lastObservedMs: lastMs, clockConfirmedMs: confirmedMs } = job.writer.manifest
    const { now = Date.now } = job.options
    const steady = job.options.now ?? (() => performance.now())
    this.#clock = new ObservedClock({ now, steady }, { source, lastMs, confirmedMs })
  }

  /** Gives the SHA-256 of the input's content, as far as it was taken. */
  async add(input: IngestInput): Promise<string> {
    const { guard, options } = this.#job
    const start = await orAborted(guard.look(input), options.signal)
    if (start.kind === 'repeat') return takenDigest(start.entry)
    const matcher = input.isOnce ? guard.matcher() : undefined
    const content = new SkippedContent(input, start, matcher)
    const before = this.#lines
    const facts = lineFacts(input, options.years, start.match?.entry.years)
    const isWhole = await this.#addPieces(input, content, facts)
    if (matcher) guard.judgeTaken(input, matcher)
    const { digest } = content
    const lines = (start.match?.lines ?? 0) + this.#lines - before
    const entry = guard.settle(input, digest, { isWhole, lines, years: facts.years?.sequence.state })
    return entry ? takenDigest(entry) : digest.sha256
  }

  /** False when a last line without an end was left. While one piece is packed the next one is read. */
  async #addPieces(input: IngestInput, content: SkippedContent, facts: LineFacts): Promise<boolean> {
    const { isFromStart } = content
    const chunks = this.#watch(content.chunks())
    const pieces = cutPieces(chunks, input.name, { ...this.#job.limits, isFromStart })
    const { signal, checkFirstLine } = this.#job.options
    let next = pieces.next()
    next.catch(() => {})
    try {
      for (let isFirst = true; ; isFirst = false) {
        const { value: cut, done } = await orAborted(next, signal)
        if (done) return true
        next = pieces.next()
        // It may fail while this piece is worked on; the failure is met when its turn comes.
        next.catch(() => {})
        const piece = await this.#leaveOpenLine(input, cut)
        if (piece.bytes.length > 0) {
          if (isFirst && isFromStart) checkFirstLine?.(firstLine(piece), input.name)
          await this.#append(piece, facts)
        }
        if (piece !== cut) return false
      }
    } finally {
      // Not awaited: an input that waits for its writer would hold up the news of a failure.
      pieces.return().catch(() => {})
    }
  }

  /** Without a last line that has no end, where more of it may come; only an input's last piece holds one. */
  async #leaveOpenLine(input: IngestInput, piece: Piece): Promise<Piece> {
    const ended = piece.bytes.lastIndexOf(NEWLINE) + 1
    if (ended === piece.bytes.length || !(await input.mayGrow?.())) return piece
    this.#left.push({ input: input.name, bytes: piece.bytes.length - ended })
    return { ...piece, bytes: piece.bytes.subarray(0, ended) }
  }

  async finish(): Promise<Omit<Appended, 'contents'>> {
    if (this.#job.table.lines > 0) await this.#closeBlock()
    return {
      blocks: await Promise.all(this.#sealing),
      ...(this.#firstObservedMs !== undefined && { firstObservedMs: this.#firstObservedMs }),
      lastObservedMs: this.#clock.lastMs,
      left: this.#left,
    }
  }

  /** After a failure: waits until nothing is being written any more. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#sealing)
  }

  async *#watch(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      this.#bytesRead += chunk.length
      yield chunk
    }
  }

  async #append(piece: Piece, facts: LineFacts): Promise<void> {
    const { table, options, limits } = this.#job
    const observedMs = this.#clock.read()
    this.#firstObservedMs ??= observedMs
    const before = table.lines
    await table.append(piece, observedMs, facts)
    this.#lines += table.lines - before
    this.#tableBytes += piece.bytes.length
    options.onProgress?.({ bytesRead: this.#bytesRead, lines: this.#lines })
    if (this.#tableBytes >= limits.blockBytes || table.lines >= limits.blockLines) await this.#closeBlock()
  }

  /** Sealing (sync or upload, and the checks) goes on while the next block fills. */
  async #closeBlock(): Promise<void> {
    const { writer, table } = this.#job
    const { source, incarnation } = writer.manifest
    const firstOffset = this.#firstOffset
    const path = join(writer.packFolder, `${firstOffset}.tmp`)
    const written = await table.write(path, { source, incarnation, firstOffset })
    this.#firstOffset += written.lines
    this.#tableBytes = 0
    await this.#sealing.at(-writer.sealsAtOnce)
    const sealing = writer.seal({ path, firstOffset, ...written })
    // Its failure is met when its turn comes.
    sealing.catch(() => {})
    this.#sealing.push(sealing)
  }
}

/** A silent input must not keep an ingest from being cancelled. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  // A race would be won by an input that always has a piece ready.
  if (signal.aborted) throw new MillraceError('INGEST_CANCELLED')
  let stop: () => void = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new MillraceError('INGEST_CANCELLED'))
    signal.addEventListener('abort', stop, { once: true })
  })
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', stop))
}

function firstLine({ bytes }: Piece): Buffer {
  const end = bytes.indexOf(NEWLINE) + 1
  return Buffer.from(withoutLineEnd(end > 0 ? bytes.subarray(0, end) : bytes))
}
