/** Number text as a scaled integer, exactly, whatever its digits, exponent and scale. */
import type { ParseDialect } from './parse-dialect.ts'

/** Digits that a decimal field holds in all. */
export const DECIMAL_DIGITS = 18

/** `-?digits[.digits][e[+-]digits]` */
export const NUMBER_REGEX = '-?[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?'
export const PLAIN_REGEX = '-?[0-9]+(?:\\.[0-9]+)?'

/**
 * The value × 10^scale rounded half away from zero; null when it has more than 18 digits. `text` must match
 * NUMBER_REGEX. The digits without leading zeros are cut where the scale ends, and the next digit rounds.
 */
export function exactDecimal(parse: ParseDialect, text: string, scale: number): string {
  const regex = '\\A(-?)([0-9]+)(?:\\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]*))?\\z'
  const names = ['sign', 'whole', 'fraction', 'exponent_sign', 'exponent']
  return parse.bind(parse.groups(text, regex, names), (record) => {
    const group = (name: string) => parse.group(record, name, names)
    const digits = `(${group('whole')} || ${group('fraction')})`
    const significant = parse.trimZeros(digits)
    const zeros = `(${parse.codePoints(digits)} - ${parse.codePoints(significant)})`
    const point = `(${parse.codePoints(group('whole'))} - ${zeros} + ${exponent(parse, group)} + ${scale})`
    return parse.bind(significant, (sig) =>
      parse.bind(point, (kept) => {
        const value = parse.bind(roundedDigits(parse, sig, kept), (rounded) => {
          const signed = `CASE WHEN ${group('sign')} = '' THEN ${rounded} ELSE -${rounded} END`
          return `CASE WHEN ${rounded} < 1000000000000000000 THEN ${signed} END`
        })
        return `CASE WHEN ${sig} = '' OR ${kept} < 0 THEN 0 WHEN ${kept} <= ${DECIMAL_DIGITS} THEN ${value} END`
      }),
    )
  })
}

/** An exponent of more digits than any line could balance is as good as a huge one. */
function exponent(parse: ParseDialect, group: (name: string) => string): string {
  const digits = group('exponent')
  const size = `CASE WHEN ${parse.codePoints(digits)} > 9 THEN 999999999 ELSE coalesce(${parse.integerOf(digits)}, 0) END`
  return `CASE WHEN ${group('exponent_sign')} = '-' THEN -1 ELSE 1 END * ${size}`
}

/** The integer of the first `kept` digits (0 to 18), filled up with zeros, one more when the next is 5 or above. */
function roundedDigits(parse: ParseDialect, significant: string, kept: string): string {
  const filled = `('0' || ${parse.substring(`(${significant} || '${'0'.repeat(DECIMAL_DIGITS)}')`, 1, kept)})`
  const next = parse.substring(significant, `${kept} + 1`, 1)
  return `(${parse.integerOf(filled)} + CASE WHEN ${next} >= '5' THEN 1 ELSE 0 END)`
}
