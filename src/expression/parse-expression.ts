/** The expression language's front door: text → typed expression, or every problem in it. */
import type { AggregateCall } from '../core/definition.ts'
import type { Expr } from '../core/expr.ts'
import { operandsOf } from '../core/expr-fields.ts'
import { checkMeasure } from './check-measure.ts'
import { Checker } from './checker.ts'
import { parseSyntax } from './parser.ts'
import { type ExpressionProblem, ProblemList, type Span } from './problem.ts'
import type { Scope } from './scope.ts'

export { printExpr } from './print-expr.ts'
export type { ExpressionProblem, ProblemCode } from './problem.ts'
export { parseRatio } from './ratio.ts'
export type { Scope } from './scope.ts'

/** Steps after expansion; keeps the SQL of one expression below a few hundred kilobytes. */
const MAX_SIZE = 1000

/** Any expression with a type. Nothing throws: what is wrong stands in `problems`, and `expr` is absent then. */
export function parseExpression(
  text: string,
  scope: Scope,
): { expr?: Expr; problems: readonly ExpressionProblem[] } {
  return parse(text, scope, (checker, syntax) => {
    const expr = checker.check(syntax)
    return expr?.type.kind === 'null' ? checker.fail('ALWAYS_NULL', syntax) : expr
  })
}

/** A boolean expression. */
export function parseCondition(
  text: string,
  scope: Scope,
): { expr?: Expr; problems: readonly ExpressionProblem[] } {
  return parse(text, scope, (checker, syntax) => checker.checkBoolean(syntax))
}

/** A dimension: any expression but a float, which has no exact groups. */
export function parseDimension(
  text: string,
  scope: Scope,
): { expr?: Expr; problems: readonly ExpressionProblem[] } {
  return parse(text, scope, (checker, syntax) => {
    const expr = checker.check(syntax)
    if (expr?.type.kind === 'null') return checker.fail('ALWAYS_NULL', syntax)
    if (expr?.type.kind !== 'float') return expr
    return checker.fail('FLOAT_DIMENSION', syntax, {}, 'Declare the field as decimal(n).')
  })
}

/** One aggregate call, such as `count()`, `sum(bytes)` or `distinct(user, 1024)`. */
export function parseMeasure(
  text: string,
  scope: Scope,
): { call?: AggregateCall; problems: readonly ExpressionProblem[] } {
  const list = new ProblemList()
  const syntax = parseSyntax(text, list)
  const call = syntax && checkMeasure(new Checker(scope, list), syntax)
  if (call?.argument) checkSize(call.argument, syntax!, list)
  return call && list.problems.length === 0 ? { call, problems: [] } : { problems: list.problems }
}

type Check = (checker: Checker, syntax: NonNullable<ReturnType<typeof parseSyntax>>) => Expr | undefined

function parse(text: string, scope: Scope, check: Check) {
  const list = new ProblemList()
  const syntax = parseSyntax(text, list)
  const expr = syntax && check(new Checker(scope, list), syntax)
  if (expr) checkSize(expr, syntax, list)
  return expr && list.problems.length === 0 ? { expr, problems: [] } : { problems: list.problems }
}

function checkSize(expr: Expr, span: Span, list: ProblemList): void {
  if (sizeOf(expr, new Map()) > MAX_SIZE) list.add('TOO_LARGE', span, { most: MAX_SIZE })
}

/**
 * How large an expression gets once every rule is written into SQL: some operands are then printed more than
 * once, and nesting multiplies. Shared nodes are counted as often as they are printed.
 */
function sizeOf(expr: Expr, known: Map<Expr, number>): number {
  const found = known.get(expr)
  if (found !== undefined) return found
  const operands = operandsOf(expr).reduce((total, operand) => {
    const copies = isFloatArithmetic(operand) && !isFloatArithmetic(expr) ? 2 : 1
    return total + copies * sizeOf(operand, known)
  }, 0)
  const size = 1 + copiesOf(expr) * operands
  known.set(expr, size)
  return size
}

/** A chain of float arithmetic is guarded once, at its end. */
function isFloatArithmetic({ node, type }: Expr): boolean {
  return type.kind === 'float' && (node === 'arithmetic' || node === 'negate')
}

function copiesOf(expr: Expr): number {
  if (expr.node === 'convert') return expr.type.kind === 'float' ? 3 : 1
  if (expr.node === 'call') return COPIES.get(expr.fn) ?? 1
  if (expr.node !== 'arithmetic' || (expr.operator !== '/' && expr.operator !== '%')) return 1
  return { decimal: 5, integer: 3 }[expr.type.kind as string] ?? 1
}

const COPIES: ReadonlyMap<string, number> = new Map([
  ['lower', 4],
  ['upper', 4],
  ['trim', 4],
  ['substring', 6],
  ['regexp_extract', 2],
  ['least', 2],
  ['greatest', 2],
])
