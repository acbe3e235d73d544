/** What a parser of JSON does not tell of a line that it took: equal keys, escapes that are no characters, bytes that are no UTF-8. */
import { hasBadEscape } from './json-escapes.ts'
import { quoteText } from './quote-text.ts'

/** Stands in a text for bytes that are no UTF-8, as soon as a regex looks at it. */
const REPLACED = '\\uFFFD'
/** The rest of a string behind its first quote. */
const STRING = `[^"\\\\${REPLACED}]*(?:\\\\[^u${REPLACED}][^"\\\\${REPLACED}]*)*+"`
const BETWEEN = `[^"${REPLACED}]*`

/**
 * Is the line valid UTF-8, free of `\u`, and are no more strings in it called like keys than there are keys? It walks
 * from string to string, so the line must be JSON. Where every key has a value, none is there twice: a name of plain
 * letters that is spelled with an escape has a `\u`. Loops are possessive: Java keeps a stack for others.
 */
export function isPlain(line: string, keys: readonly string[]): string {
  const key = `(?:${keys.map((name) => name.replaceAll('.', '\\.')).join('|')})"`
  const others = `(?:${BETWEEN}"(?!${key})${STRING})*+`
  const pattern = `\\A(?:${others}${BETWEEN}"${key}){0,${keys.length}}+${others}${BETWEEN}\\z`
  return `${line} RLIKE ${quoteText(pattern)}`
}

/** The same question answered without a doubt, which takes longer. Of equal keys the parser gives the last, and ours is the first. */
export function isOdd(line: string): string {
  const keys = `json_object_keys(${line})`
  const areEqual = `coalesce(size(array_distinct(${keys})) <> size(${keys}), TRUE)`
  return `NOT is_valid_utf8(${line}) OR ${hasBadEscape(line)} OR ${areEqual}`
}
