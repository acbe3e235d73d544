/** Delimited lines (csv, tsv): RFC 4180 quoting within one line, and a fixed number of columns. */
import type { Reading, ReadRequest } from './line-reader.ts'
import type { EngineDialect } from './parse-dialect.ts'
import { quoteRegex } from './quote-regex.ts'

interface Delimited {
  readonly kind: 'csv'
  readonly delimiter: string
  readonly columns: readonly string[]
  readonly header: boolean
}

/**
 * A line without quotes is split. Another is read by a regex with a group for each wanted column; the split
 * and the regex give the same columns for lines that both can read.
 */
export function readDelimited(request: ReadRequest<Delimited>): Reading {
  const { stages, dialect, format, paths } = request
  const { parse } = dialect
  const wanted = paths.map(([name]) => columnPlace(format, name!))
  const names = ['whole', ...sortedPlaces(wanted).map((place) => `c${place}`)]
  stages.add({ is_plain: `NOT ${parse.contains('line', '"')}` })
  stages.add({
    columns: parse.split('CASE WHEN is_plain THEN line END', format.delimiter),
    quoted: parse.groups('CASE WHEN NOT is_plain THEN line END', lineRegex(format, wanted), names),
  })
  const isPlainLine = `${parse.listLength('columns')} = ${format.columns.length}`
  const matched = `CASE WHEN is_plain THEN ${isPlainLine} ELSE ${parse.group('quoted', 'whole', names)} <> '' END`
  const isHeader = `is_plain AND columns = ${parse.listOf(format.columns)} OR line = ${quotedHeader(dialect, format)}`
  return {
    reasons: [
      ...(format.header ? [{ when: isHeader, reason: 'header' }] : []),
      { when: `NOT ${matched}`, reason: 'no_match' },
    ],
    text: (place) => {
      const text = parse.group('quoted', `c${wanted[place]}`, names)
      const inner = parse.substring(text, 2, `${parse.codePoints(text)} - 2`)
      const unquoted = parse.replaceAll(inner, '""', '"')
      const whole = `CASE WHEN ${parse.startsWith(text, '"')} THEN ${unquoted} ELSE ${text} END`
      return `CASE WHEN is_plain THEN ${parse.item('columns', wanted[place]! + 1)} ELSE ${whole} END`
    },
    nullTexts: [],
  }
}

function columnPlace({ columns }: Delimited, name: string): number {
  const place = columns.indexOf(name)
  if (place < 0) throw new RangeError(`there is no column ${name}`)
  return place
}

function sortedPlaces(places: readonly number[]): number[] {
  return [...new Set(places)].sort((a, b) => a - b)
}

/** A quote counts only at the start of a column; elsewhere it is itself. */
function lineRegex({ delimiter, columns }: Delimited, wanted: readonly number[]): string {
  const mark = quoteRegex(delimiter)
  const column = `"(?:[^"]|"")*"|[^"${mark}][^${mark}]*|`
  const parts = columns.map((_, place) => (wanted.includes(place) ? `(${column})` : `(?:${column})`))
  return `\\A(${parts.join(mark)})\\z`
}

/** The header with every column quoted; one with a few columns quoted is taken for a record. */
function quotedHeader(dialect: EngineDialect, { delimiter, columns }: Delimited): string {
  return dialect.quoteText(columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(delimiter))
}
