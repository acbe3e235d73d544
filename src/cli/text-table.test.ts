import { expect, it } from 'vitest'
import { countOf, formatBytes, formatCount, formatSeconds, textTable } from './text-table.ts'

it('puts numbers to the right and text to the left', () => {
  const rows = [
    ['web', '1,200', '1.5 s'],
    ['checkout', '7', '12 s'],
  ]
  expect(textTable(['source', 'lines', 'took'], rows)).toBe(
    'source    lines   took\nweb       1,200  1.5 s\ncheckout      7   12 s\n',
  )
})

it('measures characters, not code units', () => {
  expect(
    textTable(
      ['a', 'b'],
      [
        ['😀', 'x'],
        ['yy', 'z'],
      ],
    ),
  ).toBe('a   b\n😀   x\nyy  z\n')
})

it('prints a header without rows', () => {
  expect(textTable(['a', 'bb'], [])).toBe('a  bb\n')
})

it('groups thousands', () => {
  expect([0, 999, 1000, 1234567, -1234].map(formatCount)).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567',
    '-1,234',
  ])
})

it('names one and many', () => {
  expect([countOf(0, 'line'), countOf(1, 'line'), countOf(2000, 'line')]).toEqual([
    '0 lines',
    '1 line',
    '2,000 lines',
  ])
})

it('prints durations', () => {
  expect([40, 9949, 9950, 59_400, 59_600, 185_000].map(formatSeconds)).toEqual([
    '0.0 s',
    '9.9 s',
    '10 s',
    '59 s',
    '1 min 0 s',
    '3 min 5 s',
  ])
})

it('prints sizes with three digits', () => {
  expect([0, 999, 1000, 99_949, 214_400, 999_999, 1.53e9].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '99.9 kB',
    '214 kB',
    '1.00 MB',
    '1.53 GB',
  ])
})
