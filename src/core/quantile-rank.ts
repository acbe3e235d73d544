/** Quantile ranks as users write them, kept as exact fractions. */

/** A rank in (0, 1]; `suffix` names its column: 0.95 → `p95`, 0.999 → `p99_9`, 1 → `p100`. */
export interface QuantileRank {
  readonly numerator: number
  readonly denominator: number
  readonly suffix: string
}

/** Ranks of a query that names none. */
export const DEFAULT_RANKS: readonly string[] = ['0.5', '0.95', '0.99']

const RANK = /^(0|1)?(?:\.(\d{1,9}))?$/

/** Undefined unless the text is a plain decimal above 0, at most 1, of at most nine decimals. */
export function parseRank(text: string): QuantileRank | undefined {
  const match = RANK.exec(text)
  if (!match || (match[1] === undefined && match[2] === undefined)) return undefined
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  const denominator = 10 ** fraction.length
  const numerator = Number(match[1] ?? '0') * denominator + Number(fraction || '0')
  if (numerator === 0 || numerator > denominator) return undefined
  return { numerator, denominator, suffix: `p${percentText(numerator, denominator)}` }
}

/** The percentage with `_` for the decimal point, since names of columns hold none. */
function percentText(numerator: number, denominator: number): string {
  const [whole, fraction] = [Math.floor((numerator * 100) / denominator), (numerator * 100) % denominator]
  if (fraction === 0) return String(whole)
  const digits = String(denominator).length - 1
  return `${whole}_${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`
}
