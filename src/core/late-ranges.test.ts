import { expect, it } from 'vitest'
import { limitRanges, type NotedRange, rangesOfWindows, withoutCounted } from './late-ranges.ts'

const range = (fromMs: number, toMs: number, lines = 1, endOffset = 10): NotedRange => {
  return { fromMs, toMs, lines, endOffset }
}
const linesOf = (ranges: readonly NotedRange[]) => ranges.reduce((sum, { lines }) => sum + lines, 0)

it('makes one range of windows that touch, however many and in whatever order', () => {
  const year = Array.from({ length: 525_600 }, (_, minute) => ({ windowMs: minute * 60, lines: 2 }))
  expect(rangesOfWindows(year.reverse(), 60, 7)).toEqual([range(0, 525_600 * 60, 1_051_200, 7)])
  const apart = [0, 120, 60, 300].map((windowMs) => ({ windowMs, lines: 1 }))
  expect(rangesOfWindows(apart, 60, 7)).toEqual([range(0, 180, 3, 7), range(300, 360, 1, 7)])
})

it('keeps as many as it may, and joins the nearest beyond that', () => {
  const four = [range(0, 1), range(10, 11), range(12, 13), range(100, 101)]
  expect(limitRanges(four, 4)).toEqual(four)
  expect(limitRanges(four, 3)).toEqual([range(0, 1), range(10, 13, 2), range(100, 101)])
  expect(limitRanges(four, 2)).toEqual([range(0, 13, 3), range(100, 101)])
  expect(limitRanges(four, 1)).toEqual([range(0, 101, 4)])
})

it('joins notes of the oldest offsets first, so that a run can take away what it counted', () => {
  const notes = [range(0, 2, 1, 10), range(1, 3, 1, 20), range(0, 3, 1, 30)]
  expect(limitRanges(notes, 2)).toEqual([range(0, 3, 2, 20), range(0, 3, 1, 30)])
})

it('of 200,000 windows that lie apart at most 1,000 ranges are left, which hold all of them', () => {
  const windows = Array.from({ length: 200_000 }, (_, place) => ({
    windowMs: place * 3000 + (place % 7),
    lines: 1,
  }))
  const ranges = limitRanges(rangesOfWindows(windows, 1000, 5))
  expect(ranges).toHaveLength(1000)
  expect(linesOf(ranges)).toBe(200_000)
  let place = 0
  const isHeld = ({ windowMs }: { windowMs: number }) => {
    while (ranges[place]!.toMs <= windowMs) place++
    return ranges[place]!.fromMs <= windowMs
  }
  expect(windows.every(isHeld)).toBe(true)
})

it('leaves what a run did not count: windows outside its range, and lines from its cut on', () => {
  const note = range(100, 200, 10)
  expect(withoutCounted(note, {}, 10)).toEqual([])
  expect(withoutCounted(note, {}, 9)).toEqual([note])
  expect(withoutCounted(note, { toMs: 100 }, 10)).toEqual([note])
  expect(withoutCounted(note, { fromMs: 200 }, 10)).toEqual([note])
  expect(withoutCounted(note, { toMs: 130 }, 10)).toEqual([range(130, 200, 7)])
  expect(withoutCounted(note, { fromMs: 150 }, 10)).toEqual([range(100, 150, 5)])
  expect(withoutCounted(note, { fromMs: 120, toMs: 150 }, 10)).toEqual([
    range(100, 120, 2),
    range(150, 200, 5),
  ])
})
