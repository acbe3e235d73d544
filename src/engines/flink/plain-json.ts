/**
 * One regular expression (java.util.regex) that walks over a line of JSON: all that is there, from the first brace to
 * the last, is shown to be plain, and the members that are wanted are taken. What is plain has no objects inside and no
 * doubt about any of our rules (docs/formats.md). Every repeat of a group is possessive, which Java runs as a loop: a long
 * line cannot exhaust its stack.
 */

import { characters, NUMBER } from '../../compile/java-json-regex.ts'

/** Not U+FFFD, which stands where bytes are no UTF-8. */
const OTHER_CHARACTER = '[\\x{80}-\\x{D7FF}\\x{E000}-\\x{FFFC}\\x{10000}-\\x{10FFFF}]'
/** Neither U+0000 nor a half of a surrogate pair. */
const ESCAPE = '\\\\(?:["\\\\/bfnrt]|u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})'
const SCALAR = `(?:"${characters(`(?:${OTHER_CHARACTER}|${ESCAPE})`)}"|${NUMBER}|true|false|null)`
const ARRAY = `\\[(?:${SCALAR}(?:, ?${SCALAR})*+)?+\\]`

/** Regexes of the tokens that a field takes. */
export interface Token {
  /** Those without quotes, besides null. */
  readonly bare: string
  /** The text between quotes. */
  readonly quoted: string
}

/** No token at all. */
export const NOTHING = '(?!)'
/** Any text without escapes. */
export const TEXT = characters(OTHER_CHARACTER)
/** What a line ends with, where all of it was walked over. */
export const END = '}'

/** Keys that stand in a line as they are, and in a regex but for their points. */
export function isFindable(key: string): boolean {
  return /^[A-Za-z0-9_@.$ /-]+$/.test(key)
}

/**
 * Each match goes on where the one before it ended. Its first group is a member with one of the keys, `"key":value` or
 * `"key": value`, a text without the quote at its end; or `END`, where the line ends as it should. Of a member whose value
 * its key does not take nothing more matches.
 */
export function memberRegex(tokens: ReadonlyMap<string, readonly Token[]>): string {
  const keys = [...tokens.keys()].map(quoteKey)
  const theirs = `"(?!(?:${keys.join('|')})")${TEXT}": ?(?:${SCALAR}|${ARRAY})(?:, ?|(?=\\}))`
  const ours = [...tokens].map(([key, list]) => `${quoteKey(key)}": ?${valueRegex(list)}`)
  return `\\G(?:\\A\\{ ?|(?!\\A))(?:${theirs})*+("(?:${ours.join('|')})|(?<![, ])\\}\\z)"?+(?:, ?|(?=\\})|\\z)`
}

function valueRegex(list: readonly Token[]): string {
  const bare = all(
    list.map((token) => `${token.bare}|null`),
    '(?=[,}])',
  )
  const quoted = all(
    list.map((token) => token.quoted),
    '(?=")',
  )
  return `(?:${bare}|"${quoted})`
}

/** What all of them match, up to the same end. */
function all([first, ...others]: readonly string[], end: string): string {
  return `${others.map((other) => `(?=(?:${other})${end})`).join('')}(?:${first})${end}`
}

function quoteKey(key: string): string {
  return key.replace(/[.$]/g, '\\$&')
}
