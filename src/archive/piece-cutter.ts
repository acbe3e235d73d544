/** Cuts a stream of bytes into pieces of whole lines, without looking at single lines. */
import { MillraceError } from '../core/error.ts'

/** Some whole lines with their line ends; only an input's last piece may lack the final one. */
export interface Piece {
  /** Never empty. Stays as it is while the next piece is made, and no longer. */
  readonly bytes: Buffer
  /** Set when it is known that the piece is one line (a very long one). */
  readonly isOneLine: boolean
}

export interface CutterLimits {
  /** What a piece holds at most; a longer line becomes a piece of its own. */
  readonly pieceBytes: number
  /** A longer line is refused. */
  readonly maxLineBytes: number
  /** False where the stream begins in the middle of an input, which has no byte order mark there. */
  readonly isFromStart?: boolean
}

const NEWLINE = 0x0a
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * A byte order mark at the start is framing and is dropped. `input` is the name used in messages.
 * Errors: INGEST_LINE_TOO_LONG.
 */
export async function* cutPieces(
  chunks: AsyncIterable<Uint8Array>,
  input: string,
  limits: CutterLimits,
): AsyncGenerator<Piece, void, undefined> {
  const cutter = new PieceCutter(input, limits)
  let isStart = limits.isFromStart ?? true
  for await (const piece of cutter.cut(chunks)) {
    const bytes = isStart ? withoutMark(piece.bytes) : piece.bytes
    isStart = false
    if (bytes.length > 0) yield { ...piece, bytes }
  }
}

function withoutMark(bytes: Buffer): Buffer {
  const hasMark = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
  return hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes
}

class PieceCutter {
  readonly #input: string
  readonly #limits: CutterLimits
  /** Two buffers take turns: one is filled while the reader still works on the other. */
  #buffer: Buffer
  #spare: Buffer
  #length = 0
  /** The parts so far of a line that outgrew the buffer. */
  #longLine: Buffer[] = []
  #longBytes = 0

  constructor(input: string, limits: CutterLimits) {
    this.#input = input
    this.#limits = limits
    this.#buffer = Buffer.allocUnsafeSlow(limits.pieceBytes)
    this.#spare = Buffer.allocUnsafeSlow(limits.pieceBytes)
  }

  async *cut(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece, void, undefined> {
    for await (const chunk of chunks) {
      let rest = chunk
      while (rest.length > 0) {
        if (this.#longBytes > 0) {
          const end = rest.indexOf(NEWLINE) + 1
          this.#lengthen(end > 0 ? rest.subarray(0, end) : rest)
          rest = end > 0 ? rest.subarray(end) : rest.subarray(rest.length)
          if (end > 0) yield this.#takeLongLine()
        } else {
          rest = this.#fill(rest)
          if (this.#length === this.#buffer.length) yield* this.#cutFull()
        }
      }
    }
    if (this.#longBytes > 0) yield this.#takeLongLine()
    if (this.#length > 0) yield { bytes: this.#buffer.subarray(0, this.#length), isOneLine: false }
  }

  #fill(bytes: Uint8Array): Uint8Array {
    const taken = Math.min(this.#buffer.length - this.#length, bytes.length)
    this.#buffer.set(bytes.subarray(0, taken), this.#length)
    this.#length += taken
    return bytes.subarray(taken)
  }

  *#cutFull(): Generator<Piece> {
    const full = this.#buffer
    const cut = full.lastIndexOf(NEWLINE) + 1
    if (cut === 0) {
      this.#lengthen(full)
    } else {
      yield { bytes: full.subarray(0, cut), isOneLine: false }
      // Only now is the spare buffer free: the reader asked for this piece when it was done with the last one.
      full.copy(this.#spare, 0, cut)
      this.#buffer = this.#spare
      this.#spare = full
    }
    this.#length = cut === 0 ? 0 : full.length - cut
  }

  #lengthen(part: Uint8Array): void {
    this.#longLine.push(Buffer.from(part))
    this.#longBytes += part.length
    if (this.#longBytes <= this.#limits.maxLineBytes) return
    throw new MillraceError('INGEST_LINE_TOO_LONG', { input: this.#input, limit: this.#limits.maxLineBytes })
  }

  #takeLongLine(): Piece {
    const bytes = Buffer.concat(this.#longLine)
    this.#longLine = []
    this.#longBytes = 0
    return { bytes, isOneLine: true }
  }
}
