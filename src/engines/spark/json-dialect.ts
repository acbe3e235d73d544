/** JSON in Spark: a quick parse for usual lines, and a careful one for what its JSON functions read otherwise. */
import type { JsonDialect } from '../../compile/format/parse-dialect.ts'
import { javaRegex } from '../../compile/java-regex.ts'
import { hasBadEscape } from './json-escapes.ts'
import { matches, readItem } from './json-item.ts'
import { isFraction, isUnsure, openSeal, swiftParse, swiftText } from './json-swift.ts'
import { quoteText } from './quote-text.ts'

type Path = readonly string[]

const HEX = '[0-9A-Fa-f]'
/** Integers of more than 64 bits, and fractions of as many digits, which look alike once they are read. */
const LONG_NUMBER = '[0-9]{19}[0-9.]'
const NEGATIVE_ZERO = '-0(?:\\.0+|[eE])'
/** Backslashes begin an escape that is neither U+0000 nor half of a surrogate pair. */
const ESCAPES = `(?:[^\\\\]|\\\\[^u]|\\\\u(?:[1-9A-CE-Fa-ce-f]${HEX}{3}|0(?:0(?:0[1-9A-Fa-f]|[1-9A-Fa-f]${HEX})|[1-9A-Fa-f]${HEX}{2})|[dD](?:[0-7]${HEX}{2}|[89ABab]${HEX}{2}\\\\u[dD][C-Fc-f]${HEX}{2})))*`
/** Strings, what stands between them, and a quote that is never closed. */
const TOKEN = '(?s)"(?:[^"\\\\]|\\\\.)*"|[^"]+|"'
const NUMBER = '-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?'
/** A number, or a token such as NaN, in a place for values. Java's own syntax. */
const VALUE = `(?<![^ \\t\\r\\n,:\\[])(?:${NUMBER}|-?(?i:nan|inf(?:inity)?))(?=[ \\t\\r\\n]*+(?:[,\\]}]|\\z))`
/** A name of this many characters is nobody's field, and longer ones make the parser give up. */
const LONGEST_KEY = 40_000
/** Digits of a token's number before each key, and the colon. */
const KEY_PREFIX = 8

export class SparkJson implements JsonDialect {
  /**
   * The parser stops at the end of the first value. So a line stands in an array with a last item that no line can
   * forge, which shows that the parser has come to the end. Columns of a slower way are null for lines that were read.
   */
  prepare(line: string, paths: readonly Path[]): Record<string, string>[] {
    const items = (item: (json: string, path: Path) => string) =>
      `array(${paths.map((path) => item('j_json', path)).join(', ')})`
    const seal = `md5(${line})`
    const mayHaveZeros = `contains(${line}, '.0')`
    return [
      ...swiftStages(line, seal, paths),
      {
        j_quick: `CASE WHEN NOT j_is_swift AND NOT ${isSuspect(line)} THEN ${sealedParse(line, 'j_seal')} END`,
      },
      { j_is_quick: `coalesce(${isSealed('j_quick', 'j_seal')}, FALSE)` },
      {
        j_tokens: `CASE WHEN NOT j_is_swift AND NOT j_is_quick AND ${matches(line, ESCAPES)} THEN ${tokens(line)} END`,
      },
      {
        j_careful: `CASE WHEN NOT array_contains(j_tokens, '"') THEN ${sealedParse(rewritten('j_tokens'), seal)} END`,
      },
      {
        j_json: `CASE WHEN j_is_quick THEN j_quick WHEN ${isSealed('j_careful', seal)} THEN j_careful END`,
      },
      {
        j_items: `CASE WHEN j_is_quick THEN ${items(quickItem)} WHEN j_json IS NOT NULL THEN ${items(carefulItem)} END`,
      },
      { j_read: `transform(j_items, v -> CASE WHEN v IS NOT NULL THEN ${readItem('v', mayHaveZeros)} END)` },
    ]
  }

  parse(_line: string): string {
    return `CASE WHEN j_is_swift OR j_json IS NOT NULL THEN TRUE END`
  }

  isObject(line: string): string {
    return `startswith(trim(LEADING ${quoteText(' \t\r\n')} FROM ${line}), '{')`
  }

  texts(_json: string, paths: readonly Path[]): string {
    if (!isFlat(paths)) return 'j_read.text'
    return `CASE WHEN j_is_swift THEN array(${paths.map((_, place) => `j_text${place}`).join(', ')}) ELSE j_read.text END`
  }

  isOdd(_line: string, _path: Path, text: string, place: number): string {
    const odd = `get(j_read, ${place}).odd`
    const either = `CASE WHEN j_is_swift THEN ${isFraction(text)} ELSE ${odd} END`
    return `coalesce(${text} IS NOT NULL AND ${either}, FALSE)`
  }

  unquote(text: string): string {
    return `try_variant_get(try_parse_json(concat('[', ${text}, ']')), '$[0]', 'string')`
  }
}

/** Only keys of the top level are in the map. */
function isFlat(paths: readonly Path[]): boolean {
  return paths.every(({ length }) => length === 1)
}

/** `j_seal`, `j_is_swift` and the texts at flat paths. */
function swiftStages(line: string, seal: string, paths: readonly Path[]): Record<string, string>[] {
  const j_seal = `CASE WHEN contains(${line}, ']') THEN ${seal} ELSE '' END`
  if (!isFlat(paths)) return [{ j_seal, j_is_swift: 'FALSE' }]
  const texts = Object.fromEntries(paths.map(([key], place) => [`j_text${place}`, swiftText('j_map', key!)]))
  const areSure = Object.keys(texts).map((text) => `NOT ${isUnsure(text, line)}`)
  return [
    { j_seal },
    { j_maps: `CASE WHEN NOT ${hasBadEscape(line)} THEN ${swiftParse(line, 'j_seal')} END` },
    { j_map: openSeal('j_maps', 'j_seal') },
    texts,
    { j_is_swift: ['j_map IS NOT NULL', ...areSure].join(' AND ') },
  ]
}

/** Would the quick parse take something wrongly? */
function isSuspect(line: string): string {
  const tests = [
    hasBadEscape(line),
    `contains(${line}, '-0') AND ${line} RLIKE ${quoteText(NEGATIVE_ZERO)}`,
    `${line} RLIKE ${quoteText(LONG_NUMBER)}`,
  ]
  return `(${tests.join(' OR ')})`
}

function sealedParse(json: string, seal: string): string {
  return `try_parse_json(concat('[', ${json}, ',"', ${seal}, '"]'))`
}

function isSealed(json: string, seal: string): string {
  return `try_variant_get(${json}, '$[1]', 'string') = ${seal} AND try_variant_get(${json}, '$[2]') IS NULL`
}

function tokens(line: string): string {
  return `regexp_extract_all(${line}, ${quoteText(javaRegex(TOKEN))}, 0)`
}

/** Every key with the number of its token before it, which makes equal keys different; every number as a string. */
function rewritten(list: string): string {
  const isKey = `get(${list}, i + 1) RLIKE ${quoteText('\\A[ \\t\\r\\n]*+:')}`
  const name = `CASE WHEN char_length(t) > ${LONGEST_KEY} THEN '"' ELSE substring(t, 2) END`
  const key = `concat('"', lpad(CAST(i AS STRING), ${KEY_PREFIX - 1}, '0'), ':', ${name})`
  const value = `regexp_replace(t, ${quoteText(VALUE)}, ${quoteText('"\\\\u0000#$0"')})`
  const token = `CASE WHEN NOT startswith(t, '"') THEN ${value} WHEN ${isKey} THEN ${key} ELSE t END`
  return `array_join(transform(${list}, (t, i) -> ${token}), '')`
}

/** A path's syntax has no escapes; a key with quotes of both kinds is looked up in a map. */
function quickItem(json: string, path: Path): string {
  let from = json
  let steps = '$[0]'
  for (const key of path) {
    const quote = [`"`, `'`].find((mark) => !key.includes(mark))
    if (quote) steps += `[${quote}${key}${quote}]`
    else {
      from = `try_element_at(try_variant_get(${from}, ${quoteText(steps)}, 'map<string,variant>'), ${quoteText(key)})`
      steps = '$'
    }
  }
  return `try_variant_get(${from}, ${quoteText(steps)})`
}

/** Of equal keys the one with the smallest number. */
function carefulItem(json: string, path: Path): string {
  return path.reduce((from, key, depth) => {
    const isName = `substring(k, ${KEY_PREFIX + 1}) = ${quoteText(key)}`
    const first = `try_element_at(m, array_min(filter(map_keys(m), k -> ${isName})))`
    return `transform(array(try_variant_get(${from}, '${depth === 0 ? '$[0]' : '$'}', 'map<string,variant>')), m -> ${first})[0]`
  }, json)
}
