/** Maps offsets in a YAML scalar's value to offsets in the file, through quotes, escapes and folding. */
import type { Scalar } from 'yaml'

const BLANK = /[ \t\r\n]/

/**
 * Offset in `source` of every UTF-16 unit of the scalar's value, and of its end. Exact for every character that
 * is not white space; a blank made by folding stands at the line end that it came from.
 */
export function scalarOffsets(source: string, scalar: Scalar): number[] {
  const value = String(scalar.value)
  const [start, end] = scalar.range ?? [0, 0]
  const style = STYLES[scalar.type ?? 'PLAIN'] ?? plainUnit
  let at = scalar.type?.startsWith('BLOCK') ? headerEnd(source, start) : start
  if (scalar.type?.startsWith('QUOTE')) at += 1
  const offsets: number[] = []
  while (offsets.length < value.length && at < end) {
    const unit = style(source, at, value[offsets.length] as string)
    for (let i = 0; i < unit.values; i++) offsets.push(unit.at)
    at = unit.next
  }
  while (offsets.length <= value.length) offsets.push(Math.min(at, end))
  return offsets
}

/** How one or more units of the value are written: where, where the next starts, and how many units they are. */
interface Unit {
  readonly at: number
  readonly next: number
  readonly values: number
}

type ReadUnit = (source: string, at: number, expected: string) => Unit

/** Line ends and indentation are skipped before a character; a blank takes one blank of the source. */
const plainUnit: ReadUnit = (source, at, expected) => {
  if (BLANK.test(expected)) return { at, next: BLANK.test(source[at] ?? '') ? at + 1 : at, values: 1 }
  const found = skipBlanks(source, at)
  return { at: found, next: found + 1, values: 1 }
}

const singleQuotedUnit: ReadUnit = (source, at, expected) => {
  const unit = plainUnit(source, at, expected)
  return expected === "'" ? { ...unit, next: unit.next + 1 } : unit
}

const ESCAPE_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

const doubleQuotedUnit: ReadUnit = (source, at, expected) => {
  const found = BLANK.test(expected) ? at : skipBlanks(source, at)
  if (source[found] !== '\\') return plainUnit(source, at, expected)
  const kind = source[found + 1] ?? ''
  if (kind === '\n' || kind === '\r') return { at: found, next: skipBlanks(source, found + 1), values: 0 }
  const digits = ESCAPE_DIGITS[kind] ?? 0
  const code = digits > 0 ? Number.parseInt(source.slice(found + 2, found + 2 + digits), 16) : 0
  return { at: found, next: found + 2 + digits, values: code > 0xffff ? 2 : 1 }
}

const STYLES: Readonly<Record<string, ReadUnit>> = {
  QUOTE_SINGLE: singleQuotedUnit,
  QUOTE_DOUBLE: doubleQuotedUnit,
}

function skipBlanks(source: string, at: number): number {
  let next = at
  while (next < source.length && BLANK.test(source[next] as string)) next++
  return next
}

function headerEnd(source: string, at: number): number {
  const lineEnd = source.indexOf('\n', at)
  return lineEnd < 0 ? source.length : lineEnd + 1
}
