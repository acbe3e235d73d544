/** What an engine must be able to say, in SQL, for lines to be parsed alike on every engine. */
import type { SqlDialect } from '../sql-dialect.ts'

/** An engine's dialect: expressions and parsing meet in one object. */
export type EngineDialect = SqlDialect & { readonly parse: ParseDialect }

/**
 * Every method gives SQL. Arguments are SQL too, save those named literal, separator, replacement, regex and
 * name, which are plain text that the dialect quotes. No result may fail at run time whatever the data: what
 * cannot be computed is null. Regular expressions are RE2 with the ASCII meaning that src/expression gives them.
 */
export interface ParseDialect {
  /** Bytes of a binary value. */
  binaryLength(raw: string): string
  /** The text of binary UTF-8 (RFC 3629); null where it is invalid. */
  decodeText(raw: string): string
  /** Bytes of a text's UTF-8. */
  textLength(text: string): string
  /** Is U+0000 in the text? */
  hasNul(text: string): string
  contains(text: string, literal: string): string
  startsWith(text: string, literal: string): string
  /** `length` code points from `start`, the first being 1. Both are numbers or SQL. */
  substring(text: string, start: number | string, length?: number | string): string
  /** Does the whole text match? */
  fullMatch(text: string, regex: string): string
  /** A record of the regex's capturing groups in order, from the first match; all empty when there is none. */
  groups(text: string, regex: string, names: readonly string[]): string
  /** `names` are those that the record was made with. */
  group(record: string, name: string, names: readonly string[]): string
  /** The given group of every match, in order, as a list. */
  allMatches(text: string, regex: string, group: number): string
  upper(text: string): string
  /** Without leading zeros. */
  trimZeros(text: string): string
  /** Number of code points. */
  codePoints(text: string): string
  replaceAll(text: string, literal: string, replacement: string): string
  split(text: string, separator: string): string
  /** The item at a place, the first being 1; null outside. */
  item(list: string, place: number | string): string
  listLength(list: string): string
  /** Place of the first equal item, null or 0 when there is none. */
  place(list: string, literal: string): string
  listOf(literals: readonly string[]): string
  /** The 64-bit integer of ASCII digits; null for the empty text and for what does not fit. */
  integerOf(text: string): string
  /** `body` with a name that stands for `value`, so that it is computed once, and only where it is needed. */
  bind(value: string, body: (name: string) => string): string
  /** Division of integers, truncated. */
  divide(dividend: string, divisor: number): string
  /** A cast that may take more spellings than the rules allow: the caller looks at the text too. */
  tryInteger(text: string): string
  /** The same for a double; infinite where the number is too large. */
  tryFloat(text: string): string
  isFinite(float: string): string
  /**
   * The same for a decimal of 18 digits; of `-?digits[.digits]` it must be the exact value, rounded half away
   * from zero, or null.
   */
  tryDecimal(text: string, scale: number): string
  /** The decimal times 10^scale, as an integer. */
  scaled(decimal: string, scale: number): string
  /** Is the text just what the engine prints for the value? */
  isPrinted(text: string, value: string): string
  readonly json: JsonDialect
  /** `body` with a name for `value`, for a body of hundreds of branches of which a value takes few. */
  lookUp(value: string, body: (name: string) => string): string
  /**
   * A quicker way to read ISO stamps that end in `Z` or have no offset: the date and time in ms, as if in UTC, of those
   * texts it is sure of, null for all others. It accepts nothing that the closed regex refuses.
   */
  quickIso?(text: string): string
}

/** JSON as RFC 8259 has it; see docs/formats.md for the rules. */
export interface JsonDialect {
  /**
   * Columns, stage by stage, that the other methods may read by their names; for engines that have no single
   * expression for what is asked. Paths are known by their places in `paths`.
   */
  prepare?(line: string, paths: readonly (readonly string[])[]): readonly Readonly<Record<string, string>>[]
  /** The parsed line, or null when it is no JSON by the rules. */
  parse(line: string): string
  isObject(line: string): string
  /** The values at all paths as a list of texts: strings unescaped, other values as compact JSON, null for null. */
  texts(json: string, paths: readonly (readonly string[])[]): string
  /** Must a `string` field refuse the value that gave `text`? Objects, arrays, and numbers that are no integers. */
  isOdd(line: string, path: readonly string[], text: string, place: number): string
  /** The string's value of a JSON string with its quotes. */
  unquote(text: string): string
}
