/**
 * What a parser of JSON does not tell of a line that it took: equal keys, escapes that are no characters, bytes that are
 * no UTF-8, and text behind the object.
 */
import { hasBadEscape } from './json-escapes.ts'
import { quoteText } from './quote-text.ts'

/** All of ASCII that a string may hold as it is, each by itself: Java tests such a class by one look at a table. */
const CHARACTER = `[${Array.from({ length: 95 }, (_, place) => String.fromCharCode(32 + place))
  .filter((character) => character !== '"' && character !== '\\')
  .map((character) => ('[]^&-'.includes(character) ? `\\${character}` : character))
  .join('')}]`
/** Not U+FFFD, for which a regex takes bytes that are no UTF-8. */
const OTHER_CHARACTER = '(?:[\\x{80}-\\x{D7FF}\\x{E000}-\\x{FFFC}]|\\\\[^u])'
const VALUE = `(?:"${CHARACTER}*(?:${OTHER_CHARACTER}${CHARACTER}*)*+")?+[+\\-.0-9Ea-z]*`

export interface PlainKeys {
  readonly time: string
  /** A regex of all texts of the time that are read. */
  readonly timeShape: string
  /** Of the fields. */
  readonly others: readonly string[]
}

/**
 * Is a line that begins with a JSON object just that object, without lists and objects in it, valid UTF-8 and free of
 * `\u`; is the time's text of the right shape, and are there no more of the keys than each once? Where each key has a
 * value, none is there twice. Loops are possessive, since Java keeps a stack for others.
 */
export function isPlain(line: string, { time, timeShape, others }: PlainKeys): string {
  const literal = (key: string) => key.replaceAll('.', '\\.')
  const fields = others.filter((key) => key !== time).map(literal)
  const all = [literal(time), ...fields].join('|')
  const ours = [
    `${literal(time)}": ?"(?:${timeShape})"`,
    ...(fields.length > 0 ? [`(?:${fields.join('|')})": ?${VALUE}`] : []),
  ].join('|')
  const theirs = `(?:"(?!(?:${all})")${CHARACTER}*": ?${VALUE},?+ ?+)*+`
  const pattern = `\\A\\{ ?+(?:${theirs}"(?:${ours}),?+ ?+){0,${fields.length + 1}}+${theirs}\\}\\z`
  return `coalesce(${line} RLIKE ${quoteText(pattern)}, FALSE)`
}

/** Would the parser take something wrongly? Of equal keys it gives the last, and ours is the first. */
export function isOdd(line: string): string {
  const keys = `json_object_keys(${line})`
  const areEqual = `coalesce(size(array_distinct(${keys})) <> size(${keys}), TRUE)`
  return `(NOT is_valid_utf8(${line}) OR ${hasBadEscape(line)} OR ${areEqual})`
}
