/** The quotient of two integers of any size as the nearest double, rounded once, half to even. */

/** Enough quotient bits that a last, sticky bit cannot lie on the border between two doubles. */
const QUOTIENT_BITS = 66

/** `denominator` must not be 0. Results beyond the range of normal doubles are not supported. */
export function exactQuotient(numerator: bigint, denominator: bigint): number {
  if (numerator === 0n) return 0
  const isNegative = numerator < 0n !== denominator < 0n
  const [top, bottom] = [absolute(numerator), absolute(denominator)]
  const shift = Math.max(0, QUOTIENT_BITS - (bitLength(top) - bitLength(bottom)))
  const scaled = top << BigInt(shift)
  const quotient = scaled / bottom
  const sticky = quotient * bottom === scaled ? quotient : quotient | 1n
  const magnitude = Number(sticky) * 2 ** -shift
  return isNegative ? -magnitude : magnitude
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value
}

function bitLength(value: bigint): number {
  return value.toString(2).length
}
