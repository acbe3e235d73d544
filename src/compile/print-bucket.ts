/** `$bucket(x)`: the log-linear bucket of core/quantile-bucket.ts as one CASE of comparisons and one division. */
import type { ValueType } from '../core/expr.ts'
import { BUCKETS_PER_DECADE } from '../core/quantile-bucket.ts'

/** Slots of a decade by the three leading digits: from, the slot number there, and the width of a slot. */
const STEPS = [
  { below: 200n, from: 100n, slot: 0, width: 2n },
  { below: 500n, from: 200n, slot: 50, width: 4n },
  { below: 1000n, from: 500n, slot: 125, width: 10n },
] as const

type Quotient = (dividend: string, divisor: string) => string

/** Comparisons go from small to large, since most values are small; negative ones mirror without negation. */
export function printBucket(value: string, type: ValueType, quotient: Quotient): string {
  const magnitude = 'magnitude' in type ? BigInt(type.magnitude) : 0n
  const sides = [printSide(value, '', magnitude, quotient), printSide(value, '-', magnitude, quotient)]
  return `CASE WHEN ${value} BETWEEN -99 AND 99 THEN ${value} WHEN ${value} > 0 THEN ${sides[0]} ELSE ${sides[1]} END`
}

function printSide(value: string, sign: '' | '-', magnitude: bigint, quotient: Quotient): string {
  const digits = Math.max(3, magnitude.toString().length)
  const branches: string[] = []
  let last = ''
  for (let p = 3; p <= digits; p++) {
    const unit = 10n ** BigInt(p - 3)
    for (const { below, from, slot, width } of STEPS) {
      if (p > 3 && from * unit > magnitude) break
      const base = `${sign}${(p - 2) * BUCKETS_PER_DECADE + slot}`
      const offset = sign === '' ? `(${value} - ${from * unit})` : `(${value} + ${from * unit})`
      last = `${base} + ${quotient(offset, String(width * unit))}`
      branches.push(`WHEN ${value} ${sign === '' ? '<' : '>'} ${sign}${below * unit} THEN ${last}`)
    }
  }
  branches.pop()
  return `CASE ${branches.join(' ')} ELSE ${last} END`
}
