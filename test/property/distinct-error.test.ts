/** The distinct estimator: no bias and σ = 1.6 % with 4,096 registers, over 200 seeded sets. */
import { describe, expect, it } from 'vitest'
import { estimateDistinct } from '../../src/core/distinct-registers.ts'
import { Random } from '../model/random.ts'
import { modelRegister } from '../model/sketch.ts'

const SETS = 200
const SIGMA = 0.01625

describe('the distinct estimate', () => {
  const errors = Array.from({ length: SETS }, (_, index) => relativeError(index + 1, 4096))

  it('has no bias', () => {
    const mean = errors.reduce((sum, error) => sum + error, 0) / SETS
    expect(Math.abs(mean)).toBeLessThan((3 * SIGMA) / Math.sqrt(SETS))
  })

  it('spreads by 1.6 %', () => {
    const rms = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / SETS)
    console.log(`distinct: RMS error ${(100 * rms).toFixed(2)} % over ${SETS} sets`)
    expect(rms).toBeLessThanOrEqual(0.018)
    expect(rms).toBeGreaterThan(0.008)
  })

  it('stays within 4.5 σ for every set', () => {
    expect(Math.max(...errors.map(Math.abs))).toBeLessThan(4.5 * SIGMA)
  })

  it('is exact up to rounding for a handful of values', () => {
    for (let size = 0; size <= 20; size++) expect(Math.round(estimate(9, size, 4096))).toBe(size)
  })

  it('follows the number of registers', () => {
    const coarse = Array.from({ length: 60 }, (_, index) => relativeError(500 + index, 64))
    const rms = Math.sqrt(coarse.reduce((sum, error) => sum + error ** 2, 0) / coarse.length)
    expect(rms).toBeGreaterThan(0.06)
    expect(rms).toBeLessThan(0.2)
  })
})

/** Sizes from 2,000 to 20,000: below, collisions are rarer and the estimate is better than σ. */
function relativeError(seed: number, registers: number): number {
  const size = new Random(seed).int(2000, 20_000)
  return estimate(seed, size, registers) / size - 1
}

function estimate(seed: number, size: number, registers: number): number {
  const ranks = new Map<number, number>()
  for (let index = 0; index < size; index++) {
    const { register, rank } = modelRegister(`set ${seed} value ${index}`, registers)
    ranks.set(register, Math.max(rank, ranks.get(register) ?? 0))
  }
  const inverse = [...ranks.values()].reduce((sum, rank) => sum + 2 ** -rank, 0)
  return estimateDistinct(registers, inverse, ranks.size)
}
