/** A measure's text: one aggregate call with a typed argument. */

import { closestName } from '../core/closest-name.ts'
import type { AggregateCall } from '../core/definition.ts'
import { MAX_REGISTERS } from '../core/distinct-registers.ts'
import type { Expr, ValueType } from '../core/expr.ts'
import { type CheckContext, didYouMean } from './check-context.ts'
import { AGGREGATE_NAMES } from './function-table.ts'
import type { Syntax } from './syntax.ts'
import { describeType, isExact, isNumber } from './value-type.ts'

type CallSyntax = Extract<Syntax, { kind: 'call' }>
type Aggregate = AggregateCall['aggregate']

const MIN_REGISTERS = 16

export function checkMeasure(context: CheckContext, syntax: Syntax): AggregateCall | undefined {
  const name = syntax.kind === 'call' ? syntax.name.toLowerCase() : ''
  if (syntax.kind !== 'call' || !AGGREGATE_NAMES.has(name)) return refuseShape(context, syntax)
  const aggregate = name as Aggregate
  if (!hasRightCount(aggregate, syntax.args.length))
    return context.fail('WRONG_COUNT', syntax, {
      name,
      expected: COUNTS[aggregate] ?? 'one argument',
      count: syntax.args.length,
    })
  return checkAggregate(context, aggregate, syntax)
}

const COUNTS: Partial<Record<Aggregate, string>> = {
  count: 'no argument or one condition',
  distinct: 'one argument and perhaps a number of registers',
}

function hasRightCount(aggregate: Aggregate, count: number): boolean {
  if (aggregate === 'count') return count <= 1
  return count === 1 || (aggregate === 'distinct' && count === 2)
}

function refuseShape(context: CheckContext, syntax: Syntax): undefined {
  const known = [...AGGREGATE_NAMES].map((name) => `${name}()`).join(', ')
  const nearest = syntax.kind === 'call' ? closestName(syntax.name, AGGREGATE_NAMES) : undefined
  const inside = syntax.kind === 'binary' || syntax.kind === 'unary'
  const hint = inside ? 'Give each aggregate a measure of its own and combine them under ratios.' : undefined
  return context.fail('NOT_AN_AGGREGATE', syntax, { known }, nearest ? didYouMean(nearest) : hint)
}

function checkAggregate(context: CheckContext, aggregate: Aggregate, syntax: CallSyntax) {
  const [first, second] = syntax.args
  if (!first) return { aggregate }
  if (aggregate === 'count') {
    const hint =
      'count(condition) counts the records for which it is true; write count(x is not null) for values.'
    const argument = context.checkBoolean(first, hint)
    return argument && { aggregate, argument }
  }
  const argument = context.check(first)
  const registers = second && checkRegisters(context, second)
  if (!argument || (second && !registers)) return undefined
  if (!accepts(aggregate, argument.type)) return refuseType(context, aggregate, first, argument)
  return { aggregate, argument, ...(registers && { registers }) }
}

function accepts(aggregate: Aggregate, type: ValueType): boolean {
  if (aggregate === 'distinct') return isExact(type) || type.kind === 'string' || type.kind === 'boolean'
  return aggregate === 'quantiles' ? isExact(type) : isNumber(type)
}

function refuseType(context: CheckContext, name: Aggregate, syntax: Syntax, argument: Expr): undefined {
  const { type } = argument
  if (type.kind === 'null') return context.fail('ALWAYS_NULL', syntax)
  const hints: Partial<Record<ValueType['kind'], string>> = {
    float: 'Declare the field as decimal(n), which is exact.',
    string: 'Declare the field as integer or decimal(n).',
    boolean: 'Write count(condition) to count.',
  }
  return context.fail('WRONG_MEASURE_TYPE', syntax, { name, type: describeType(type) }, hints[type.kind])
}

function checkRegisters(context: CheckContext, syntax: Syntax): number | undefined {
  const count = syntax.kind === 'number' ? Number(syntax.digits) : 0
  const isPower = Number.isInteger(count) && Number.isInteger(Math.log2(count))
  if (isPower && count >= MIN_REGISTERS && count <= MAX_REGISTERS) return count
  const text = syntax.kind === 'number' ? syntax.digits : 'another expression'
  return context.fail('BAD_REGISTERS', syntax, { text })
}
