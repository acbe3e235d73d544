/**
 * HyperLogLog registers cut from md5, which every engine has, and the estimator for them.
 *
 * Of md5(value text) in hex: the first 3 digits (12 bits), divided by 4096 / registers, name the register; the
 * rank is 1 + the number of leading zero bits of the next 13 digits (52 bits), 53 when all are zero.
 * Estimator: O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017, Algorithm 6, with
 * no saturated register (ranks of 53 do not occur in practice): m² / (2 ln 2 · (Σ 2^-rank + m · σ(empty/m))).
 */
export const MAX_REGISTERS = 4096
export const RANK_BITS = 52

/** σ(x) = x + Σ x^(2^k) · 2^(k-1); 17 terms reach the limit of doubles for x ≤ 4095/4096. */
export function sigma(x: number): number {
  let total = x
  let power = x
  for (let k = 1; k <= 17; k++) {
    power *= power
    total += power * 2 ** (k - 1)
  }
  return total
}

/** The estimate from the ranks of the registers that are not empty; 0 when all are. */
export function estimateDistinct(registers: number, inverseRankSum: number, filled: number): number {
  if (filled === 0) return 0
  const empty = (registers - filled) / registers
  return registers ** 2 / (2 * Math.LN2 * (inverseRankSum + registers * sigma(empty)))
}
