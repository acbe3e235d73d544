/** Parts of regular expressions (java.util.regex) that walk over a line of JSON, for engines on Java. */

/**
 * Of ASCII, all that a string may hold as it is, each by itself: Java tests such a class by one look at a table, and has a
 * quick loop for a greedy repeat of it.
 */
export const CHARACTER = `[${Array.from({ length: 95 }, (_, place) => String.fromCharCode(32 + place))
  .filter((character) => character !== '"' && character !== '\\')
  .map((character) => ('[]^&-'.includes(character) ? `\\${character}` : character))
  .join('')}]`
export const DIGIT = '[0123456789]'
export const NUMBER = `-?(?:0|[123456789]${DIGIT}*)(?:\\.${DIGIT}+)?(?:[eE][+\\-]?${DIGIT}+)?`

/** What stands in a string, with what else it may hold. The loop is possessive, since Java keeps a stack for others. */
export function characters(other: string): string {
  return `${CHARACTER}*(?:${other}${CHARACTER}*)*+`
}
