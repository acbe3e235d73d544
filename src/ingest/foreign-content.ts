/**
 * Tells from the first bytes of a content that it is plainly no lines of a source: another protocol's message, or records
 * that no newline parts. A line that is merely bad is no sign, since bad lines are kept and listed with their reason.
 */
import type { Source } from '../core/definition.ts'

export interface ForeignContent {
  /** The end of "The body is …". */
  readonly is: string
  /** A sentence. */
  readonly remedy: string
}

/** What the check needs of a source. */
export type LineRule = Pick<Source, 'format' | 'time' | 'fields'>

/** Bytes that are looked at, and lines of these. */
const MOST_BYTES = 16_384
const MOST_LINES = 8

/** Messages that hold many records, by the key that each begins with, in JSON. */
const MESSAGES: Readonly<Record<string, string>> = {
  resourceLogs: 'a message of OTLP',
  resourceSpans: 'a message of OTLP with spans',
  resourceMetrics: 'a message of OTLP with metrics',
  streams: "a push of Loki's protocol",
}

/** Undefined where nothing speaks against it. `head` are the first bytes. */
export function foreignContent(head: Buffer, rule: LineRule): ForeignContent | undefined {
  const { kind } = rule.format
  const bytes = head.subarray(startsWithMark(head) ? 3 : 0, MOST_BYTES)
  const text = bytes.toString('latin1')
  if (/^--[^\r\n]{1,70}\r\ncontent-disposition: form-data/i.test(text))
    return { is: 'a form with parts', remedy: 'Send the file itself, as `curl --data-binary @FILE` does.' }
  const oneEach = kind === 'json' ? 'one JSON object' : `one record of the format ${kind}`
  const remedy = `Each record needs a line of its own: ${oneEach}, ended by a newline.`
  if (isMessagePack(bytes)) return { is: 'MessagePack', remedy }
  // Anything may be a line of a pattern.
  if (kind === 'pattern') return undefined
  const message = messageKey(text, rule)
  if (message !== undefined) return { is: MESSAGES[message]!, remedy }
  if (isArray(text, kind)) return { is: 'a JSON array', remedy: withJq(remedy, kind, `jq -c '.[]'`) }
  const is = kind === 'json' ? oddObjects(text) : undefined
  return is === undefined ? undefined : { is, remedy: withJq(remedy, kind, 'jq -c .') }
}

function startsWithMark(head: Buffer): boolean {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
}

function withJq(remedy: string, kind: string, command: string): string {
  return kind === 'json' ? `${remedy} \`${command}\` makes such lines.` : remedy
}

function messageKey(text: string, { time, fields }: LineRule): string | undefined {
  const key = /^\s*\{\s*"(\w+)"\s*:\s*\[/.exec(text)?.[1]
  if (key === undefined || !Object.hasOwn(MESSAGES, key)) return undefined
  return [time, ...fields].some(({ path }) => path[0] === key) ? undefined : key
}

/** A line that is an array among lines that are objects is a bad line. */
function isArray(text: string, kind: string): boolean {
  if (!/^\s*\[\s*(\{\s*["}]|\[|\]\s*$)/.test(text)) return false
  const [first = '', ...others] = linesOf(text)
  const isLine = kind === 'json' && first.endsWith(']') && others.some((line) => line.startsWith('{'))
  return !isLine
}

/** All lines that are whole must show it. */
function oddObjects(text: string): string | undefined {
  if (/^\s*\{[ \t]*\r?\n\s*("|\}[\s,])/.test(text)) return 'a JSON object on several lines'
  const lines = linesOf(text)
  if (lines.length === 0 || !lines.every(isSeveralObjects)) return undefined
  return 'several JSON objects on one line'
}

/** Those with something in them; the last one may be cut off by the end of the head. */
function linesOf(text: string): string[] {
  return text
    .split('\n', MOST_LINES)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** `{…}{…}` or `{…},{…}`. */
function isSeveralObjects(line: string): boolean {
  const end = objectEnd(line)
  return end !== undefined && /^\s*,?\s*\{/.test(line.slice(end, end + 100))
}

/** Where the object ends that the text begins with. */
function objectEnd(text: string): number | undefined {
  if (text[0] !== '{') return undefined
  let depth = 0
  let isInText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (isInText) {
      if (character === '\\') at++
      else if (character === '"') isInText = false
    } else if (character === '"') isInText = true
    else if (character === '{' || character === '[') depth++
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1
  }
  return undefined
}

/**
 * A map whose first key is a word, an array of such maps, or fluentd's tag and entries (the MessagePack specification):
 * all begin with bytes that begin no text of UTF-8.
 */
function isMessagePack(head: Buffer): boolean {
  const inner = skipArray(head, 0)
  const isArray = inner > 0
  const place = isArray ? skipArray(head, inner) : 0
  return isWordedMap(head, place) || (isArray && isWord(head, inner))
}

/** Behind the head of an array of one element or more; the same place where there is none. */
function skipArray(head: Buffer, at: number): number {
  const first = head[at] ?? 0
  if (first > 0x90 && first <= 0x9f) return at + 1
  return at + ({ 220: 3, 221: 5 }[first] ?? 0)
}

function isWordedMap(head: Buffer, at: number): boolean {
  const first = head[at] ?? 0
  if (first > 0x80 && first <= 0x8f) return isWord(head, at + 1)
  const size = { 222: 3, 223: 5 }[first]
  return size !== undefined && isWord(head, at + size)
}

function isWord(head: Buffer, at: number): boolean {
  const first = head[at] ?? 0
  const isShort = first > 0xa0 && first <= 0xbf
  if (!isShort && first !== 0xd9) return false
  const length = isShort ? first - 0xa0 : (head[at + 1] ?? 0)
  const word = head.toString('latin1', at + (isShort ? 1 : 2), at + (isShort ? 1 : 2) + length)
  return word.length === length && /^[\w.@/-]+$/.test(word)
}
