import { expect, it } from 'vitest'
import { timePattern } from './time-layout.ts'

const matches = (layout: string, text: string) => new RegExp(`^(?:${timePattern(layout).regex})$`).test(text)

it('names the parts in the order of their groups', () => {
  expect(timePattern('%a %d/%b/%Y:%H:%M:%S.%f %z').parts).toEqual([
    ...['day', 'month_name', 'year', 'hour', 'minute', 'second', 'fraction', 'offset'],
  ])
})

it('wants two digits where a number follows or goes before, else one or two', () => {
  expect(['20240102', '2024112', '2024102'].map((text) => matches('%Y%m%d', text))).toEqual([
    true,
    false,
    false,
  ])
  expect(['2024-1-2', '2024-01-02', '2024-001-2'].map((text) => matches('%Y-%m-%d', text))).toEqual([
    true,
    true,
    false,
  ])
})

it('takes other characters for themselves, spaces for one or more', () => {
  expect(matches('[%Y] (%m).*|%d%%', '[2024] (01).*|02%')).toBe(true)
  expect(matches('%Y.%m.%d', '2024x01x02')).toBe(false)
  expect(['1 2', '1   2', '12', '1\t2'].map((text) => matches('%m %d', text))).toEqual([
    true,
    true,
    false,
    false,
  ])
})

it('refuses what is no directive', () => {
  expect(() => timePattern('%Q')).toThrow(RangeError)
})
