/** Puts a checked expression into the type its parent needs; constants are converted at once. */
import type { Expr, ValueType } from '../core/expr.ts'
import { computed, type ExactType, isExact, scaleOf } from './value-type.ts'

/** `type` must be a common type of the expression's own (see commonType); magnitudes may stay smaller. */
export function convert(expr: Expr, type: ValueType): Expr {
  const from = expr.type
  if (from.kind === 'null') return { node: 'literal', value: null, type }
  if (type.kind === 'float' && isExact(from)) return toFloat(expr, from)
  if (!isExact(type) || !isExact(from)) return expr
  const shift = scaleOf(type) - scaleOf(from)
  if (shift === 0 && from.kind === type.kind) return expr
  if (expr.node !== 'literal') return { node: 'convert', operand: expr, type }
  if (expr.value === null) return { ...expr, type }
  const value = (BigInt(String(expr.value)) * 10n ** BigInt(shift)).toString()
  const magnitude = computed(BigInt(value.replace('-', ''))).toString()
  return { node: 'literal', value, type: { ...type, magnitude } }
}

/** Constants are rounded once, to the nearest double. */
function toFloat(expr: Expr, from: ExactType): Expr {
  const type = { kind: 'float' } as const
  if (expr.node !== 'literal' || expr.value === null) return { node: 'convert', operand: expr, type }
  return { node: 'literal', value: String(Number(`${expr.value}e-${scaleOf(from)}`)), type }
}
