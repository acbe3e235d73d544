/** An independent reading of docs/expressions.md: evaluates typed expressions in plain JavaScript. Test only. */
import type { Expr, ValueType } from '../../src/core/expr.ts'

/** Exact values are scaled integers. */
export type Value = string | boolean | bigint | number | null

export interface Row {
  readonly fields: Readonly<Record<string, Value>>
  readonly eventMs: number
}

export function evaluate(expr: Expr, row: Row): Value {
  const value = raw(expr, row)
  return typeof value === 'number' && !Number.isFinite(value) ? null : value
}

/** Float arithmetic keeps infinities until its end. */
function raw(expr: Expr, row: Row): Value {
  switch (expr.node) {
    case 'field':
      return row.fields[expr.name]!
    case 'event_time':
      return BigInt(row.eventMs)
    case 'literal':
      return literal(expr)
    case 'convert':
      return convert(evaluate(expr.operand, row), expr.operand.type, expr.type)
    case 'not': {
      const value = evaluate(expr.operand, row)
      return value === null ? null : !value
    }
    case 'negate': {
      const value = raw(expr.operand, row)
      return value === null ? null : -(value as bigint)
    }
    case 'logic':
      return logic(expr.operator, evaluate(expr.left, row), evaluate(expr.right, row))
    case 'compare':
      return compare(expr.operator, evaluate(expr.left, row), evaluate(expr.right, row))
    case 'is_null':
      return (evaluate(expr.operand, row) === null) !== expr.negated
    case 'in': {
      const operand = evaluate(expr.operand, row)
      const equal = expr.items.map((item) => compare('=', operand, evaluate(item, row)))
      const found = equal.includes(true) ? true : equal.includes(null) ? null : false
      return found === null ? null : found !== expr.negated
    }
    case 'like': {
      const text = evaluate(expr.operand, row) as string | null
      return text === null ? null : like(text, expr.pattern) !== expr.negated
    }
    case 'case': {
      const branch = expr.branches.find(({ when }) => evaluate(when, row) === true)
      return evaluate(branch?.then ?? expr.otherwise, row)
    }
    case 'arithmetic':
      return arithmetic(expr, row)
    case 'call':
      return call(
        expr,
        expr.args.map((arg) => evaluate(arg, row)),
        row,
      )
  }
}

function literal({ value, type }: Extract<Expr, { node: 'literal' }>): Value {
  if (value === null || typeof value === 'boolean' || type.kind === 'string') return value
  return type.kind === 'float' ? Number(value) : BigInt(value)
}

function scaleOf(type: ValueType): number {
  return type.kind === 'decimal' ? type.scale : 0
}

function convert(value: Value, from: ValueType, to: ValueType): Value {
  if (value === null) return null
  if (to.kind === 'float') return Number(value) / 10 ** scaleOf(from)
  return (value as bigint) * 10n ** BigInt(scaleOf(to) - scaleOf(from))
}

function logic(operator: 'and' | 'or', left: Value, right: Value): Value {
  const decisive = operator === 'or'
  if (left === decisive || right === decisive) return decisive
  return left === null || right === null ? null : !decisive
}

export function order(a: Value, b: Value): number {
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  return a! < b! ? -1 : a! > b! ? 1 : 0
}

function compare(operator: string, left: Value, right: Value): boolean | null {
  if (left === null || right === null) return null
  const sign = order(left, right)
  const holds: Record<string, boolean> = {
    '=': sign === 0,
    '<>': sign !== 0,
    '<': sign < 0,
    '<=': sign <= 0,
    '>': sign > 0,
    '>=': sign >= 0,
  }
  return holds[operator]!
}

function like(text: string, pattern: string): boolean {
  const parts = pattern.match(/\\.|./gsu) ?? []
  const source = parts.map((part) => {
    if (part === '%') return '.*'
    return part === '_' ? '.' : part.replace(/^\\/, '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`, 'su').test(text)
}

function arithmetic(expr: Extract<Expr, { node: 'arithmetic' }>, row: Row): Value {
  const [a, b] = [raw(expr.left, row), raw(expr.right, row)]
  if (a === null || b === null) return null
  if (typeof a === 'number') return floats(expr.operator, a, b as number)
  const [x, y] = [a as bigint, b as bigint]
  switch (expr.operator) {
    case '+':
      return x + y
    case '-':
      return x - y
    case '*':
      return x * y
    case '%':
      return y === 0n ? null : x % y
    case '/': {
      if (y === 0n || expr.type.kind === 'integer') return y === 0n ? null : x / y
      const shift = scaleOf(expr.right.type) + scaleOf(expr.type) - scaleOf(expr.left.type)
      return roundHalfAway(x * 10n ** BigInt(shift), y)
    }
  }
}

function floats(operator: string, a: number, b: number): number | null {
  if (operator === '+') return a + b
  if (operator === '-') return a - b
  if (operator === '*') return a * b
  if (b === 0) return null
  return operator === '/' ? a / b : a % b
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}

function roundHalfAway(dividend: bigint, divisor: bigint): bigint {
  const [n, d] = [magnitude(dividend), magnitude(divisor)]
  const up = (n % d) * 2n >= d ? 1n : 0n
  const rounded = n / d + up
  return dividend < 0n === divisor < 0n ? rounded : -rounded
}

function call({ fn }: Extract<Expr, { node: 'call' }>, args: readonly Value[], row: Row): Value {
  if (fn === 'coalesce') return args.find((arg) => arg !== null) ?? null
  if (args.includes(null)) return null
  const [text, second, third] = args as [string, bigint, bigint]
  const date = new Date(row.eventMs)
  switch (fn) {
    case 'concat':
      return args.join('')
    case 'lower':
      return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    case 'upper':
      return text.replace(/[a-z]/g, (letter) => letter.toUpperCase())
    case 'trim':
      return text.replace(/^ +/, '').replace(/ +$/, '')
    case 'length':
      return BigInt([...text].length)
    case 'substring':
      return [...text]
        .filter((_, index) => {
          const place = BigInt(index + 1)
          return place >= second && (third === undefined || place < second + third)
        })
        .join('')
    case 'abs':
      return typeof args[0] === 'number' ? Math.abs(args[0]) : magnitude(args[0] as bigint)
    case 'least':
      return args.reduce((a, b) => (order(a, b) <= 0 ? a : b))
    case 'greatest':
      return args.reduce((a, b) => (order(a, b) >= 0 ? a : b))
    case 'regexp_matches':
      return toRegExp(args[1] as string).test(text)
    case 'regexp_extract': {
      const match = toRegExp(args[1] as string).exec(text)
      return match ? (match[Number(third)] ?? '') : null
    }
    case 'year':
      return BigInt(date.getUTCFullYear())
    case 'month':
      return BigInt(date.getUTCMonth() + 1)
    case 'day':
      return BigInt(date.getUTCDate())
    case 'hour':
      return BigInt(date.getUTCHours())
    case 'minute':
      return BigInt(date.getUTCMinutes())
    case 'second':
      return BigInt(date.getUTCSeconds())
    case 'day_of_week':
      return BigInt(date.getUTCDay() || 7)
    default:
      throw new Error(fn)
  }
}

/** Reads a normalised pattern, as far as the tests' patterns go. */
function toRegExp(pattern: string): RegExp {
  return new RegExp(
    pattern
      .replaceAll('\\A', '^')
      .replaceAll('\\z', '$')
      .replace(/\\x\{([0-9a-f]+)\}/g, '\\u{$1}'),
    'u',
  )
}
