/** What the parts of the checker share: how to check a part, bring parts together and report a problem. */
import type { Expr, ValueType } from '../core/expr.ts'
import type { ProblemCode, Span } from './problem.ts'
import type { Scope } from './scope.ts'
import type { Syntax } from './syntax.ts'

/** Every method gives undefined after it has reported why, so that no problem is reported twice. */
export interface CheckContext {
  readonly scope: Scope
  fail(code: ProblemCode, span: Span, params?: Record<string, string | number>, hint?: string): undefined
  check(syntax: Syntax): Expr | undefined
  /** Checks all, so that each is reported; undefined when any failed. */
  checkAll(parts: readonly Syntax[]): Expr[] | undefined
  /** The expression as a boolean (a bare null counts as one). */
  checkBoolean(syntax: Syntax, hint?: string): Expr | undefined
  /** Brings expressions to their common type, or reports that they have none. */
  unify(exprs: readonly Expr[], span: Span, what: string): { exprs: Expr[]; type: ValueType } | undefined
}

export const NO_CAST_HINT =
  'Nothing is turned into text or a number by itself: declare the type of the field that you need.'

export function didYouMean(name: string): string {
  return `Did you mean ${name}?`
}
