/** Repairs of a clock: what a line's time becomes, and that repairs which meet act one after the other. */
import { expect, it } from 'vitest'
import { seeded } from '../../test/contract/random-groups.ts'
import { addRepair, type ClockRepair, observedAt } from './clock-repair.ts'

it('keeps distances in time within its bounds, and touches no other line', () => {
  const repair = { fromOffset: 10, endOffset: 20, shiftMs: -1000, leastMs: 50, mostMs: 90 }
  const at = (offset: number, ms: number) => observedAt([repair], offset, ms)
  expect([at(10, 1060), at(19, 1061)]).toEqual([60, 61])
  expect([at(10, 1000), at(19, 2000)]).toEqual([50, 90])
  expect([at(9, 1060), at(20, 1060)]).toEqual([1060, 1060])
})

it('gives for any repairs what each gives after those before it, in disjoint ascending ranges', () => {
  const random = seeded(7)
  const below = (end: number) => Math.floor(random() * end)
  for (let round = 0; round < 300; round++) {
    let repairs: ClockRepair[] = []
    const times = Array.from({ length: 30 }, () => below(1000))
    const stamps = [...times]
    for (let act = 0; act < 5; act++) {
      const [fromOffset, leastMs] = [below(29), below(1000)]
      const bounds = { fromOffset, endOffset: fromOffset + 1 + below(30 - fromOffset) }
      const added = { ...bounds, shiftMs: below(1000) - 500, leastMs, mostMs: leastMs + below(500) }
      repairs = addRepair(repairs, added)
      for (const [offset, ms] of times.entries()) times[offset] = observedAt([added], offset, ms)
    }
    expect(stamps.map((ms, offset) => observedAt(repairs, offset, ms))).toEqual(times)
    for (const [index, { fromOffset, endOffset }] of repairs.entries()) {
      expect(fromOffset).toBeLessThan(endOffset)
      if (index > 0) expect(fromOffset).toBeGreaterThanOrEqual(repairs[index - 1]!.endOffset)
    }
  }
})
