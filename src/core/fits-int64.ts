/** Which exact integers surely fit 64 bits. */
import type { Expr } from './expr.ts'

/** A field's magnitude is 2^63, which only −2^63 reaches, so a bare field fits although its magnitude does not. */
export function fitsInt64(expr: Expr): boolean {
  if (expr.type.kind !== 'integer') return false
  return expr.node === 'field' || BigInt(expr.type.magnitude) < 2n ** 63n
}
