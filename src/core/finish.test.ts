import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateRatio } from './evaluate-ratio.ts'
import { exactToDouble, printExact } from './exact-number.ts'
import { exactQuotient } from './exact-quotient.ts'
import type { RatioExpr } from './expr.ts'
import { finishMeasure } from './finish-measure.ts'
import type { MeasureSource } from './plan.ts'
import { parseRank } from './quantile-rank.ts'

describe('exactQuotient', () => {
  it('is the nearest double, ties to even, for integers of any size', () => {
    const big = fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n })
    const below = fc.bigInt({ min: 1n, max: 10n ** 30n })
    fc.assert(
      fc.property(big, below, (a, b) => {
        fc.pre(a !== 0n)
        const result = exactQuotient(a, b)
        const error = distance(result, a, b)
        for (const other of neighbours(result))
          expect(compare(error, distance(other, a, b))).toBeLessThanOrEqual(0)
      }),
    )
  })

  it('equals division where both are exact doubles', () => {
    const safe = fc.maxSafeInteger()
    fc.assert(
      fc.property(safe, safe, (a, b) => {
        fc.pre(b !== 0 && a !== 0)
        expect(exactQuotient(BigInt(a), BigInt(b))).toBe(a / b)
      }),
    )
    expect(exactQuotient(0n, -5n)).toBe(0)
    expect(exactQuotient(2n ** 53n + 1n, 1n)).toBe(2 ** 53)
  })
})

/** |value − a/b| as a fraction. */
function distance(value: number, a: bigint, b: bigint): readonly [bigint, bigint] {
  let scale = 0
  let whole = value
  while (!Number.isInteger(whole)) {
    whole *= 2
    scale++
  }
  const [top, bottom] = [BigInt(whole) * b - (a << BigInt(scale)), b << BigInt(scale)]
  return [top < 0n ? -top : top, bottom]
}

function compare([a, b]: readonly [bigint, bigint], [c, d]: readonly [bigint, bigint]): number {
  return a * d < c * b ? -1 : a * d > c * b ? 1 : 0
}

function neighbours(value: number): number[] {
  const bits = new BigInt64Array(1)
  const number = new Float64Array(bits.buffer)
  return [-1n, 1n].map((step) => {
    number[0] = value
    bits[0]! += step
    return number[0]!
  })
}

describe('exact numbers', () => {
  it('print every digit and no zeros at the end', () => {
    const cases = [
      [12500n, 3, '12.5'],
      [3000n, 3, '3'],
      [-5n, 3, '-0.005'],
      [0n, 5, '0'],
      [100n, 0, '100'],
      [10n ** 37n + 1n, 2, `1${'0'.repeat(35)}.01`],
    ] as const
    for (const [scaled, scale, text] of cases) expect(printExact(scaled, scale)).toBe(text)
  })

  it('become the double that their text reads as', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), fc.nat(18), (scaled, scale) => {
        expect(exactToDouble(scaled, scale)).toBe(Number(printExact(scaled, scale)))
      }),
    )
  })
})

function source(aggregate: string, scale: number): MeasureSource {
  const call = { aggregate } as MeasureSource['measure']['call']
  return { measure: { name: 'm', call }, tally: 'base', columns: [], scale, float: false }
}

describe('finishMeasure', () => {
  it('gives 0 for counts and sums of nothing, null for the rest', () => {
    const merged = { kind: 'exact', columns: [[null], [0n]] } as const
    const value = (aggregate: string) => finishMeasure(source(aggregate, 3), merged)[0]!.values[0]
    expect(['count', 'sum', 'min', 'max', 'mean'].map(value)).toEqual([0n, 0n, null, null, null])
  })

  it('divides a mean once: the rounded sum would give another double', () => {
    const [sum, count] = [9_007_199_254_740_993n, 3n]
    const [mean] = finishMeasure(source('mean', 0), { kind: 'exact', columns: [[sum], [count]] })
    expect(mean).toEqual({ scale: undefined, values: [3_002_399_751_580_331] })
    expect(Number(sum) / Number(count)).not.toBe(3_002_399_751_580_331)
  })

  it('reads quantiles from the midpoints and rounds distinct counts', () => {
    expect(
      finishMeasure(source('quantiles', 2), {
        kind: 'quantiles',
        buckets: [
          [7, null],
          [1000, -1000],
        ],
      }),
    ).toEqual([
      { scale: 2, values: [7n, null] },
      { scale: 2, values: [100n, -100n] },
    ])
    expect(
      finishMeasure(source('distinct', 0), { kind: 'distinct', estimates: [0, 12.5] })[0]!.values,
    ).toEqual([0n, 13n])
  })
})

describe('evaluateRatio', () => {
  const a: RatioExpr = { node: 'measure', name: 'a' }
  const b: RatioExpr = { node: 'measure', name: 'b' }
  const apply = (operator: '+' | '-' | '*' | '/', left: number | null, right: number | null) =>
    evaluateRatio({ node: 'binary', operator, left: a, right: b }, (name) => (name === 'a' ? left : right))

  it('is double arithmetic, and null where it has no finite result', () => {
    expect([apply('+', 1, 2), apply('-', 1, 2), apply('*', 3, 2), apply('/', 1, 4)]).toEqual([3, -1, 6, 0.25])
    expect([apply('/', 1, 0), apply('/', 0, 0), apply('+', null, 1), apply('*', 1e308, 10)]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })
})

describe('parseRank', () => {
  it('keeps the fraction exact and names the column', () => {
    const ranks = ['0.5', '.05', '0.999', '1', '1.0', '0.9990', '0.000000001', '0.125'].map((text) => {
      const { numerator, denominator, suffix } = parseRank(text)!
      return `${numerator}/${denominator} ${suffix}`
    })
    expect(ranks).toEqual([
      '5/10 p50',
      '5/100 p5',
      '999/1000 p99_9',
      '1/1 p100',
      '1/1 p100',
      '999/1000 p99_9',
      '1/1000000000 p0_0000001',
      '125/1000 p12_5',
    ])
  })

  it('refuses what is no rank', () => {
    for (const text of ['', '0', '0.0', '1.1', '2', '-0.5', '95', '.', '1e-1', '0.1234567890', 'p95', ' 0.5'])
      expect([text, parseRank(text)]).toEqual([text, undefined])
  })
})
