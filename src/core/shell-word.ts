/** A word of a command that a message names, as a shell takes it. */

const PLAIN_WORD = /^[\w@%+=:,./-]+$/

export function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
