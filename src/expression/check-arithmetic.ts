/** Types of + - * / % and unary minus: exact results are bounded, so that none can overflow in a run. */
import { type ArithmeticOperator, type Expr, MAX_EXACT_MAGNITUDE } from '../core/expr.ts'
import { type CheckContext, NO_CAST_HINT } from './check-context.ts'
import { convert } from './convert.ts'
import type { Syntax } from './syntax.ts'
import {
  computed,
  describeTypes,
  type ExactType,
  exactType,
  FLOAT,
  isExact,
  isNumber,
  magnitudeOf,
  NULL,
  type NumberType,
  rescaled,
  scaleOf,
} from './value-type.ts'

const ANY_NUMBER: ExactType = { kind: 'integer', magnitude: '0' }

/** Operands of + - and % get one scale; those of * and / keep their own. */
export function checkArithmetic(
  checker: CheckContext,
  syntax: Extract<Syntax, { kind: 'binary' }>,
  operator: ArithmeticOperator,
): Expr | undefined {
  const sides = checker.checkAll([syntax.left, syntax.right])
  if (!sides) return undefined
  const [left, right] = sides as [Expr, Expr]
  const types = [left.type, right.type].map((type) => (type.kind === 'null' ? ANY_NUMBER : type))
  if (!types.every(isNumber)) {
    const params = { what: operator, types: describeTypes([left.type, right.type]) }
    return checker.fail('TYPE_MISMATCH', syntax, params, NO_CAST_HINT)
  }
  if (types.some((type) => type.kind === 'float')) {
    const floats = { left: convert(left, FLOAT), right: convert(right, FLOAT) }
    return { node: 'arithmetic', operator, ...floats, type: FLOAT }
  }
  if (left.type.kind === 'null' || right.type.kind === 'null')
    return { node: 'literal', value: null, type: NULL }
  return exactArithmetic(operator, left, right) ?? checker.fail('TOO_WIDE', syntax, { digits: 38 })
}

function exactArithmetic(operator: ArithmeticOperator, left: Expr, right: Expr): Expr | undefined {
  const a = left.type as ExactType
  const b = right.type as ExactType
  const type = resultType(operator, a, b, right)
  if (!type) return undefined
  if (operator === '*' || operator === '/') return { node: 'arithmetic', operator, left, right, type }
  const scale = Math.max(scaleOf(a), scaleOf(b))
  const [leftType, rightType] = [a, b].map((t) =>
    exactType(scale, rescaled(t, scale), type.kind === 'decimal'),
  )
  if (!leftType || !rightType) return undefined
  return {
    node: 'arithmetic',
    operator,
    left: convert(left, leftType),
    right: convert(right, rightType),
    type,
  }
}

function resultType(
  operator: ArithmeticOperator,
  a: ExactType,
  b: ExactType,
  divisor: Expr,
): ExactType | undefined {
  const decimal = a.kind === 'decimal' || b.kind === 'decimal'
  const scale = Math.max(scaleOf(a), scaleOf(b))
  const [left, right] = [rescaled(a, scale), rescaled(b, scale)]
  switch (operator) {
    case '+':
    case '-':
      return exactType(scale, computed(left + right), decimal)
    case '*':
      return exactType(scaleOf(a) + scaleOf(b), computed(magnitudeOf(a) * magnitudeOf(b)), decimal)
    case '%':
      return exactType(scale, smaller(left, right), decimal)
    case '/':
      return quotientType(a, b, divisor, scale, decimal)
  }
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

/** A decimal quotient is cut from twice the scaled dividend, to round half away from zero; that must fit too. */
function quotientType(a: ExactType, b: ExactType, divisor: Expr, scale: number, decimal: boolean) {
  const dividend = magnitudeOf(a) * 10n ** BigInt(scaleOf(b) + scale - scaleOf(a))
  if (decimal && 2n * dividend > MAX_EXACT_MAGNITUDE) return undefined
  const least = divisor.node === 'literal' && magnitudeOf(b) > 0n ? magnitudeOf(b) : 1n
  return exactType(scale, computed(dividend / least + (decimal ? 1n : 0n)), decimal)
}

export function checkNegation(
  checker: CheckContext,
  syntax: Extract<Syntax, { kind: 'unary' }>,
): Expr | undefined {
  const operand = checker.check(syntax.operand)
  if (!operand || operand.type.kind === 'null') return operand
  if (!isNumber(operand.type)) {
    const types = describeTypes([operand.type])
    return checker.fail('TYPE_MISMATCH', syntax, { what: '-', types }, NO_CAST_HINT)
  }
  return negate(operand, operand.type)
}

function negate(operand: Expr, type: NumberType): Expr {
  if (operand.node === 'literal' && isExact(type) && operand.value !== null)
    return { node: 'literal', value: (-BigInt(String(operand.value))).toString(), type }
  if (!isExact(type)) return { node: 'negate', operand, type }
  return { node: 'negate', operand, type: { ...type, magnitude: computed(magnitudeOf(type)).toString() } }
}
