/** Exact numbers `scaled / 10^scale`: their plain text and their nearest double. */
import { exactQuotient } from './exact-quotient.ts'

/** Plain decimal text with every digit and no zeros at the end of a fraction: 12.500 → `12.5`, 3.000 → `3`. */
export function printExact(scaled: bigint, scale: number): string {
  if (scale === 0) return scaled.toString()
  const isNegative = scaled < 0n
  const digits = (isNegative ? -scaled : scaled).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(-scale).replace(/0+$/, '')
  const whole = digits.slice(0, -scale)
  return `${isNegative ? '-' : ''}${whole}${fraction && `.${fraction}`}`
}

/** The nearest double. */
export function exactToDouble(scaled: bigint, scale: number): number {
  return scale === 0 ? Number(scaled) : exactQuotient(scaled, 10n ** BigInt(scale))
}
