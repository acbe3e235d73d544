/** Which ledgers are worth a warning after a batch and beside an answer. */
import { expect, it } from 'vitest'
import { describeMostRejected, describeRejectNews } from './describe-rejects.ts'

const line = (appended: number, rejected: number, metric?: string) => {
  const rest = { appended, counted: appended - rejected, filtered: 0, rejected }
  return { source: 'web', ...(metric !== undefined && { metric }), ...rest }
}

it('tells of most lines of a source once, and of a metric where only it lacks them', () => {
  expect(describeMostRejected([line(1000, 500), line(1000, 500, 'n')])).toEqual([])
  expect(describeMostRejected([line(0, 0), line(0, 0, 'n')])).toEqual([])
  expect(describeMostRejected([line(1000, 501), line(1000, 700, 'n')])).toEqual([
    'Most lines of web were rejected: 501 of 1,000, so the totals lack them. `millrace rejects web` shows them with their reasons.',
  ])
  expect(describeMostRejected([line(7, 0), line(7, 7, 'n'), line(7, 0, 'm')])).toEqual([
    'All 7 lines of web were rejected for n, so the totals lack them. `millrace rejects web` shows them with their reasons.',
  ])
})

it('says what a stream meets', () => {
  const share = { kind: 'share', source: 'web', rejected: 1500, lines: 2000 } as const
  expect(describeRejectNews({ ...share, change: 'worse' })).toBe(
    'Warning: 1,500 of the last 2,000 lines of web cannot be used (75 %), which is more than before. `millrace rejects web` shows which.',
  )
  expect(describeRejectNews({ ...share, change: 'over' })).not.toContain('Warning')
  expect(describeRejectNews({ kind: 'first', source: 'web', reason: 'invalid_json', lines: 1 })).toContain(
    'A line of web cannot be used (invalid_json), the first of this kind since the start.',
  )
})
