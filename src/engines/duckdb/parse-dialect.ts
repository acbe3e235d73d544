/** How DuckDB reads lines: what is vectorised there, and the guards its own defaults need. */
import type { ParseDialect } from '../../compile/format/parse-dialect.ts'
import { DuckdbJson } from './json-dialect.ts'

export class DuckdbParse implements ParseDialect {
  readonly #quote: (text: string) => string
  readonly json: DuckdbJson
  #depth = 0

  constructor(quoteText: (text: string) => string, json = new DuckdbJson(quoteText)) {
    this.#quote = quoteText
    this.json = json
  }

  binaryLength(raw: string): string {
    return `octet_length(${raw})`
  }

  /** Not `decode(…, 'ignore')`, which keeps overlong forms, surrogates and cut sequences as they are. */
  decodeText(raw: string): string {
    return `TRY(decode(${raw}))`
  }

  textLength(text: string): string {
    return `strlen(${text})`
  }

  hasNul(text: string): string {
    return `contains(${text}, chr(0))`
  }

  contains(text: string, literal: string): string {
    return `contains(${text}, ${this.#quote(literal)})`
  }

  startsWith(text: string, literal: string): string {
    return `starts_with(${text}, ${this.#quote(literal)})`
  }

  substring(text: string, start: number | string, length?: number | string): string {
    return length === undefined ? `substr(${text}, ${start})` : `substr(${text}, ${start}, ${length})`
  }

  fullMatch(text: string, regex: string): string {
    return `regexp_full_match(${text}, ${this.#quote(regex)})`
  }

  groups(text: string, regex: string, names: readonly string[]): string {
    return `regexp_extract(${text}, ${this.#quote(regex)}, ${this.listOf(names)})`
  }

  group(record: string, name: string): string {
    return `${record}.${name}`
  }

  allMatches(text: string, regex: string, group: number): string {
    return `regexp_extract_all(${text}, ${this.#quote(regex)}, ${group})`
  }

  upper(text: string): string {
    return `upper(${text})`
  }

  trimZeros(text: string): string {
    return `ltrim(${text}, '0')`
  }

  codePoints(text: string): string {
    return `length(${text})`
  }

  replaceAll(text: string, literal: string, replacement: string): string {
    return `replace(${text}, ${this.#quote(literal)}, ${this.#quote(replacement)})`
  }

  split(text: string, separator: string): string {
    return `string_split(${text}, ${this.#quote(separator)})`
  }

  item(list: string, place: number | string): string {
    return `${list}[${place}]`
  }

  listLength(list: string): string {
    return `len(${list})`
  }

  place(list: string, literal: string): string {
    return `list_position(${list}, ${this.#quote(literal)})`
  }

  listOf(literals: readonly string[]): string {
    return `[${literals.map(this.#quote).join(', ')}]`
  }

  integerOf(text: string): string {
    return `TRY_CAST(${text} AS BIGINT)`
  }

  bind(value: string, body: (name: string) => string): string {
    const name = `b${this.#depth++}`
    const inner = body(name)
    this.#depth--
    return `list_transform([${value}], lambda ${name}: ${inner})[1]`
  }

  divide(dividend: string, divisor: number): string {
    return `(${dividend} // ${divisor})`
  }

  tryInteger(text: string): string {
    return `TRY_CAST(${text} AS BIGINT)`
  }

  tryFloat(text: string): string {
    return `TRY_CAST(${text} AS DOUBLE)`
  }

  isFinite(float: string): string {
    return `isfinite(${float})`
  }

  tryDecimal(text: string, scale: number): string {
    return `TRY_CAST(${text} AS DECIMAL(18, ${scale}))`
  }

  /** A product of decimals fails beyond 18 digits, so large values go through their text, which has all digits. */
  scaled(decimal: string, scale: number): string {
    if (scale === 0) return `CAST(${decimal} AS BIGINT)`
    const byText = `CAST(replace(CAST(${decimal} AS VARCHAR), '.', '') AS BIGINT)`
    if (scale > 6) return byText
    const limit = 10 ** (18 - 2 * scale) - 1
    const product = `CAST(${decimal} * 1${'0'.repeat(scale)}::DECIMAL(${scale + 1}, 0) AS BIGINT)`
    return `CASE WHEN ${decimal} BETWEEN -${limit} AND ${limit} THEN ${product} ELSE ${byText} END`
  }

  isPrinted(text: string, value: string): string {
    return `CAST(${value} AS VARCHAR) = ${text}`
  }

  /** A branch that no value takes costs nothing. */
  lookUp(value: string, body: (name: string) => string): string {
    return body(value)
  }

  /**
   * A cast does most of the work, with DuckDB's own leniencies kept out: the commonest shape by GLOB, with digits
   * where the cast takes white space or a sign too, and not 24:00; others by a regex. The cast passes over offsets.
   */
  quickIso(text: string): string {
    const shape = `${text} GLOB '[0-9]???-??-??T[0-9]?:??:??.???Z' AND ${text} >= '0001'`
    const isHour = `NOT suffix(${text}, 'T24:00:00.000Z')`
    const date = '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]'
    const time = '(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?'
    const other = `${this.fullMatch(text, `${date}${time}Z?`)} AND ${text} >= '0001'`
    const dotted = `CASE WHEN contains(${text}, ',') THEN replace(${text}, ',', '.') ELSE ${text} END`
    const micros = `epoch_us(TRY_CAST(${dotted} AS TIMESTAMP))`
    return `CASE WHEN ${shape} AND ${isHour} THEN epoch_ms(TRY_CAST(${text} AS TIMESTAMP)) WHEN ${other} THEN ${this.divide(`(${micros} - (${micros} % 1000 + 1000) % 1000)`, 1000)} END`
  }
}

/** Trusts that every line is UTF-8, as TrustingJson trusts that it is JSON. */
export class TrustingParse extends DuckdbParse {
  override decodeText(raw: string): string {
    return `decode(${raw})`
  }
}
