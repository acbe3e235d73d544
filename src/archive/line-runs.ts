/** Splits a piece into runs by what it takes to split them into lines: text, or bytes that are no UTF-8. */
import { isUtf8 } from 'node:buffer'
import type { Piece } from './piece-cutter.ts'

/** Consecutive lines, line ends between them but none at the end. */
export interface LineRun {
  readonly bytes: Buffer
  /** One line, stored as it is; text: valid UTF-8; bytes: anything. */
  readonly kind: 'line' | 'text' | 'bytes'
  /** Whether a carriage return stands before some newline inside. */
  readonly hasCarriageReturns: boolean
}

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
/** A run this small goes to the slower path whole: halving further costs more in statements than it saves. */
const SMALL_BYTES = 256 * 1024

export function* lineRuns(piece: Piece): Generator<LineRun> {
  if (piece.isOneLine) yield { bytes: withoutLineEnd(piece.bytes), kind: 'line', hasCarriageReturns: false }
  else yield* splitRuns(piece.bytes)
}

/** Halves at a newline until the lines that are no UTF-8 stand alone; mostly the first look is enough. */
function* splitRuns(bytes: Buffer): Generator<LineRun> {
  const run = withoutLineEnd(bytes)
  const hasCarriageReturns = run.includes('\r\n')
  if (isUtf8(run)) return yield { bytes: run, kind: 'text', hasCarriageReturns }
  const middle = bytes.length > SMALL_BYTES ? bytes.indexOf(NEWLINE, bytes.length >> 1) + 1 : 0
  if (middle === 0 || middle === bytes.length) return yield { bytes: run, kind: 'bytes', hasCarriageReturns }
  yield* splitRuns(bytes.subarray(0, middle))
  yield* splitRuns(bytes.subarray(middle))
}

/** Drops one \n and one \r before it; a \r without \n is content. */
export function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== NEWLINE) return bytes
  return bytes.subarray(0, bytes.at(-2) === CARRIAGE_RETURN ? -2 : -1)
}
