/** A typed expression as canonical text of the language, for `explain` and messages. */
import type { Expr } from '../core/expr.ts'
import { scaleOf } from './value-type.ts'

const BARE_NAME = /^[A-Za-z_@][A-Za-z0-9_@]*(\.[A-Za-z_@][A-Za-z0-9_@]*)*$/
const KEYWORD = /^(and|or|not|in|between|like|is|null|true|false|case|when|then|else|end)$/i

/**
 * Parentheses stand wherever two operators meet, so the text never leans on precedence. Conversions, which the
 * language does by itself, are not shown. The event time shows as `eventTime`.
 */
export function printExpr(expr: Expr, eventTime = 'event_time'): string {
  const print = (part: Expr) => printExpr(part, eventTime)
  const inner = (part: Expr) => printInner(part, eventTime)
  switch (expr.node) {
    case 'field':
      return printName(expr.name)
    case 'event_time':
      return printName(eventTime)
    case 'literal':
      return printLiteral(expr)
    case 'convert':
      return print(expr.operand)
    case 'not':
      return `not ${inner(expr.operand)}`
    case 'negate':
      return `-${inner(expr.operand)}`
    case 'logic':
    case 'compare':
    case 'arithmetic':
      return `${inner(expr.left)} ${expr.operator} ${inner(expr.right)}`
    case 'is_null':
      return `${inner(expr.operand)} is ${expr.negated ? 'not ' : ''}null`
    case 'in':
      return `${inner(expr.operand)} ${expr.negated ? 'not ' : ''}in (${expr.items.map(print).join(', ')})`
    case 'like':
      return `${inner(expr.operand)} ${expr.negated ? 'not ' : ''}like ${printText(expr.pattern)}`
    case 'case': {
      const branches = expr.branches.map((branch) => ` when ${print(branch.when)} then ${print(branch.then)}`)
      return `case${branches.join('')} else ${print(expr.otherwise)} end`
    }
    case 'call':
      return `${expr.fn}(${expr.args.map(print).join(', ')})`
  }
}

function printInner(expr: Expr, eventTime: string): string {
  if (expr.node === 'convert') return printInner(expr.operand, eventTime)
  const text = printExpr(expr, eventTime)
  const isAtom = ['field', 'event_time', 'call', 'case'].includes(expr.node)
  return isAtom || (expr.node === 'literal' && !text.startsWith('-')) ? text : `(${text})`
}

function printName(name: string): string {
  return BARE_NAME.test(name) && !KEYWORD.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

function printText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function printLiteral({ value, type }: Extract<Expr, { node: 'literal' }>): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (type.kind === 'string') return printText(value)
  return type.kind === 'decimal' ? printDecimal(value, scaleOf(type)) : value
}

/** `-15` at scale 1 is `-1.5`. */
function printDecimal(scaled: string, scale: number): string {
  if (scale === 0) return scaled
  const digits = scaled.replace('-', '').padStart(scale + 1, '0')
  return `${scaled.startsWith('-') ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
