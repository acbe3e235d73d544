/** How calls of the text and number functions are checked. */
import type { Expr, ValueType } from '../core/expr.ts'
import { type CheckContext, NO_CAST_HINT } from './check-context.ts'
import { convert } from './convert.ts'
import type { Syntax } from './syntax.ts'
import { computed, describeType, isExact, isNumber, magnitudeOf, STRING } from './value-type.ts'

export type CallSyntax = Extract<Syntax, { kind: 'call' }>

/** `least` and `most` bound the number of arguments; it has been checked when `check` is called. */
export interface Signature {
  readonly least: number
  readonly most: number
  check(context: CheckContext, syntax: CallSyntax): Expr | undefined
}

/** No text that an engine can hold is longer than 2^32 characters. */
const MAX_LENGTH = 2n ** 32n
/** Largest constant position or length of substring. */
const MAX_POSITION = 2n ** 31n - 1n
/** Start and length are added in 38 digits. */
const MAX_COMPUTED_POSITION = 10n ** 37n
const ANY = Number.POSITIVE_INFINITY

export const textToText: Signature = {
  least: 1,
  most: 1,
  check: (context, syntax) => {
    const args = textArguments(context, syntax)
    return args && { node: 'call', fn: syntax.name, args, type: STRING }
  },
}

export const concat: Signature = { ...textToText, most: ANY }

export const length: Signature = {
  least: 1,
  most: 1,
  check: (context, syntax) => {
    const args = textArguments(context, syntax)
    return args && { node: 'call', fn: 'length', args, type: integer(MAX_LENGTH) }
  },
}

export const coalesce: Signature = {
  least: 1,
  most: ANY,
  check: (context, syntax) => commonCall(context, syntax),
}

/** least and greatest: null when any argument is null. */
export const extremum: Signature = {
  least: 2,
  most: ANY,
  check: (context, syntax) => {
    const call = commonCall(context, syntax)
    return call?.type.kind === 'boolean' ? wrongArgument(context, syntax, 0, 'a number or text', call) : call
  },
}

function commonCall(context: CheckContext, syntax: CallSyntax): Expr | undefined {
  const parts = context.checkAll(syntax.args)
  const common = parts && context.unify(parts, syntax, syntax.name)
  return common && { node: 'call', fn: syntax.name, args: common.exprs, type: common.type }
}

export const abs: Signature = {
  least: 1,
  most: 1,
  check: (context, syntax) => {
    const operand = context.check(syntax.args[0]!)
    if (!operand || operand.type.kind === 'null') return operand
    const { type } = operand
    if (!isNumber(type)) return wrongArgument(context, syntax, 0, 'a number', operand)
    const result = isExact(type) ? { ...type, magnitude: computed(magnitudeOf(type)).toString() } : type
    return { node: 'call', fn: 'abs', args: [operand], type: result }
  },
}

export const substring: Signature = {
  least: 2,
  most: 3,
  check: (context, syntax) => {
    const text = textArgument(context, syntax, 0)
    const start = position(context, syntax, 1, { what: 'The start of substring', least: 1n })
    const count =
      syntax.args.length < 3 ? [] : [position(context, syntax, 2, { what: 'The length', least: 0n })]
    if (!text || !start || count.some((expr) => !expr)) return undefined
    return { node: 'call', fn: 'substring', args: [text, start, ...(count as Expr[])], type: STRING }
  },
}

/** Constants are checked here; other values below the least are read as by SQL (see docs/expressions.md). */
function position(
  context: CheckContext,
  syntax: CallSyntax,
  index: number,
  { what, least }: { what: string; least: bigint },
): Expr | undefined {
  const operand = context.check(syntax.args[index]!)
  if (!operand) return undefined
  const type = integer(MAX_POSITION)
  if (operand.type.kind === 'null') return convert(operand, type)
  if (operand.type.kind !== 'integer') return wrongArgument(context, syntax, index, 'an integer', operand)
  if (magnitudeOf(operand.type) > MAX_COMPUTED_POSITION)
    return context.fail('TOO_WIDE', syntax.args[index]!, { digits: 37 })
  const constant = operand.node === 'literal' ? BigInt(String(operand.value)) : least
  if (constant >= least && constant <= MAX_POSITION) return operand
  const params = { what, least: String(least), most: String(MAX_POSITION), text: String(constant) }
  const hint = constant === 0n ? 'The first character is number 1.' : undefined
  return context.fail('OUT_OF_RANGE', syntax.args[index]!, params, hint)
}

export function textArguments(context: CheckContext, syntax: CallSyntax): Expr[] | undefined {
  const args = syntax.args.map((_, index) => textArgument(context, syntax, index))
  return args.every((arg) => arg !== undefined) ? (args as Expr[]) : undefined
}

export function textArgument(context: CheckContext, syntax: CallSyntax, index: number): Expr | undefined {
  const operand = context.check(syntax.args[index]!)
  if (!operand) return undefined
  if (operand.type.kind === 'string' || operand.type.kind === 'null') return convert(operand, STRING)
  return wrongArgument(context, syntax, index, 'a string', operand, NO_CAST_HINT)
}

export function wrongArgument(
  context: CheckContext,
  syntax: CallSyntax,
  index: number,
  expected: string,
  operand: Expr,
  hint?: string,
): undefined {
  const params = { number: index + 1, name: syntax.name, expected, type: describeType(operand.type) }
  return context.fail('WRONG_ARGUMENT', syntax.args[index]!, params, hint)
}

export function integer(magnitude: bigint): ValueType {
  return { kind: 'integer', magnitude: magnitude.toString() }
}
