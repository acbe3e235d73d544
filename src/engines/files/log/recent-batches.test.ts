import { expect, it } from 'vitest'
import type { StoredBatch } from '../../../ports/log.ts'
import { RecentBatches } from './recent-batches.ts'

const batch = (firstOffset: number, lines = 1): StoredBatch => ({
  ...{ firstOffset, endOffset: firstOffset + lines, observedMs: 1 },
  bytes: Buffer.alloc(lines * 10, 'x\n'),
})

const offsets = (batches: readonly StoredBatch[]) => batches.map(({ firstOffset }) => firstOffset)

it('gives batches from the one that holds the offset on, up to about so many bytes', () => {
  const recent = new RecentBatches()
  recent.add('web', [batch(0, 3), batch(3)])
  recent.add('shop', [batch(7)])
  recent.add('web', [batch(4), batch(5)])
  expect(offsets(recent.read('web', 0, 1000))).toEqual([0, 3, 4, 5])
  expect(offsets(recent.read('web', 2, 1000))).toEqual([0, 3, 4, 5])
  expect(offsets(recent.read('web', 3, 11))).toEqual([3, 4])
  expect(offsets(recent.read('web', 4, 1))).toEqual([4])
  expect(offsets(recent.read('shop', 7, 1000))).toEqual([7])
  expect(recent.read('web', 6, 1000)).toEqual([])
  expect(recent.read('shop', 3, 1000)).toEqual([])
})

it('forgets the oldest, of whatever source, once there are too many bytes', () => {
  const recent = new RecentBatches(40)
  recent.add('web', [batch(0), batch(1)])
  recent.add('shop', [batch(0)])
  recent.add('web', [batch(2)])
  expect(offsets(recent.read('web', 0, 1000))).toEqual([0, 1, 2])
  recent.add('shop', [batch(1)])
  expect(recent.read('web', 0, 1000)).toEqual([])
  expect(recent.read('web', 1, 1000)).toEqual([])
  expect(offsets(recent.read('web', 2, 1000))).toEqual([2])
  expect(offsets(recent.read('shop', 0, 1000))).toEqual([0, 1])
})

it('holds nothing of a group that is too large', () => {
  const recent = new RecentBatches(40)
  recent.add('web', [batch(0, 5)])
  expect(recent.read('web', 0, 1000)).toEqual([])
})
