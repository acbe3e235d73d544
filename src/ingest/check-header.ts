/** A delimited file's first line against the columns that the definition declares. */
import type { Format } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'

const SHOWN = 200

/** Errors: INGEST_HEADER_MISMATCH. Sources without a header accept every line. */
export function checkHeader(format: Format, line: string, names: { source: string; input: string }): void {
  if (format.kind !== 'csv' || !format.header) return
  const found = splitColumns(line, format.delimiter)
  const isSame =
    found.length === format.columns.length && found.every((name, i) => name === format.columns[i])
  if (isSame) return
  const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
  const expected = format.columns.join(format.delimiter)
  throw new MillraceError('INGEST_HEADER_MISMATCH', {
    ...names,
    found: JSON.stringify(shown),
    expected: JSON.stringify(expected),
  })
}

/** RFC 4180, section 2: a column may be quoted, and a quote inside is doubled. */
function splitColumns(line: string, delimiter: string): string[] {
  const columns: string[] = []
  for (let at = 0; at <= line.length; ) {
    const quoted = line[at] === '"' ? /^"((?:[^"]|"")*)"/.exec(line.slice(at)) : null
    const end = at + (quoted?.[0].length ?? 0)
    const stop = line.indexOf(delimiter, end) < 0 ? line.length : line.indexOf(delimiter, end)
    columns.push(quoted ? quoted[1]!.replaceAll('""', '"') + line.slice(end, stop) : line.slice(at, stop))
    at = stop + 1
  }
  return columns
}
