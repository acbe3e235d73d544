/** The swift way to read JSON in Spark: a map of a line's top level, for lines whose values need no second look. */
import { matches } from './json-item.ts'
import { quoteText } from './quote-text.ts'
import { SURE_DIGITS } from './shortest-digits.ts'

/** What the parser would accept by itself beyond RFC 8259. */
const STRICT = `map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')`
/** How Java prints a double. */
const FRACTION = '-?[0-9]+\\.[0-9]+(?:E-?[0-9]+)?'
const SMALL_EXPONENT = 'E(?:-[1-5]|1?[0-9])'

/** An array of two maps, the second of which holds the seal; null where the parser refuses the line. */
export function swiftParse(line: string, seal: string): string {
  return `from_json(concat('[', ${line}, ',{"":"', ${seal}, '"}]'), 'array<map<string,string>>', ${STRICT})`
}

/** The map of the line, in which keys recur as often as they do in the line; null unless the seal shows its end. */
export function openSeal(maps: string, seal: string): string {
  return `CASE WHEN size(${maps}) = 2 AND try_element_at(get(${maps}, 1), '') = ${seal} THEN get(${maps}, 0) END`
}

/** The first of equal keys is found. Numbers come as Java prints them. */
export function swiftText(map: string, key: string): string {
  return `try_element_at(${map}, ${quoteText(key)})`
}

/**
 * Is the text certainly what it seems? Not if it may be an object, an array or an infinite number; nor if it is a
 * fraction of more digits than Java prints rightly, or one that the line also holds as a string.
 */
export function isPlain(text: string, line: string): string {
  const isQuoted = `contains(${line}, concat('"', ${text}, '"'))`
  const isSure = `char_length(${text}) <= ${SURE_DIGITS + 1} AND (NOT contains(${text}, 'E') OR ${text} RLIKE ${quoteText(`${SMALL_EXPONENT}\\z`)})`
  const starts = ['{', '[', '"'].map((start) => `NOT startswith(${text}, ${quoteText(start)})`)
  return `coalesce(${starts.join(' AND ')} AND CASE WHEN ${isFraction(text)} THEN ${isSure} AND NOT ${isQuoted} ELSE TRUE END, TRUE)`
}

/** Is a plain text a number with a fraction? The regex is asked last, since it costs most. */
export function isFraction(text: string): string {
  return `(contains(${text}, '.') AND right(${text}, 1) <= '9' AND ${matches(text, FRACTION)})`
}

/** A plain text in shortest decimal form: all of a sure number's digits lie within 19 before and behind the point. */
export function withoutExponent(text: string): string {
  const zeros = `trim(TRAILING '0' FROM CAST(CAST(${text} AS DECIMAL(38, 19)) AS STRING))`
  const plain = `regexp_replace(${zeros}, '\\\\.\\\\z', '.0')`
  return `CASE WHEN right(${text}, 1) <= '9' AND contains(${text}, 'E') AND ${isFraction(text)} THEN ${plain} ELSE ${text} END`
}
