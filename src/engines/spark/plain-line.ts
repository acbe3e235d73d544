/**
 * Lines of JSON that one regex reads. Of others, what a parser does not tell of a line that it took: equal keys, escapes
 * that are no characters, and bytes that are no UTF-8.
 */
import { CHARACTER, characters, DIGIT, NUMBER } from '../../compile/java-json-regex.ts'
import { hasBadEscape } from './json-escapes.ts'
import { quoteText } from './quote-text.ts'

/** Not U+FFFD, for which a regex takes bytes that are no UTF-8. */
const OTHER_CHARACTER = '[\\x{80}-\\x{D7FF}\\x{E000}-\\x{FFFC}]'
const ESCAPE = '\\\\["\\\\/bfnrt]'
const TEXT = characters(`(?:${OTHER_CHARACTER}|${ESCAPE})`)
const VALUE = `(?:"${TEXT}"|${NUMBER}|true|false|null)`
const COMMA = '(?:, ?|(?=\\}))'
/** No character that a line of JSON can hold. */
const SEPARATOR = '\u0001'

/** How a value is taken, by Spark's type of its key: a string with the quote before it, so that an empty one is a text. */
const TAKEN: Readonly<Record<string, string>> = {
  STRING: `("${characters(OTHER_CHARACTER)})"`,
  BIGINT: `(-?(?:0|[123456789]${DIGIT}{0,17}))`,
  DOUBLE: `(${NUMBER})`,
  BOOLEAN: '(true|false)',
}

export interface PlainKeys {
  /** Spark's type of each key; the first is the time's. */
  readonly types: ReadonlyMap<string, string>
  /** Regexes of all texts of the time that are read; its zone is not taken. */
  readonly timeShape: { readonly text: string; readonly zone: string }
}

/**
 * The values of a line that is one JSON object without lists and objects in it, valid UTF-8 and free of `\u`, whose time
 * has the right shape, whose values that are taken have their types and no escapes, and which has no more of the keys
 * than each once: where each has a value, none is there twice. SQL of an array that begins with an empty text, then a
 * text a key, empty where the line has none; null for any other line. One regex shows all that and takes the values,
 * since the parser of from_json costs more than all the rest of a line's way. Loops are possessive, since Java keeps a
 * stack for others.
 */
export function takePlain(line: string, { types, timeShape }: PlainKeys): string {
  const keys = [...types.keys()]
  const all = keys.map(literal).join('|')
  const ours = [...types].map(([key, type], place) =>
    place === 0
      ? `${literal(key)}": ?"(${timeShape.text})${timeShape.zone}"`
      : `${literal(key)}": ?(?:${TAKEN[type]}|null)`,
  )
  const theirs = `(?:"(?!(?:${all})")${CHARACTER}*": ?${VALUE}${COMMA})*+`
  const pattern = `\\A\\{ ?(?:${theirs}"(?:${ours.join('|')})${COMMA}){0,${keys.length}}+${theirs}(?<![, ])\\}\\z`
  const groups = keys.map((_, index) => `${SEPARATOR}$${index + 1}`).join('')
  const taken = `regexp_replace(${line}, ${quoteText(pattern)}, ${quoteText(groups)})`
  return `CASE WHEN startswith(${line}, '{') THEN split(${taken}, ${quoteText(SEPARATOR)}) END`
}

/** A value of that array, of Spark's type; null where the line has none. The first is the time. */
export function takenValue(texts: string, place: number, type: string): string {
  const text = `get(${texts}, ${place + 1})`
  if (place === 0) return `nullif(${text}, '')`
  if (type === 'STRING') return `CASE WHEN ${text} <> '' THEN substring(${text}, 2) END`
  return `try_cast(${text} AS ${type})`
}

function literal(key: string): string {
  return key.replaceAll('.', '\\.')
}

/** Would the parser take something wrongly? Of equal keys it gives the last, and ours is the first. */
export function isOdd(line: string): string {
  const keys = `json_object_keys(${line})`
  const areEqual = `coalesce(size(array_distinct(${keys})) <> size(${keys}), TRUE)`
  return `(NOT is_valid_utf8(${line}) OR ${hasBadEscape(line)} OR ${areEqual})`
}
