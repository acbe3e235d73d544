/** The head of a file as whole lines of text. */
import { MillraceError } from '../../core/error.ts'

/** The first bytes of a file, already decompressed. `modifiedMs` dates stamps that carry no year. */
export interface Sample {
  readonly name: string
  readonly head: Uint8Array
  readonly modifiedMs?: number
}

const MAX_LINES = 5000
/** Beyond this share of broken characters the file is taken for binary. */
const MAX_BROKEN = 0.05

/** Control characters of texts; terminals' colours start with escape. */
const ORDINARY: ReadonlySet<string> = new Set(['\t', '\r', '\n', '\u001b'])

/** Lines that hold something, without the last one when it may be cut. */
export function sampleLines({ name, head }: Sample): string[] {
  const text = new TextDecoder('utf-8').decode(head)
  const odd = text.match(/[\uFFFD\p{Cc}]/gu) ?? []
  const broken = odd.filter((character) => !ORDINARY.has(character)).length
  if (text.includes('\0') || broken > text.length * MAX_BROKEN)
    throw new MillraceError('SNIFF_BINARY_FILE', { file: name })
  const lines = text.split(/\r?\n/)
  if (lines.length > 1) lines.pop()
  const whole = lines.filter((line) => line.trim() !== '' && !line.includes('\uFFFD')).slice(0, MAX_LINES)
  if (whole.length === 0) throw new MillraceError('SNIFF_EMPTY_FILE', { file: name })
  return whole
}
