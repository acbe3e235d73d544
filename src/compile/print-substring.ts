/** substring() with our rule: the first character is number 1, and what lies before it is empty. */
import type { Expr } from '../core/expr.ts'

/** No text is longer, and every engine takes it as a position. */
const MOST = 2_147_483_647

/** The characters at positions p with start ≤ p < start + length, as in the SQL standard; no length: to the end. */
export function printSubstring(args: readonly Expr[], texts: readonly string[], wideType: string): string {
  const [text = '', start = '', length] = texts
  const isPlain = args.slice(1).every(isConstant)
  if (isPlain) return `substring(${[text, ...args.slice(1).map(digits)].join(', ')})`
  const from = isConstant(args[1]!) ? digits(args[1]!) : clamp(start, 1)
  if (length === undefined) return `substring(${text}, ${from})`
  const last = `(CAST(${start} AS ${wideType}) + ${length} - 1)`
  return `substring(substring(${text}, 1, ${clamp(last, 0)}), ${from})`
}

function isConstant(expr: Expr): boolean {
  return expr.node === 'literal' && expr.value !== null
}

function digits(expr: Expr): string {
  return expr.node === 'literal' ? String(expr.value) : ''
}

/** Null stays null. */
function clamp(value: string, least: number): string {
  return `CAST(CASE WHEN ${value} < ${least} THEN ${least} WHEN ${value} > ${MOST} THEN ${MOST} ELSE ${value} END AS BIGINT)`
}
