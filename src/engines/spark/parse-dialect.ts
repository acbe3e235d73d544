/** How Spark reads lines. */
import type { ParseDialect } from '../../compile/format/parse-dialect.ts'
import { javaRegex } from '../../compile/java-regex.ts'
import { bindValue } from './bind-value.ts'
import { SparkJson } from './json-dialect.ts'
import { isoMillis, isoShape } from './quick-time.ts'
import { quoteText } from './quote-text.ts'

const LARGEST_DOUBLE = "CAST('1.7976931348623157e308' AS DOUBLE)"
/** Texts are free of it wherever groups are asked for. */
const SEPARATOR = '\0'

export class SparkParse implements ParseDialect {
  readonly json = new SparkJson()
  #depth = 0

  binaryLength(raw: string): string {
    return `octet_length(${raw})`
  }

  decodeText(raw: string): string {
    return `try_validate_utf8(CAST(${raw} AS STRING))`
  }

  textLength(text: string): string {
    return `octet_length(${text})`
  }

  hasNul(text: string): string {
    return this.contains(text, '\0')
  }

  contains(text: string, literal: string): string {
    return `contains(${text}, ${quoteText(literal)})`
  }

  startsWith(text: string, literal: string): string {
    return `startswith(${text}, ${quoteText(literal)})`
  }

  /** Places must be 32-bit integers. */
  substring(text: string, start: number | string, length?: number | string): string {
    const place = (value: number | string) => (typeof value === 'number' ? value : `CAST(${value} AS INT)`)
    const parts = [text, place(start), ...(length === undefined ? [] : [place(length)])]
    return `substring(${parts.join(', ')})`
  }

  fullMatch(text: string, regex: string): string {
    return `(${text} RLIKE ${quoteText(javaRegex(`\\A(?:${regex})\\z`))})`
  }

  /** One match gives all groups, joined; where there is none, the second choice gives as many empty ones. */
  groups(text: string, regex: string, names: readonly string[]): string {
    const whole = `(?:${javaRegex(regex)})|\\A[\\s\\S]*+\\z`
    const all = names.map((_, index) => `$${index + 1}`).join(SEPARATOR)
    const joined = `regexp_replace(${text}, ${quoteText(whole)}, ${quoteText(all)})`
    return `split(${joined}, ${quoteText(SEPARATOR)}, -1)`
  }

  group(record: string, name: string, names: readonly string[]): string {
    return `get(${record}, ${names.indexOf(name)})`
  }

  allMatches(text: string, regex: string, group: number): string {
    return `regexp_extract_all(${text}, ${quoteText(javaRegex(regex))}, ${group})`
  }

  upper(text: string): string {
    return `upper(${text})`
  }

  trimZeros(text: string): string {
    return `trim(LEADING '0' FROM ${text})`
  }

  codePoints(text: string): string {
    return `char_length(${text})`
  }

  replaceAll(text: string, literal: string, replacement: string): string {
    return `replace(${text}, ${quoteText(literal)}, ${quoteText(replacement)})`
  }

  split(text: string, separator: string): string {
    return `split(${text}, ${quoteText(separator.replace(/[^A-Za-z0-9]/g, '\\$&'))}, -1)`
  }

  item(list: string, place: number | string): string {
    return `get(${list}, ${typeof place === 'number' ? place - 1 : `CAST(${place} AS INT) - 1`})`
  }

  listLength(list: string): string {
    return `size(${list})`
  }

  place(list: string, literal: string): string {
    return `array_position(${list}, ${quoteText(literal)})`
  }

  listOf(literals: readonly string[]): string {
    return `array(${literals.map(quoteText).join(', ')})`
  }

  integerOf(text: string): string {
    return `try_cast(${text} AS BIGINT)`
  }

  bind(value: string, body: (name: string) => string): string {
    const name = `b${this.#depth++}`
    const inner = body(name)
    this.#depth--
    return bindValue(value, name, inner)
  }

  divide(dividend: string, divisor: number): string {
    return `(${dividend} div ${divisor})`
  }

  tryInteger(text: string): string {
    return `try_cast(${text} AS BIGINT)`
  }

  tryFloat(text: string): string {
    return `try_cast(${text} AS DOUBLE)`
  }

  isFinite(float: string): string {
    return `abs(${float}) <= ${LARGEST_DOUBLE}`
  }

  /** Only plain numbers of few digits: an exponent could ask for more digits than memory holds. */
  tryDecimal(text: string, scale: number): string {
    const plain = `CASE WHEN ${this.fullMatch(text, '-?[0-9]{1,19}(?:\\.[0-9]{1,19})?')} THEN ${text} END`
    return `try_cast(${plain} AS DECIMAL(18, ${scale}))`
  }

  scaled(decimal: string, scale: number): string {
    return `CAST(${decimal} * CAST(1${'0'.repeat(scale)} AS DECIMAL(${scale + 1}, 0)) AS BIGINT)`
  }

  isPrinted(text: string, value: string): string {
    return `CAST(${value} AS STRING) = ${text}`
  }

  /** Spark interprets what stands in a lambda. As Java of its own, the branches make a method too long to be compiled. */
  lookUp(value: string, body: (name: string) => string): string {
    return this.bind(value, body)
  }

  quickIso(text: string): string {
    return `CASE WHEN ${this.fullMatch(text, isoShape(true))} AND ${text} >= '0001' THEN ${isoMillis(text)} END`
  }
}
