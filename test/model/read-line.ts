/** Framing and formats: bytes → lines → a reader of fields by path, or the reason why a line is rejected. */
import { FieldError, jsonText, readJsonField, readTextField } from './field-value.ts'
import { InvalidJson, type Json, scanJson } from './json-scanner.ts'
import { readTime } from './read-time.ts'
import type { ModelField, ModelSource, Value } from './vocabulary.ts'

export class Reject extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

export interface ModelRecord {
  readonly eventMs: number
  /** Throws FieldError. */
  read(field: ModelField): Value
}

const MAX_LINE = 1024 * 1024

/** Lines of one input: \n or \r\n ends them, a BOM opens the file. */
export function splitLines(bytes: Buffer): Buffer[] {
  const start = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  const lines: Buffer[] = []
  for (let at = start; at < bytes.length; ) {
    const found = bytes.indexOf(10, at)
    const end = found < 0 ? bytes.length : found
    lines.push(bytes.subarray(at, found > at && bytes[end - 1] === 13 ? end - 1 : end))
    at = end + 1
  }
  return lines
}

/** The record, or 'header'. Throws Reject. */
export function readLine(source: ModelSource, line: Buffer): ModelRecord | 'header' {
  const text = decode(line)
  if (text === '') throw new Reject('empty_line')
  if (line.length > MAX_LINE) throw new Reject('line_too_long')
  if (source.format.kind === 'json') return jsonRecord(source, text)
  if (text.includes('\0')) throw new Reject('nul_byte')
  return textRecord(source, text)
}

function decode(line: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line)
  } catch {
    throw new Reject('invalid_utf8')
  }
}

function jsonRecord(source: ModelSource, text: string): ModelRecord {
  const root = scan(text)
  if (root.kind !== 'object') throw new Reject('not_an_object')
  const at = (path: readonly string[]) =>
    path.reduce<Json | undefined>(
      (json, key) => (json?.kind === 'object' ? json.members.get(key) : undefined),
      root,
    )
  return {
    eventMs: eventTime(source, () => jsonText(at(source.time.path))),
    read: (field) => readJsonField(field, at(field.path)),
  }
}

function scan(text: string): Json {
  try {
    return scanJson(text)
  } catch (error) {
    throw error instanceof InvalidJson ? new Reject('invalid_json') : error
  }
}

function eventTime(source: ModelSource, read: () => string | null): number {
  let text: string | null
  try {
    text = read()
  } catch (error) {
    throw error instanceof FieldError ? new Reject('invalid_time') : error
  }
  if (text === null) throw new Reject('missing_time')
  const ms = readTime(text, source.time)
  if (ms === undefined) throw new Reject('invalid_time')
  const year = new Date(ms).getUTCFullYear()
  if (year < 2) throw new Reject('year_1')
  if (year > 9000) throw new Reject('year_beyond_9000')
  return ms
}

function textRecord(source: ModelSource, text: string): ModelRecord | 'header' {
  const values = readValues(source, text)
  if (values === 'header') return values
  const at = (path: readonly string[]) => {
    const value = values.get(path[0]!) ?? null
    return value !== null && source.nulls.includes(value) ? null : value
  }
  return {
    eventMs: eventTime(source, () => at(source.time.path) || null),
    read: (field) => readTextField(field, at(field.path)),
  }
}

function readValues({ format }: ModelSource, text: string): Map<string, string> | 'header' {
  if (format.kind === 'csv') {
    if (isHeader(format, text)) return 'header'
    const cells = splitCsv(text, format.delimiter)
    if (cells.length !== format.columns.length) throw new Reject('no_match')
    return new Map(format.columns.map((column, index) => [column, cells[index]!]))
  }
  if (format.kind === 'logfmt') return readLogfmt(text)
  if (format.kind !== 'pattern') throw new Error('json has its own reader')
  const groups = new RegExp(`^(?:${format.regex.replaceAll('?P<', '?<')})$`, 'su').exec(text)?.groups
  if (!groups) throw new Reject('no_match')
  return new Map(Object.entries(groups))
}

function isHeader(
  { columns, delimiter }: { columns: readonly string[]; delimiter: string },
  text: string,
): boolean {
  return [columns, columns.map((column) => `"${column}"`)].some((names) => names.join(delimiter) === text)
}

/** RFC 4180 within one line; a quote counts only at the start of a cell. */
function splitCsv(text: string, delimiter: string): string[] {
  const cells: string[] = []
  for (let at = 0; ; at++) {
    let end = text.indexOf(delimiter, at)
    if (text[at] === '"') {
      const quoted = /"((?:[^"]|"")*)"/y
      quoted.lastIndex = at
      const found = quoted.exec(text)
      if (!found) throw new Reject('no_match')
      cells.push(found[1]!.replaceAll('""', '"'))
      end = at + found[0].length
      if (end < text.length && text[end] !== delimiter) throw new Reject('no_match')
    } else cells.push(end < 0 ? text.slice(at) : text.slice(at, end))
    if (end < 0 || end >= text.length) return cells
    at = end
  }
}

/** Control characters part pairs, as spaces do. */
const GAP = '[\\0-\\x20]'
const PAIR = new RegExp(
  `([^\\0-\\x20="]+)(?:=("(?:[^"\\\\\\0-\\x1f]|\\\\.)*"|[^\\0-\\x20="]*))?(?=${GAP}|$)${GAP}*`,
  'uy',
)

/** Of duplicate keys the first wins; a key alone has the empty text; a line of gaps alone has no pairs. */
function readLogfmt(text: string): Map<string, string> {
  const values = new Map<string, string>()
  for (PAIR.lastIndex = text.search(/[^\0-\x20]|$/u); PAIR.lastIndex < text.length; ) {
    const match = PAIR.exec(text)
    if (!match) throw new Reject('no_match')
    const value = unquote(match[2] ?? '')
    if (!values.has(match[1]!)) values.set(match[1]!, value)
  }
  return values
}

/** Escapes are those of JSON strings. */
function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  try {
    const json = scanJson(text)
    return json.kind === 'string' ? json.text : ''
  } catch {
    throw new Reject('no_match')
  }
}
