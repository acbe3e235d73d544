/** Which logs and archives a report may go on in. */
import { expect, it } from 'vitest'
import type { MillraceError } from '../core/error.ts'
import type { StreamState } from '../ports/report.ts'
import { placeStream } from './place-stream.ts'
import type { LinesEnd } from './source-lines.ts'

const archiveAt = (nextOffset: number, incarnation = 'archive') =>
  ({ source: 'web', incarnation, nextOffset, blocks: [] }) as unknown as LinesEnd['archive'] & object
const logFrom = (startOffset: number, endOffset: number, incarnation = 'log') =>
  ({ source: 'web', incarnation, startOffset, endOffset }) as LinesEnd['log'] & object
const stateAt = (endOffset: number, known: { incarnation?: string; archive?: string } = {}) =>
  ({ source: 'web', incarnation: 'log', archive: 'archive', endOffset, ...known }) as StreamState

function place(state: StreamState | undefined, end: LinesEnd) {
  try {
    return placeStream(state, end)
  } catch (error) {
    return (error as MillraceError).code
  }
}

const both = { endOffset: 20, log: logFrom(10, 20), archive: archiveAt(10) }

it('goes on where report, log and archive know one another, or the report knows nothing', () => {
  const known = { incarnation: 'log', archive: 'archive' }
  expect(place(undefined, both)).toEqual(known)
  expect(place(stateAt(15), both)).toEqual(known)
  expect(place(stateAt(20), both)).toEqual(known)
  // Of a report that met the source before it had an archive.
  expect(place({ ...stateAt(15), archive: undefined } as never, both)).toEqual(known)
})

it('goes on in a log that was made where the archive ends, as far as the archive has what was counted', () => {
  const next = { ...both, log: logFrom(10, 20, 'next') }
  expect(place(stateAt(10), next)).toEqual({ incarnation: 'next', archive: 'archive', follows: 'log' })
  expect(place(stateAt(11), next)).toBe('REPORT_OTHER_LOG')
  expect(place(stateAt(0, { archive: 'other' }), next)).toBe('REPORT_OTHER_ARCHIVE')
})

it('waits for a word where the lines that it counted went with their log, and nothing was archived', () => {
  const next = { endOffset: 20, log: logFrom(10, 20, 'next') }
  const { archive: _, ...state } = stateAt(10)
  expect(place(state, next)).toBe('LOG_LINES_MISSING')
  expect(place({ ...state, endOffset: 11 }, next)).toBe('REPORT_OTHER_LOG')
  const lost = [{ fromOffset: 0, endOffset: 10, log: 'log' }]
  const accepted = { ...archiveAt(10), lost } as never
  expect(place(state, { ...next, archive: accepted })).toMatchObject({ follows: 'log' })
})

it('goes on in no other archive, and nowhere that ends before what was counted', () => {
  for (const endOffset of [0, 5, 20])
    expect(place(stateAt(endOffset, { archive: 'other' }), both)).toBe('REPORT_OTHER_ARCHIVE')
  expect(place(stateAt(21), both)).toBe('REPORT_AHEAD')
  expect(place(stateAt(1), { endOffset: 0 })).toBe('REPORT_AHEAD')
})
