/** Which fields an expression reads. */
import type { Expr } from './expr.ts'

/** The direct operands of a node. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.node) {
    case 'field':
    case 'event_time':
    case 'literal':
      return []
    case 'not':
    case 'negate':
    case 'is_null':
    case 'like':
    case 'convert':
      return [expr.operand]
    case 'logic':
    case 'compare':
    case 'arithmetic':
      return [expr.left, expr.right]
    case 'in':
      return [expr.operand, ...expr.items]
    case 'case':
      return [...expr.branches.flatMap((branch) => [branch.when, branch.then]), expr.otherwise]
    case 'call':
      return expr.args
  }
}

/** Names of the fields read anywhere in the expressions, each once, in code point order. */
export function fieldsOf(exprs: readonly Expr[]): string[] {
  const names = new Set<string>()
  const visit = (expr: Expr): void => {
    if (expr.node === 'field') names.add(expr.name)
    operandsOf(expr).forEach(visit)
  }
  exprs.forEach(visit)
  return [...names].sort(compareText)
}

/** Code unit order; never the locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
