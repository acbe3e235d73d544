/** `$register` and `$rank` of core/distinct-registers.ts, cut from the hex digits of md5 in portable SQL. */
import { MAX_REGISTERS, RANK_BITS } from '../core/distinct-registers.ts'

/** The first three hex digits, divided by 4096 / registers. */
export function md5Register(
  text: string,
  registers: number,
  quotient: (dividend: string, divisor: string) => string,
): string {
  const digit = (place: number) =>
    `(position(substring(md5(${text}), ${place}, 1) IN '0123456789abcdef') - 1)`
  const twelveBits = `(${digit(1)} * 256 + ${digit(2)} * 16 + ${digit(3)})`
  return registers === MAX_REGISTERS ? twelveBits : quotient(twelveBits, String(MAX_REGISTERS / registers))
}

/** 1 + the number of leading zero bits from the fourth hex digit on; null for null. */
export function md5Rank(text: string): string {
  const whens = Array.from({ length: RANK_BITS }, (_, index) => {
    const digit = `substring(md5(${text}), ${4 + Math.trunc(index / 4)}, 1)`
    return `WHEN ${digit} >= '${'8421'[index % 4]}' THEN ${index + 1}`
  })
  return `CASE ${whens.join(' ')} WHEN ${text} IS NOT NULL THEN ${RANK_BITS + 1} END`
}
