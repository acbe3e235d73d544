/** Text literals for Spark: pure ASCII on one line, since the client reads scripts line by line in any charset. */

/** Beside letters and digits these stand for themselves; `$` would begin a variable, `;` end a statement. */
const PLAIN = /[^A-Za-z0-9 _.,:+*/%<>=()[\]{}?!|&^@#~"`-]/gu

const SHORT: Readonly<Record<string, string>> = {
  "'": "\\'",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

export function quoteText(text: string): string {
  return `'${text.replace(PLAIN, escapeCharacter)}'`
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!
  const hex = (digits: number) => code.toString(16).padStart(digits, '0')
  return SHORT[character] ?? (code > 0xffff ? `\\U${hex(8)}` : `\\u${hex(4)}`)
}
