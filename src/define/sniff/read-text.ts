/** Lines of the text formats as samples of records: access logs, logfmt, delimited columns. */
import { builtInNames } from '../field-place.ts'
import { FieldGatherer, type RecordSample } from './record-sample.ts'

const COMMON = String.raw`(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-)`
const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`
const MIN_SHARE = 0.6

export function readAccessLog(lines: readonly string[]): RecordSample | undefined {
  return (
    readAccessKind('combined', new RegExp(`^${COMMON} ${QUOTED} ${QUOTED}$`), lines) ??
    readAccessKind('common', new RegExp(`^${COMMON}$`), lines)
  )
}

function readAccessKind(
  kind: 'combined' | 'common',
  regex: RegExp,
  lines: readonly string[],
): RecordSample | undefined {
  const gatherer = new FieldGatherer()
  const matches = lines.flatMap((line) => [regex.exec(line)].filter((match) => match !== null))
  if (matches.length < lines.length * MIN_SHARE) return undefined
  for (const match of matches) {
    const [, client_ip, ident, user, time, request = '', status, bytes, referer, user_agent] = match
    const [, method, target = '', protocol] = /^(\S+) (\S+) (\S+)$/.exec(request) ?? []
    const [path, query] = target.split('?', 2)
    const all = {
      client_ip,
      ident,
      user,
      time,
      method,
      path,
      query,
      protocol,
      status,
      bytes,
      referer,
      user_agent,
    }
    for (const [name, text] of Object.entries(all))
      if (text !== undefined && text !== '-' && text !== '') gatherer.add([name], { kind: 'text', text })
  }
  const known = builtInNames({ kind })
  const fields = gatherer.fields.filter((field) => known.includes(field.path[0] ?? ''))
  return { format: { kind }, lines: matches.length, fields }
}

const KEY = '[^\\x00-\\x20="]+'
const PAIR = new RegExp(`(${KEY})(?:=("(?:[^"\\\\]|\\\\.)*"|[^\\x00-\\x20="]*))?`, 'g')
const LOGFMT = new RegExp(`^\\s*(?:${KEY}(?:=(?:"(?:[^"\\\\]|\\\\.)*"|[^\\x00-\\x20="]*))?(?:\\s+|$))+$`)

/** Nearly every word of a logfmt line is a pair, and there are at least three. */
export function readLogfmt(lines: readonly string[]): RecordSample | undefined {
  const gatherer = new FieldGatherer()
  let count = 0
  for (const line of lines) {
    const pairs = LOGFMT.test(line) ? [...line.matchAll(PAIR)] : []
    const valued = pairs.filter((pair) => pair[2] !== undefined)
    if (valued.length < 3 || valued.length < pairs.length * 0.8) continue
    count++
    for (const [, key = '', value = ''] of valued)
      gatherer.add([key], { kind: 'text', text: value.replace(/^"(.*)"$/, '$1') })
  }
  if (count < lines.length * MIN_SHARE || count === 0) return undefined
  return { format: { kind: 'logfmt' }, lines: count, fields: gatherer.fields }
}

const DELIMITERS = ['\t', ',', ';', '|'] as const

/** Columns named by a first line, and as many values in nearly all the others. */
export function readDelimited(lines: readonly string[]): RecordSample | undefined {
  for (const delimiter of DELIMITERS) {
    const [columns = [], ...rows] = lines.map((line) => splitLine(line, delimiter))
    const fitting = rows.filter((row) => row.length === columns.length)
    if (!isHeader(columns) || fitting.length < Math.max(1, rows.length * 0.9)) continue
    const gatherer = new FieldGatherer()
    for (const row of fitting)
      for (const [i, column] of columns.entries())
        gatherer.add([column], { kind: 'text', text: row[i] ?? '' })
    const kind = delimiter === '\t' ? 'tsv' : 'csv'
    const options = delimiter === '\t' || delimiter === ',' ? {} : { delimiter }
    return { format: { kind, columns, ...options }, lines: fitting.length, fields: gatherer.fields }
  }
  return undefined
}

function isHeader(columns: readonly string[]): boolean {
  const isName = (column: string): boolean =>
    /^[^\d\W][\w .:/%()-]{0,127}$/.test(column) && !/\d{2}:\d{2}/.test(column)
  return columns.length >= 2 && columns.every(isName) && new Set(columns).size === columns.length
}

/** RFC 4180: quotes around a value, doubled inside it. */
function splitLine(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter)
  const mark = delimiter === '|' ? '\\|' : delimiter
  const column = new RegExp(`(?:"((?:[^"]|"")*)"|([^${mark}]*))(${mark}|$)`, 'gy')
  const values: string[] = []
  for (let match = column.exec(line); match; match = column.exec(line)) {
    values.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'))
    if (match[3] === '') break
  }
  return values
}
