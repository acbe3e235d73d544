/** Ratios: plain double arithmetic over finished measures, once, after every merge. */
import { exactToDouble } from './exact-number.ts'
import type { RatioExpr } from './expr.ts'
import type { FinishedValue } from './finish-measure.ts'

/** Null when an operand is null, when a divisor is zero, or when the result is not finite. */
export function evaluateRatio(expr: RatioExpr, values: ReadonlyMap<string, FinishedValue>): number | null {
  if (expr.node === 'number') return expr.value
  if (expr.node === 'measure') return toDouble(values.get(expr.name) ?? null)
  const left = evaluateRatio(expr.left, values)
  const right = evaluateRatio(expr.right, values)
  if (left === null || right === null) return null
  const result = combine(expr.operator, left, right)
  return result !== null && Number.isFinite(result) ? result : null
}

/** The names of the measures and earlier ratios that a ratio reads. */
export function namesInRatio(expr: RatioExpr): string[] {
  if (expr.node === 'number') return []
  if (expr.node === 'measure') return [expr.name]
  return [...namesInRatio(expr.left), ...namesInRatio(expr.right)]
}

function toDouble(value: FinishedValue): number | null {
  return value === null || typeof value === 'number' ? value : exactToDouble(value)
}

function combine(operator: '+' | '-' | '*' | '/', left: number, right: number): number | null {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  if (operator === '*') return left * right
  return right === 0 ? null : left / right
}
