/** Syntax tree → typed tree: resolves names, finds types, inserts conversions, reports every problem it meets. */
import { closestName } from '../core/closest-name.ts'
import type { ComparisonOperator, Expr, ValueType } from '../core/expr.ts'
import { checkArithmetic, checkNegation } from './check-arithmetic.ts'
import { type CheckContext, didYouMean, NO_CAST_HINT } from './check-context.ts'
import { convert } from './convert.ts'
import { AGGREGATE_NAMES, FUNCTIONS } from './function-table.ts'
import { findLikeFault } from './like-pattern.ts'
import type { ProblemCode, ProblemList, Span } from './problem.ts'
import type { Scope } from './scope.ts'
import type { Syntax } from './syntax.ts'
import {
  BOOLEAN,
  commonType,
  computed,
  describeType,
  describeTypes,
  exactType,
  isNumber,
  NULL,
  STRING,
  typeOfField,
} from './value-type.ts'

type Of<K extends Syntax['kind']> = Extract<Syntax, { kind: K }>

/** See CheckContext for what the public methods promise. */
export class Checker implements CheckContext {
  readonly scope: Scope
  readonly #list: ProblemList

  constructor(scope: Scope, list: ProblemList) {
    this.scope = scope
    this.#list = list
  }

  fail(
    code: ProblemCode,
    span: Span,
    params: Record<string, string | number> = {},
    hint?: string,
  ): undefined {
    this.#list.add(code, span, params, hint)
    return undefined
  }

  check(syntax: Syntax): Expr | undefined {
    switch (syntax.kind) {
      case 'name':
        return this.#name(syntax)
      case 'text':
        return { node: 'literal', value: syntax.value, type: STRING }
      case 'number':
        return this.#number(syntax)
      case 'boolean':
        return { node: 'literal', value: syntax.value, type: BOOLEAN }
      case 'null':
        return { node: 'literal', value: null, type: NULL }
      case 'unary':
        return syntax.operator === 'not' ? this.#not(syntax) : checkNegation(this, syntax)
      case 'binary':
        return this.#binary(syntax)
      case 'is_null':
        return this.#isNull(syntax)
      case 'in':
        return this.#in(syntax)
      case 'between':
        return this.#between(syntax)
      case 'like':
        return this.#like(syntax)
      case 'case':
        return this.#case(syntax)
      case 'call':
        return this.#call(syntax)
    }
  }

  checkAll(parts: readonly Syntax[]): Expr[] | undefined {
    const checked = parts.map((part) => this.check(part))
    return checked.every((expr) => expr !== undefined) ? (checked as Expr[]) : undefined
  }

  checkBoolean(syntax: Syntax, hint?: string): Expr | undefined {
    const expr = this.check(syntax)
    if (!expr) return undefined
    if (expr.type.kind === 'boolean' || expr.type.kind === 'null') return convert(expr, BOOLEAN)
    return this.fail('NOT_A_CONDITION', syntax, { type: describeType(expr.type) }, hint)
  }

  unify(exprs: readonly Expr[], span: Span, what: string): { exprs: Expr[]; type: ValueType } | undefined {
    const types = exprs.map((expr) => expr.type)
    const type = commonType(types)
    if (type === 'TOO_WIDE') return this.fail('TOO_WIDE', span, { digits: 38 })
    if (!type) return this.fail('TYPE_MISMATCH', span, { what, types: describeTypes(types) }, mixHint(types))
    return { exprs: exprs.map((expr) => convert(expr, type)), type }
  }

  #name(syntax: Of<'name'>): Expr | undefined {
    const { name } = syntax
    const field = this.scope.fields.get(name)
    if (field) return { node: 'field', name, type: typeOfField(field) }
    if (name === this.scope.eventTime) {
      const functions = [...FUNCTIONS.values()].filter((fn) => fn.timePart).map((fn) => fn.name)
      return this.fail('EVENT_TIME_USE', syntax, { name, functions: functions.join(', ') })
    }
    if (this.scope.isUnjudged?.(name)) return undefined
    const nearest = closestName(name, this.scope.fields.keys())
    const hint = syntax.quoted && !nearest ? 'Texts stand in single quotes.' : undefined
    return this.fail('UNKNOWN_NAME', syntax, { kind: 'field', name }, nearest ? didYouMean(nearest) : hint)
  }

  #number(syntax: Of<'number'>): Expr | undefined {
    const [whole = '', fraction = ''] = syntax.digits.split('.')
    const value = BigInt(whole + fraction)
    const type = exactType(fraction.length, computed(value))
    if (!type) return this.fail('TOO_WIDE', syntax, { digits: 38 })
    return { node: 'literal', value: value.toString(), type }
  }

  #not(syntax: Of<'unary'>): Expr | undefined {
    const operand = this.checkBoolean(syntax.operand)
    return operand && { node: 'not', operand, type: BOOLEAN }
  }

  #binary(syntax: Of<'binary'>): Expr | undefined {
    const { operator } = syntax
    switch (operator) {
      case 'and':
      case 'or': {
        const left = this.checkBoolean(syntax.left)
        const right = this.checkBoolean(syntax.right)
        return left && right && { node: 'logic', operator, left, right, type: BOOLEAN }
      }
      case '||':
        return this.#concat(syntax)
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return checkArithmetic(this, syntax, operator)
      default:
        return this.#compare(operator, syntax.left, syntax.right, syntax)
    }
  }

  #concat(syntax: Of<'binary'>): Expr | undefined {
    const sides = this.checkAll([syntax.left, syntax.right])
    if (!sides) return undefined
    const types = sides.map((side) => side.type)
    const hint = types.every((type) => type.kind === 'boolean') ? 'Write or.' : NO_CAST_HINT
    if (!types.every((type) => type.kind === 'string' || type.kind === 'null'))
      return this.fail('TYPE_MISMATCH', syntax, { what: '||', types: describeTypes(types) }, hint)
    return { node: 'call', fn: 'concat', args: sides.map((side) => convert(side, STRING)), type: STRING }
  }

  #compare(operator: ComparisonOperator, left: Syntax, right: Syntax, span: Span): Expr | undefined {
    const sides = this.checkAll([left, right])
    return sides && this.#compareChecked(operator, sides, span)
  }

  #compareChecked(operator: ComparisonOperator, sides: readonly Expr[], span: Span): Expr | undefined {
    const both = this.unify(sides, span, operator)
    return both && compare(operator, both.exprs[0]!, both.exprs[1]!)
  }

  #isNull(syntax: Of<'is_null'>): Expr | undefined {
    const operand = this.check(syntax.operand)
    return operand && { node: 'is_null', operand, negated: syntax.negated, type: BOOLEAN }
  }

  #in(syntax: Of<'in'>): Expr | undefined {
    const parts = this.checkAll([syntax.operand, ...syntax.items])
    const all = parts && this.unify(parts, syntax, 'in')
    if (!all) return undefined
    const [operand, ...items] = all.exprs
    return { node: 'in', operand: operand!, items, negated: syntax.negated, type: BOOLEAN }
  }

  #between(syntax: Of<'between'>): Expr | undefined {
    const parts = this.checkAll([syntax.operand, syntax.low, syntax.high])
    const all = parts && this.unify(parts, syntax, 'between')
    if (!all) return undefined
    const [operand, low, high] = all.exprs as [Expr, Expr, Expr]
    const left = compare('>=', operand, low)
    const right = compare('<=', operand, high)
    const inside: Expr = { node: 'logic', operator: 'and', left, right, type: BOOLEAN }
    return syntax.negated ? { node: 'not', operand: inside, type: BOOLEAN } : inside
  }

  #like(syntax: Of<'like'>): Expr | undefined {
    const operand = this.check(syntax.operand)
    const pattern = syntax.pattern
    if (pattern.kind !== 'text')
      return this.fail('NOT_CONSTANT', pattern, { what: 'The pattern of like', type: 'text' })
    const why = findLikeFault(pattern.value)
    if (why) return this.fail('BAD_LIKE_PATTERN', pattern, { why })
    if (!operand) return undefined
    if (operand.type.kind !== 'string' && operand.type.kind !== 'null') {
      const types = describeType(operand.type)
      return this.fail('TYPE_MISMATCH', syntax.operand, { what: 'like', types }, NO_CAST_HINT)
    }
    const { negated } = syntax
    return { node: 'like', operand: convert(operand, STRING), pattern: pattern.value, negated, type: BOOLEAN }
  }

  #case(syntax: Of<'case'>): Expr | undefined {
    const subject = syntax.subject && this.check(syntax.subject)
    const whens = syntax.branches.map(({ when }) =>
      syntax.subject ? this.#matches(subject, when) : this.checkBoolean(when),
    )
    const thens = syntax.branches.map((branch) => this.check(branch.result))
    const last = syntax.otherwise ? this.check(syntax.otherwise) : NULL_LITERAL
    if ([...whens, ...thens, last].some((expr) => !expr)) return undefined
    const results = this.unify([...(thens as Expr[]), last!], syntax, 'case')
    if (!results) return undefined
    const branches = whens.map((when, index) => makeBranch(when!, results.exprs[index]!))
    return { node: 'case', branches, otherwise: results.exprs.at(-1)!, type: results.type }
  }

  /** `when` of a simple case, which compares with the subject. */
  #matches(subject: Expr | undefined, when: Syntax): Expr | undefined {
    const value = this.check(when)
    return subject && value && this.#compareChecked('=', [subject, value], when)
  }

  #call(syntax: Of<'call'>): Expr | undefined {
    const name = syntax.name.toLowerCase()
    const fn = FUNCTIONS.get(name)
    if (fn) return fn.check(this, { ...syntax, name })
    if (AGGREGATE_NAMES.has(name)) return this.fail('AGGREGATE_INSIDE', syntax.nameSpan, { name })
    const nearest = closestName(name, FUNCTIONS.keys())
    const hint = nearest ? didYouMean(nearest) : FOREIGN_FUNCTIONS.get(name)
    return this.fail('UNKNOWN_FUNCTION', syntax.nameSpan, { name: syntax.name }, hint)
  }
}

const NULL_LITERAL: Expr = { node: 'literal', value: null, type: NULL }

const FOREIGN_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['cast', 'There are no casts: declare the type of the field in the source.'],
  ['if', 'Write case when … then … else … end.'],
  ['iff', 'Write case when … then … else … end.'],
  ['ifnull', 'Write coalesce(…).'],
  ['nvl', 'Write coalesce(…).'],
  ['nullif', 'Write case when a <> b then a end.'],
  ['starts_with', "Write s like 'start%'."],
  ['contains', "Write s like '%part%'."],
  ['regexp_like', 'Write regexp_matches(s, pattern).'],
  ['avg', 'Write mean(…), as the whole of a measure.'],
])

function compare(operator: ComparisonOperator, left: Expr, right: Expr): Expr {
  return { node: 'compare', operator, left, right, type: BOOLEAN }
}

function makeBranch(when: Expr, result: Expr) {
  return { when, then: result }
}

/** A number beside a text or a truth value is the slip that deserves an explanation. */
function mixHint(types: readonly ValueType[]): string | undefined {
  const hasText = types.some((type) => type.kind === 'string')
  if (hasText && types.some(isNumber)) return NO_CAST_HINT
  if (types.some((type) => type.kind === 'boolean')) return 'A boolean is already a condition.'
  return undefined
}
