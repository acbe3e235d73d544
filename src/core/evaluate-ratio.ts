/** Ratios: plain double arithmetic over finished measures, once, after every merge. */
import type { RatioExpr } from './expr.ts'

/** `read` gives a measure or an earlier ratio. Null when an operand is, or when the result would not be finite. */
export function evaluateRatio(expr: RatioExpr, read: (name: string) => number | null): number | null {
  if (expr.node === 'number') return expr.value
  if (expr.node === 'measure') return read(expr.name)
  const left = evaluateRatio(expr.left, read)
  const right = evaluateRatio(expr.right, read)
  if (left === null || right === null) return null
  const result = combine(expr.operator, left, right)
  return Number.isFinite(result) ? result : null
}

/** The names of the measures and earlier ratios that a ratio reads. */
export function namesInRatio(expr: RatioExpr): string[] {
  if (expr.node === 'number') return []
  if (expr.node === 'measure') return [expr.name]
  return [...namesInRatio(expr.left), ...namesInRatio(expr.right)]
}

/** Division by zero is not finite here, so it ends as null. */
function combine(operator: '+' | '-' | '*' | '/', left: number, right: number): number {
  if (operator === '+') return left + right
  if (operator === '-') return left - right
  return operator === '*' ? left * right : left / right
}
