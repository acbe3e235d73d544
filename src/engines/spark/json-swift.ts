/** The swift way to read JSON in Spark: a map of a line's top level, for lines whose values need no second look. */
import { matches } from './json-item.ts'
import { quoteText } from './quote-text.ts'
import { SURE_DIGITS } from './shortest-digits.ts'

/** What the parser would accept by itself beyond RFC 8259. */
export const STRICT = `map('allowSingleQuotes', 'false', 'allowNonNumericNumbers', 'false')`
/** How Java prints a double. */
const FRACTION = '-?[0-9]+\\.[0-9]+(?:E-?[0-9]+)?'

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
 * Is the text not certainly what it seems? It may be an object, an array or an infinite number; or a fraction that
 * Java may print otherwise than in shortest form, or that the line holds as a string too, perhaps escaped. Brief, since a method that
 * looks at many fields may become longer than the JVM compiles.
 */
export function isUnsure(text: string, line: string): string {
  const starts = ['{', '[', '"'].map((start) => start.charCodeAt(0)).join(', ')
  const isQuoted = `contains(${line}, concat('"', ${text}, '"')) OR contains(${line}, ${quoteText('\\u')})`
  const isDoubtful = `char_length(${text}) > ${SURE_DIGITS + 1} OR contains(${text}, 'E') OR ${isQuoted}`
  return `coalesce(ascii(${text}) IN (${starts}) OR ${isFraction(text)} AND (${isDoubtful}), FALSE)`
}

/** Is a sure text a number with a fraction? The regex is asked last, since it costs most. */
export function isFraction(text: string): string {
  return `contains(${text}, '.') AND right(${text}, 1) <= '9' AND ${matches(text, FRACTION)}`
}
