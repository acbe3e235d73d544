/** substring() with our rule: the first character is number 1, and what lies before it is empty. */
import type { Expr } from '../core/expr.ts'

/** Names of types: of a place in a text, and of exact values of 38 digits. */
interface Types {
  readonly positionType: string
  readonly wideType: string
}

/** No text is longer, and every engine takes it as a position. */
const MOST = 2_147_483_647

/** The characters at positions p with start ≤ p < start + length, as in the SQL standard; no length: to the end. */
export function printSubstring(args: readonly Expr[], texts: readonly string[], types: Types): string {
  const [text = '', start = '', length] = texts
  const clamp = (value: string, least: number) => clampTo(types.positionType, value, least)
  const isPlain = args.slice(1).every(isConstant)
  if (isPlain) return `substring(${[text, ...args.slice(1).map(digits)].join(', ')})`
  const from = isConstant(args[1]!) ? digits(args[1]!) : clamp(start, 1)
  if (length === undefined) return `substring(${text}, ${from})`
  const last = `(CAST(${start} AS ${types.wideType}) + ${length} - 1)`
  return `substring(substring(${text}, 1, ${clamp(last, 0)}), ${from})`
}

function isConstant(expr: Expr): boolean {
  return expr.node === 'literal' && expr.value !== null
}

function digits(expr: Expr): string {
  return expr.node === 'literal' ? String(expr.value) : ''
}

/** Null stays null. */
function clampTo(type: string, value: string, least: number): string {
  return `CAST(CASE WHEN ${value} < ${least} THEN ${least} WHEN ${value} > ${MOST} THEN ${MOST} ELSE ${value} END AS ${type})`
}
