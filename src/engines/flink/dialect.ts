/** What Flink prints differently from the base dialect, each checked against Flink 2.2, and what it does not print. */
import { javaRegex } from '../../compile/java-regex.ts'
import { isWide, SqlDialect } from '../../compile/sql-dialect.ts'
import type { Expr, ValueType } from '../../core/expr.ts'
import { operandsOf } from '../../core/expr-fields.ts'

/** Functions whose result is proven the same; others are left to engines that have them. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['coalesce', 'least', 'greatest', 'abs', 'lower', 'upper', 'length', 'concat', 'trim'],
  ...['regexp_matches', 'regexp_extract', '$bucket', '$register', '$rank'],
  ...['hour', 'minute', 'second', 'day_of_week'],
])
type Call = Extract<Expr, { node: 'call' }>

/** No character takes more bytes. */
const MOST_BYTES_A_CHARACTER = 4

export class FlinkDialect extends SqlDialect {
  override readonly textType = 'STRING'
  override readonly positionType = 'INT'

  override quoteName(name: string): string {
    return `\`${name.replaceAll('`', '``')}\``
  }

  /** At most so many: there is no function that counts them. Who is refused for it is passed on. */
  override byteLength(text: string): string {
    return `(CHAR_LENGTH(${text}) * ${MOST_BYTES_A_CHARACTER})`
  }

  /** A sum that does not fit would be NULL; one of 64-bit integers always fits. */
  override exactSum(value: string, _type: ValueType, filter = ''): string {
    return `SUM(CAST(${value} AS DECIMAL(38, 0)))${filter}`
  }

  /** The remainder has the type of the divisor, in which what is done with it may overflow without a word. */
  protected override remainder(dividend: string, divisor: string): string {
    return `CAST(${dividend} % ${divisor} AS BIGINT)`
  }

  /** Parts of a time are INT here, in which what is done with them could overflow. */
  protected override printCall(call: Call, args: readonly Expr[], print: (expr: Expr) => string): string {
    const text = super.printCall(call, args, print)
    return call.type.kind === 'integer' ? `CAST(${text} AS BIGINT)` : text
  }

  protected override regexText(pattern: string): string {
    return javaRegex(pattern)
  }

  protected override regexpMatches(text: string, pattern: string): string {
    return `REGEXP(${text}, ${pattern})`
  }
}

export const flinkDialect = new FlinkDialect()

/** Why an expression cannot be left to Flink; undefined when it can. */
export function whyNot(expr: Expr): string | undefined {
  if (isWide(expr.type)) return 'numbers that may pass 64 bits'
  return whyNotNode(expr) ?? operandsOf(expr).map(whyNot).find(Boolean)
}

function whyNotNode(expr: Expr): string | undefined {
  const isFloat = (part: Expr) => part.type.kind === 'float'
  switch (expr.node) {
    case 'arithmetic':
    case 'negate':
    case 'convert':
      return isFloat(expr) ? 'arithmetic on floats' : undefined
    case 'compare':
      if (expr.left.type.kind === 'string' && !['=', '<>'].includes(expr.operator))
        return 'an order of texts, which it takes by UTF-16'
      return undefined
    case 'like':
      return /[_\\]/.test(expr.pattern) ? 'LIKE with _ or \\' : undefined
    case 'call':
      if (!FUNCTIONS.has(expr.fn)) return `${expr.fn}()`
      if (['least', 'greatest'].includes(expr.fn) && expr.type.kind === 'string')
        return 'an order of texts, which it takes by UTF-16'
      return expr.fn.startsWith('$') && expr.args[0] && isFloat(expr.args[0])
        ? 'sketches of floats'
        : undefined
    default:
      return undefined
  }
}
