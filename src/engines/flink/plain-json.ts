/**
 * Regular expressions (java.util.regex) for lines of JSON that can be read by text alone: one object whose values are
 * strings, numbers, literals and arrays of those, without a doubt about any of our rules (docs/formats.md). Every
 * repeat of a group is possessive, which Java runs as a loop: a long line cannot exhaust its stack. A repeat of a class of
 * characters is greedy, and the class a list: Java has a quick loop for these alone, some five times as fast.
 */

const SPACE = '[ \\t]*+'
const CONTROLS = Array.from({ length: 0x20 }, (_, code) => `\\x${code.toString(16).padStart(2, '0')}`)
const PLAIN = `[^"\\\\${CONTROLS.join('')}]*`
/** Neither U+0000 nor a half of a surrogate pair. */
const ESCAPE = '\\\\(?:["\\\\/bfnrt]|u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})'
const STRING = `"${PLAIN}(?:${ESCAPE}${PLAIN})*+"`
const NUMBER = '-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?'
const SCALAR = `(?:${STRING}|${NUMBER}|true|false|null)`
const ARRAY = `\\[${SPACE}(?:${SCALAR}${SPACE}(?:,${SPACE}${SCALAR}${SPACE})*+)?+\\]`
const MEMBER = `"${PLAIN}"${SPACE}:${SPACE}(?:${SCALAR}|${ARRAY})${SPACE}`
const OBJECT = `${SPACE}\\{${SPACE}(?:${MEMBER}(?:,${SPACE}${MEMBER})*+)?+\\}${SPACE}`

/**
 * Keys that can be found by text: between a string that ends and one that begins there is a colon or a comma, so a
 * key without these that stands in quotes is one whole string.
 */
export function isFindable(key: string): boolean {
  return /^[A-Za-z0-9_@.$ /-]+$/.test(key)
}

export const PLAIN_OBJECT = `\\A${OBJECT}\\z`

/** U+FFFD stands where bytes are no UTF-8. */
export const BAD_BYTES = '\\uFFFD'

/** One of the keys stands there twice, as a key or otherwise. */
export function twice(keys: readonly string[]): string {
  return `(?s)"(${keys.map(quoteKey).join('|')})".*"\\1"`
}

/** The key, the colon and the token of its value. Matches only where a plain object has the key. */
export function memberOf(key: string): string {
  return `"${quoteKey(key)}"${SPACE}:${SPACE}${SCALAR}`
}

/** The key stands before an array, which is no value for a field. */
export function arrayOf(key: string): string {
  return `"${quoteKey(key)}"${SPACE}:${SPACE}\\[`
}

function quoteKey(key: string): string {
  return key.replace(/[.$]/g, '\\$&')
}
