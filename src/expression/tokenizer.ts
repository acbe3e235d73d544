/** Text → tokens with their places; reports every character and literal that the language does not have. */
import type { ProblemList, Span } from './problem.ts'

/** `value` is the name, the text without quotes, the digits, or the operator's or keyword's spelling (lower case). */
export interface Token extends Span {
  readonly kind: 'name' | 'text' | 'number' | 'operator' | 'keyword' | 'end'
  readonly value: string
  /** True for a name that was written in double quotes. */
  readonly quoted?: boolean
}

const KEYWORDS: ReadonlySet<string> = new Set(
  'and or not in between like is null true false case when then else end'.split(' '),
)
const SPACE = /[ \t\r\n]+/y
const NAME = /[A-Za-z_@][A-Za-z0-9_@]*(?:\.[A-Za-z_@][A-Za-z0-9_@]*)*/y
const NUMBER = /\d+(?:\.\d+)?/y
const NUMBER_TAIL = /[A-Za-z0-9_.@]+/y
const TEXT = /'(?:[^']|'')*'/y
const QUOTED_NAME = /"(?:[^"]|"")*"/y
const OPERATOR = /<>|!=|<=|>=|\|\||[=<>+\-*/%(),]/y

/** Foreign operators, so that a slip gets an answer and not just a refusal. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['==', 'Write = to compare.'],
  ['&&', 'Write and.'],
  ['!', 'Write not, or <> for unequal.'],
  ['=~', 'Write regexp_matches(text, pattern).'],
  ['::', 'There are no casts: declare the type of the field in the source.'],
])
const FOREIGN_OPERATOR = /==|&&|=~|::|!(?!=)/y

export function tokenize(text: string, list: ProblemList): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const read = readToken(text, at, list)
    if (read.token) tokens.push(read.token)
    at = read.end
  }
  tokens.push({ kind: 'end', value: '', start: text.length, end: text.length })
  return tokens
}

function readToken(text: string, start: number, list: ProblemList): { token?: Token; end: number } {
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = start
    return pattern.exec(text)?.[0]
  }
  const space = match(SPACE)
  if (space) return { end: start + space.length }
  const foreign = match(FOREIGN_OPERATOR)
  if (foreign) return refuse(list, start, foreign, FOREIGN.get(foreign))
  const name = match(NAME)
  if (name) return finish(nameToken(name, start))
  if (match(NUMBER)) return readNumber(match(NUMBER)!, text, start, list)
  const operator = match(OPERATOR)
  if (operator) return finish({ kind: 'operator', value: operator, start, end: start + operator.length })
  return readQuoted(text, start, match, list)
}

function finish(token: Token): { token: Token; end: number } {
  return { token, end: token.end }
}

function nameToken(spelling: string, start: number): Token {
  const end = start + spelling.length
  const lower = spelling.toLowerCase()
  return KEYWORDS.has(lower)
    ? { kind: 'keyword', value: lower, start, end }
    : { kind: 'name', value: spelling, start, end }
}

function readNumber(digits: string, text: string, start: number, list: ProblemList) {
  const end = start + digits.length
  NUMBER_TAIL.lastIndex = end
  const tail = NUMBER_TAIL.exec(text)?.[0] ?? ''
  if (tail === '') return finish({ kind: 'number', value: digits, start, end })
  const hint = /^[eE]/.test(tail) ? 'Write the number out in digits.' : undefined
  list.add('BAD_NUMBER', { start, end: end + tail.length }, { text: digits + tail }, hint)
  return finish({ kind: 'number', value: '0', start, end: end + tail.length })
}

function readQuoted(
  text: string,
  start: number,
  match: (pattern: RegExp) => string | undefined,
  list: ProblemList,
): { token?: Token; end: number } {
  const quote = text[start]
  if (quote !== "'" && quote !== '"') return refuseCharacter(text, start, list)
  const whole = match(quote === "'" ? TEXT : QUOTED_NAME)
  if (!whole) {
    list.add('UNCLOSED', { start, end: text.length }, { what: quote === "'" ? 'A text' : 'A quoted name' })
    return { end: text.length }
  }
  const end = start + whole.length
  const value = whole.slice(1, -1).replaceAll(quote + quote, quote)
  checkText(value, { start, end }, list)
  return quote === "'"
    ? finish({ kind: 'text', value, start, end })
    : finish({ kind: 'name', value, quoted: true, start, end })
}

/** SQL text cannot carry U+0000, and UTF-8 cannot carry half of a surrogate pair. */
function checkText(value: string, span: Span, list: ProblemList): void {
  if (value.includes('\0')) list.add('BAD_TEXT', span, { what: 'the character U+0000' })
  if (/\p{Surrogate}/u.test(value)) list.add('BAD_TEXT', span, { what: 'half of a surrogate pair' })
}

function refuseCharacter(text: string, start: number, list: ProblemList) {
  const character = String.fromCodePoint(text.codePointAt(start)!)
  const isWord = /[\p{L}\p{N}$#]/u.test(character)
  return refuse(
    list,
    start,
    character,
    isWord ? 'Write a name with other letters in double quotes.' : undefined,
  )
}

function refuse(list: ProblemList, start: number, spelling: string, hint?: string) {
  const end = start + spelling.length
  list.add('BAD_CHARACTER', { start, end }, { character: JSON.stringify(spelling) }, hint)
  return { end }
}
