/** JSON in Spark: a quick parse for usual lines, and a careful one for what its JSON functions read otherwise. */
import type { JsonDialect } from '../../compile/format/parse-dialect.ts'
import { javaRegex } from '../../compile/java-regex.ts'
import { doubleText, isShortest } from './json-number.ts'
import { quoteText } from './quote-text.ts'

type Path = readonly string[]

const HEX = '[0-9A-Fa-f]'
/**
 * What the quick parse would take wrongly: integers of more than 64 bits beside fractions of as many digits, a
 * negative zero, U+0000, and halves of surrogate pairs.
 */
const SUSPECT = '[0-9]{19}[0-9.]|-0(?:\\.0+|[eE])|\\\\u(?:0000|[dD][89a-fA-F])'
/** Backslashes begin an escape that is neither U+0000 nor half of a surrogate pair. */
const ESCAPES = `(?:[^\\\\]|\\\\[^u]|\\\\u(?:[1-9A-CE-Fa-ce-f]${HEX}{3}|0(?:0(?:0[1-9A-Fa-f]|[1-9A-Fa-f]${HEX})|[1-9A-Fa-f]${HEX}{2})|[dD](?:[0-7]${HEX}{2}|[89ABab]${HEX}{2}\\\\u[dD][C-Fc-f]${HEX}{2})))*`
/** Strings, what stands between them, and a quote that is never closed. */
const TOKEN = '(?s)"(?:[^"\\\\]|\\\\.)*"|[^"]+|"'
const NUMBER = '-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?'
/** A number, or a token such as NaN, in a place for values. Java's own syntax. */
const VALUE = `(?<![^ \\t\\r\\n,:\\[])(?:${NUMBER}|-?(?i:nan|inf(?:inity)?))(?=[ \\t\\r\\n]*+(?:[,\\]}]|\\z))`
/** Begins the string that stands for such a token in the careful parse; no other string holds U+0000. */
const MARK = '\0#'
/** Texts whose type must be known; a whole number may have been written with a fraction of zeros. */
const TYPED = '(?s)[{\\[\\x00].*|-?(?:[0-9]+\\.[0-9]+(?:E-?[0-9]+)?|Infinity)'
const WHOLE = '-?[0-9]+'
/** A name of this many characters is nobody's field, and longer ones make the parser give up. */
const LONGEST_KEY = 40_000
/** Digits of a token's number before each key, and the colon. */
const KEY_PREFIX = 8

const matches = (text: string, regex: string) => `${text} RLIKE ${quoteText(javaRegex(`\\A(?:${regex})\\z`))}`

export class SparkJson implements JsonDialect {
  /**
   * The parser stops at the end of the first value. So a line stands in an array with a last item that no line can
   * forge, which shows that the parser has come to the end.
   */
  prepare(line: string, paths: readonly Path[]): Record<string, string>[] {
    const entries = (column: (path: Path, place: number) => [string, string]) =>
      Object.fromEntries(paths.map(column))
    return [
      {
        j_suspect: `${line} RLIKE ${quoteText(SUSPECT)}`,
        j_seal: `CASE WHEN contains(${line}, ']') THEN md5(${line}) ELSE '' END`,
      },
      { j_quick: `CASE WHEN NOT j_suspect THEN ${sealedParse(line, 'j_seal')} END` },
      { j_is_quick: `coalesce(${isSealed('j_quick', 'j_seal')}, FALSE)` },
      { j_tokens: `CASE WHEN NOT j_is_quick AND ${matches(line, ESCAPES)} THEN ${tokens(line)} END` },
      {
        j_careful: `CASE WHEN NOT array_contains(j_tokens, '"') THEN ${sealedParse(rewritten('j_tokens'), `md5(${line})`)} END`,
      },
      {
        j_json: `CASE WHEN j_is_quick THEN j_quick WHEN ${isSealed('j_careful', `md5(${line})`)} THEN j_careful END`,
      },
      entries((path, place) => [
        `j_far${place}`,
        `CASE WHEN NOT j_is_quick THEN ${carefulItem('j_json', path)} END`,
      ]),
      entries((path, place) => [
        `j_raw${place}`,
        `CASE WHEN j_is_quick THEN ${quickItem('j_json', path, 'string')} ELSE try_variant_get(j_far${place}, '$', 'string') END`,
      ]),
      entries((path, place) => [`j_type${place}`, itemType(line, path, place)]),
      entries((_, place) => [`j_number${place}`, longNumber(place)]),
      { j_doubles: doubleTexts(paths.map((_, place) => place)) },
    ]
  }

  parse(_line: string): string {
    return 'j_json'
  }

  isObject(line: string): string {
    return `startswith(trim(LEADING ${quoteText(' \t\r\n')} FROM ${line}), '{')`
  }

  texts(_json: string, paths: readonly Path[]): string {
    return `array(${paths.map((_, place) => itemText(place)).join(', ')})`
  }

  isOdd(_line: string, _path: Path, text: string, place: number): string {
    const type = `j_type${place}`
    const isInteger = `${type} IN ('RAW', 'BIGINT') OR ${type} LIKE 'DECIMAL%'`
    return `CASE WHEN ${type} IS NULL OR ${type} = 'STRING' OR ${text} IS NULL THEN FALSE WHEN ${isInteger} THEN NOT ${matches(text, WHOLE)} ELSE TRUE END`
  }

  unquote(text: string): string {
    return `try_variant_get(try_parse_json(concat('[', ${text}, ']')), '$[0]', 'string')`
  }
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
function quickItem(json: string, path: Path, type: string): string {
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
  return `try_variant_get(${from}, ${quoteText(steps)}, '${type}')`
}

/** Of equal keys the one with the smallest number. */
function carefulItem(json: string, path: Path): string {
  return path.reduce((from, key, depth) => {
    const isName = `substring(k, ${KEY_PREFIX + 1}) = ${quoteText(key)}`
    const first = `try_element_at(m, array_min(filter(map_keys(m), k -> ${isName})))`
    return `transform(array(try_variant_get(${from}, '${depth === 0 ? '$[0]' : '$'}', 'map<string,variant>')), m -> ${first})[0]`
  }, json)
}

function itemType(line: string, path: Path, place: number): string {
  const raw = `j_raw${place}`
  const isTyped = `${matches(raw, TYPED)} OR contains(${line}, '.0') AND ${matches(raw, WHOLE)}`
  const isMarked = `startswith(${raw}, ${quoteText(MARK)})`
  const careful = `CASE WHEN ${isMarked} THEN 'RAW' ELSE schema_of_variant(j_far${place}) END`
  const quick = `schema_of_variant(${quickItem('j_json', path, 'variant')})`
  return `CASE WHEN ${isTyped} THEN CASE WHEN j_is_quick THEN ${quick} ELSE ${careful} END END`
}

/** The number's text where its double must be looked at: of all but integers and short decimals. */
function longNumber(place: number): string {
  const raw = `j_raw${place}`
  const type = `j_type${place}`
  const token = `substring(${raw}, ${MARK.length + 1})`
  const whens = [
    `WHEN ${type} IS NULL OR ${type} IN ('STRING', 'BIGINT') THEN NULL`,
    `WHEN ${type} = 'RAW' THEN CASE WHEN NOT ${matches(token, `${WHOLE}|-?[A-Za-z]+`)} THEN ${token} END`,
    `WHEN ${type} = 'DOUBLE' OR ${type} LIKE 'DECIMAL%' AND NOT ${isShortest(raw)} AND NOT ${isLongInteger(raw)} THEN ${raw}`,
  ]
  return `CASE ${whens.join(' ')} END`
}

function doubleTexts(places: readonly number[]): string {
  const numbers = places.map((place) => `j_number${place}`).join(', ')
  return `CASE WHEN coalesce(${numbers}) IS NOT NULL THEN transform(array(${numbers}), number -> ${doubleText('number')}) END`
}

function itemText(place: number): string {
  const raw = `j_raw${place}`
  const type = `j_type${place}`
  const token = `substring(${raw}, ${MARK.length + 1})`
  const whens = [
    `WHEN ${type} IS NULL OR ${type} IN ('STRING', 'BIGINT') THEN ${raw}`,
    `WHEN j_number${place} IS NOT NULL THEN get(j_doubles, ${place})`,
    `WHEN ${type} = 'RAW' THEN CASE WHEN ${token} = '-0' THEN '0' ELSE ${token} END`,
    `WHEN ${type} LIKE 'DECIMAL%' AND NOT contains(${raw}, '.') AND NOT ${isLongInteger(raw)} THEN concat(${raw}, '.0')`,
  ]
  return `CASE ${whens.join(' ')} ELSE ${raw} END`
}

/** Of decimals without a fraction only integers have so many digits: suspect lines are not read quickly. */
function isLongInteger(raw: string): string {
  return matches(raw, '-?[0-9]{19,}')
}
