/** Buckets ascend with values, and their midpoints stay within 1 %. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketMidpoint, bucketOf } from './quantile-bucket.ts'

const value = fc.bigInt({ min: -(10n ** 38n - 1n), max: 10n ** 38n - 1n })
const small = fc.bigInt({ min: -100_000n, max: 100_000n })
const any = fc.oneof(value, small)

describe('bucketOf', () => {
  it('keeps values below 100 exact', () => {
    for (let v = -99n; v < 100n; v++) expect(bucketMidpoint(bucketOf(v))).toBe(v)
  })

  it('puts the midpoint within 1 % of every value of the bucket', () => {
    fc.assert(
      fc.property(any, (v) => {
        const error = bucketMidpoint(bucketOf(v)) - v
        return (error < 0n ? -error : error) * 100n <= (v < 0n ? -v : v)
      }),
      { numRuns: 5000 },
    )
  })

  it('ascends with the values', () => {
    fc.assert(
      fc.property(any, any, (a, b) => (a <= b ? bucketOf(a) <= bucketOf(b) : bucketOf(a) >= bucketOf(b))),
    )
  })

  it('gives a midpoint back its own bucket', () => {
    fc.assert(fc.property(any, (v) => bucketOf(bucketMidpoint(bucketOf(v))) === bucketOf(v)))
  })

  it('needs 175 buckets for a decade', () => {
    const buckets = new Set(Array.from({ length: 9000 }, (_, index) => bucketOf(BigInt(1000 + index))))
    expect(buckets.size).toBe(175)
  })
})
