/** The base SQL dialect: prints typed expressions, and is the only place where user text enters SQL. */
import { type Expr, INTEGER_MAGNITUDE, type ValueType } from '../core/expr.ts'
import { checkRegex } from '../expression/regex.ts'
import { printBucket } from './print-bucket.ts'
import { md5Rank, md5Register } from './print-register.ts'
import { printSubstring } from './print-substring.ts'
import { printTimePart } from './print-time-part.ts'

/** How the values of a record are named in SQL. Decimals stand there as scaled integers. */
export interface ExprColumns {
  field(name: string): string
  /** The event time, milliseconds since the epoch. */
  readonly eventMs: string
}

type Of<N extends Expr['node']> = Extract<Expr, { node: N }>
type Print = (expr: Expr) => string

const NARROW_LIMIT = BigInt(INTEGER_MAGNITUDE)
const LARGEST_DOUBLE = '1.7976931348623157e308'
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = 'abcdefghijklmnopqrstuvwxyz'

/** True for exact values that may not fit 64 bits. */
export function isWide(type: ValueType): boolean {
  return 'magnitude' in type && BigInt(type.magnitude) > NARROW_LIMIT
}

/**
 * Base of all dialects; an engine's dialect overrides only what differs. Whatever is printed stands in
 * parentheses or is a call, so it can be put anywhere, and never raises an error when it runs.
 */
export class SqlDialect {
  /** The type that holds 38 digits. */
  readonly wideType: string = 'DECIMAL(38, 0)'
  readonly textType: string = 'VARCHAR'
  /** The type of places and lengths in `substring`. */
  readonly positionType: string = 'BIGINT'

  /** An identifier, always quoted. */
  quoteName(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
  }

  /** A text literal. U+0000 cannot stand in SQL text; the definition check refuses it earlier. */
  quoteText(text: string): string {
    if (text.includes('\0')) throw new RangeError('a text literal cannot hold U+0000')
    return `'${text.replaceAll("'", "''")}'`
  }

  /** Bytes of a text in UTF-8. */
  byteLength(text: string): string {
    return `octet_length(${text})`
  }

  /**
   * The sum of exact values of a type; it fails rather than wraps when 38 digits do not hold it. `filter` is a FILTER
   * clause, or nothing.
   */
  exactSum(value: string, _type: ValueType, filter = ''): string {
    return `sum(${value})${filter}`
  }

  /** A checked expression. */
  printExpr(expr: Expr, columns: ExprColumns): string {
    const print: Print = (part) => this.printExpr(part, columns)
    switch (expr.node) {
      case 'field':
        return columns.field(expr.name)
      case 'event_time':
        return columns.eventMs
      case 'literal':
        return this.printLiteral(expr)
      case 'not':
        return `(NOT ${print(expr.operand)})`
      case 'logic':
        return `(${print(expr.left)} ${expr.operator.toUpperCase()} ${print(expr.right)})`
      case 'compare':
        return this.printCompare(expr, print)
      case 'is_null':
        return `(${print(expr.operand)} IS ${expr.negated ? 'NOT ' : ''}NULL)`
      case 'in': {
        const items = expr.items.map((item) => this.#comparand(item, print)).join(', ')
        return `(${print(expr.operand)} ${expr.negated ? 'NOT ' : ''}IN (${items}))`
      }
      case 'like':
        return this.printLike(print(expr.operand), expr.pattern, expr.negated)
      case 'case':
        return this.#case(expr, print)
      case 'call':
        return this.printCall(expr, expr.args, print)
      case 'convert':
        return this.#convert(expr, print)
      case 'arithmetic':
      case 'negate':
        return expr.type.kind === 'float'
          ? this.finite(this.#floatChain(expr, print))
          : this.#exact(expr, print)
    }
  }

  protected typeName(type: ValueType): string {
    if (isWide(type)) return this.wideType
    return { string: this.textType, boolean: 'BOOLEAN', float: 'DOUBLE' }[type.kind as string] ?? 'BIGINT'
  }

  protected printLiteral({ value, type }: Of<'literal'>): string {
    if (value === null) return type.kind === 'null' ? 'NULL' : `CAST(NULL AS ${this.typeName(type)})`
    if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
    if (type.kind === 'string') return this.quoteText(value)
    return `CAST(${type.kind === 'float' ? `'${value}'` : value} AS ${this.typeName(type)})`
  }

  /** Texts compare by their bytes in UTF-8. */
  protected printCompare({ operator, left, right }: Of<'compare'>, print: Print): string {
    return `(${this.#comparand(left, print)} ${operator} ${this.#comparand(right, print)})`
  }

  /** Beside another value a number needs no cast; between two constants the engine finds a common type itself. */
  #comparand(expr: Expr, print: Print): string {
    return isConstant(expr) ? String(expr.value) : print(expr)
  }

  protected printLike(text: string, pattern: string, negated: boolean): string {
    const ending = pattern.includes('\\') ? ` ESCAPE ${this.quoteText('\\')}` : ''
    return `(${text} ${negated ? 'NOT ' : ''}LIKE ${this.quoteText(pattern)}${ending})`
  }

  #case({ branches, otherwise, type }: Of<'case'>, print: Print): string {
    const result = (expr: Expr) => this.widen(expr, isWide(type), print)
    const whens = branches.map((branch) => `WHEN ${print(branch.when)} THEN ${result(branch.then)}`)
    return `CASE ${whens.join(' ')} ELSE ${result(otherwise)} END`
  }

  /** The value, in the wide type when `wide`. */
  protected widen(expr: Expr, wide: boolean, print: Print): string {
    if (!wide || isWide(expr.type)) return print(expr)
    const isNumber = expr.node === 'literal' && expr.value !== null
    return `CAST(${isNumber ? expr.value : print(expr)} AS ${this.wideType})`
  }

  #convert({ operand, type }: Of<'convert'>, print: Print): string {
    if (type.kind === 'float') return this.#toFloat(operand, print)
    const shift = scaleOf(type) - scaleOf(operand.type)
    if (shift === 0) return print(operand)
    return `(${this.widen(operand, isWide(type), print)} * ${10n ** BigInt(shift)})`
  }

  #toFloat(operand: Expr, print: Print): string {
    const scale = scaleOf(operand.type)
    const double = this.toDouble(print(operand), isWide(operand.type))
    return scale === 0 ? double : `(${double} / CAST('1e${scale}' AS DOUBLE))`
  }

  /** The double nearest to an integer. */
  protected toDouble(integer: string, _wide: boolean): string {
    return `CAST(${integer} AS DOUBLE)`
  }

  /** Null in place of an infinity or NaN, which arithmetic on finite numbers can give. */
  protected finite(double: string): string {
    return `CASE WHEN abs(${double}) <= CAST('${LARGEST_DOUBLE}' AS DOUBLE) THEN ${double} END`
  }

  /** Arithmetic on floats without a guard inside: infinities and NaN last to the end of the chain. */
  #floatChain(expr: Expr, print: Print): string {
    if (expr.node === 'negate' && expr.type.kind === 'float')
      return `(-${this.#floatChain(expr.operand, print)})`
    if (expr.node !== 'arithmetic' || expr.type.kind !== 'float') return print(expr)
    const left = this.#floatChain(expr.left, print)
    const right = this.#floatChain(expr.right, print)
    const divides = expr.operator === '/' || expr.operator === '%'
    return `(${left} ${expr.operator} ${divides ? nullIfZero(expr.right, right) : right})`
  }

  #exact(expr: Of<'arithmetic'> | Of<'negate'>, print: Print): string {
    if (expr.node === 'negate') return `(-${this.widen(expr.operand, isWide(expr.type), print)})`
    const { left, right, operator, type } = expr
    const wide = [type, left.type, right.type].some(isWide) || mayPassLowest(expr) || isWideDividend(expr)
    const isBare = isConstant(left) && !isConstant(right) && !isDecimalQuotient(expr)
    const a = isBare ? String(left.value) : this.widen(left, wide, print)
    const b = isConstant(right) ? String(right.value) : this.widen(right, wide, print)
    const text = this.#exactText(expr, wide, a, b)
    return wide && !isWide(type) && operator !== '+' && operator !== '-' ? `CAST(${text} AS BIGINT)` : text
  }

  #exactText(expr: Of<'arithmetic'>, wide: boolean, a: string, b: string): string {
    const { operator, type, left, right } = expr
    if (operator !== '/' && operator !== '%') return `(${a} ${operator} ${b})`
    const divisor = nullIfZero(right, b)
    if (operator === '%') return this.remainder(a, divisor, wide)
    if (!isDecimalQuotient(expr)) return this.quotient(a, divisor, wide)
    const shift = scaleOf(right.type) + scaleOf(type) - scaleOf(left.type)
    return this.roundedQuotient(`(${a} * ${2n * 10n ** BigInt(shift)})`, divisor, wide)
  }

  /** Integer division, cut toward zero; null when the divisor is. */
  protected quotient(dividend: string, divisor: string, wide: boolean): string {
    return wide ? `trunc(${dividend} / ${divisor})` : `(${dividend} / ${divisor})`
  }

  /** Has the sign of the dividend. */
  protected remainder(dividend: string, divisor: string, _wide: boolean): string {
    return `(${dividend} % ${divisor})`
  }

  /** Half of the quotient, rounded half away from zero: q cut toward zero, then one step outward, then halved. */
  protected roundedQuotient(doubled: string, divisor: string, wide: boolean): string {
    const q = this.quotient(doubled, divisor, wide)
    return this.quotient(`(${q} + ${this.sign(q)})`, '2', wide)
  }

  /** -1, 0 or 1, exactly. */
  protected sign(value: string): string {
    return `sign(${value})`
  }

  /** Functions of the language and those of plans (`$…`). */
  protected printCall({ fn, type }: Of<'call'>, args: readonly Expr[], print: Print): string {
    const texts = args.map((arg) => this.widen(arg, isWide(type) && fn !== '$bucket', print))
    const [first = ''] = texts
    switch (fn) {
      case 'concat':
        return `(${texts.join(' || ')})`
      case 'coalesce':
        return `coalesce(${texts.join(', ')})`
      case 'least':
      case 'greatest':
        return extremum(fn, args, texts)
      case 'abs':
        return `abs(${first})`
      case 'lower':
        return this.asciiCase(first, 'lower')
      case 'upper':
        return this.asciiCase(first, 'upper')
      case 'length':
        return `char_length(${first})`
      case 'trim':
        return this.trimSpaces(first)
      case 'substring':
        return printSubstring(args, texts, this)
      case 'regexp_matches':
        return this.regexpMatches(first, this.#regex(args))
      case 'regexp_extract':
        return this.#regexpExtract(args, first)
      case '$bucket':
        return this.bucket(first, args[0]!.type)
      case '$register':
        return this.register(this.canonicalText(first, args[0]!.type), Number(literalText(args[1])))
      case '$rank':
        return this.rank(this.canonicalText(first, args[0]!.type))
      default:
        return printTimePart(fn, first, {
          quotient: (a, b) => this.quotient(a, b, false),
          timestamp: (ms) => this.timestamp(ms),
        })
    }
  }

  #regexpExtract(args: readonly Expr[], text: string): string {
    const number = Number(literalText(args[2]))
    const isNeverEmpty = checkRegex(literalText(args[1])).isNeverEmpty(number)
    return this.regexpExtract(text, this.#regex(args), number, isNeverEmpty)
  }

  #regex([, pattern]: readonly Expr[]): string {
    return this.quoteText(this.regexText(literalText(pattern)))
  }

  /** A pattern of the language as the engine reads it. */
  protected regexText(pattern: string): string {
    return pattern
  }

  /** Changes ASCII letters only. */
  protected asciiCase(text: string, to: 'lower' | 'upper'): string {
    return to === 'lower'
      ? `translate(${text}, '${UPPER}', '${LOWER}')`
      : `translate(${text}, '${LOWER}', '${UPPER}')`
  }

  /** Takes ASCII spaces off both ends. */
  protected trimSpaces(text: string): string {
    return `trim(BOTH ' ' FROM ${text})`
  }

  /** True when the pattern matches anywhere in the text. */
  protected regexpMatches(text: string, pattern: string): string {
    return `regexp_like(${text}, ${pattern})`
  }

  /** The group of the first match, '' for a group that took no part, null without a match. */
  protected regexpExtract(text: string, pattern: string, group: number, _neverEmpty: boolean): string {
    const extract = `coalesce(regexp_extract(${text}, ${pattern}, ${group}), '')`
    return `CASE WHEN ${this.regexpMatches(text, pattern)} THEN ${extract} END`
  }

  /** A timestamp without zone, in UTC. */
  protected timestamp(ms: string): string {
    return `timestamp_millis(${ms})`
  }

  /** What distinct() counts: digits for numbers (of the scaled integer for decimals), true or false. */
  protected canonicalText(value: string, type: ValueType): string {
    return type.kind === 'string' ? value : `CAST(${value} AS ${this.textType})`
  }

  /** See core/quantile-bucket.ts. */
  protected bucket(value: string, type: ValueType): string {
    return printBucket(value, type, (a, b) => this.quotient(a, b, isWide(type)))
  }

  /** See core/distinct-registers.ts. */
  protected register(text: string, registers: number): string {
    return md5Register(text, registers, (a, b) => this.quotient(a, b, false))
  }

  protected rank(text: string): string {
    return md5Rank(text)
  }
}

/** True for an exact number written in the expression. */
function isConstant(expr: Expr): expr is Of<'literal'> {
  return expr.node === 'literal' && 'magnitude' in expr.type && expr.value !== null
}

function scaleOf(type: ValueType): number {
  return type.kind === 'decimal' ? type.scale : 0
}

function literalText(expr: Expr | undefined): string {
  return expr?.node === 'literal' ? String(expr.value) : ''
}

function nullIfZero(divisor: Expr, text: string): string {
  const isSafe = divisor.node === 'literal' && divisor.value !== null && Number(divisor.value) !== 0
  return isSafe ? text : `nullif(${text}, 0)`
}

/** -2^63 % -1 does not fit 64 bits on the way, though its result, 0, does. */
function mayPassLowest({ operator, left, right }: Of<'arithmetic'>): boolean {
  const isLow = 'magnitude' in left.type && BigInt(left.type.magnitude) >= NARROW_LIMIT
  return operator === '%' && isLow && (right.node !== 'literal' || right.value === '-1')
}

/** It is cut from the doubled, rescaled dividend, a product that has the type in which the dividend is printed. */
function isDecimalQuotient({ operator, type }: Of<'arithmetic'>): boolean {
  return operator === '/' && type.kind === 'decimal'
}

function isWideDividend(expr: Of<'arithmetic'>): boolean {
  const { type, left, right } = expr
  if (!isDecimalQuotient(expr) || !('magnitude' in left.type)) return false
  const shift = scaleOf(right.type) + scaleOf(type) - scaleOf(left.type)
  return BigInt(left.type.magnitude) * 2n * 10n ** BigInt(shift) >= NARROW_LIMIT
}

/** Null when any argument is null, which engines read differently. */
function extremum(fn: string, args: readonly Expr[], texts: readonly string[]): string {
  const checks = texts.filter(
    (_, index) => args[index]!.node !== 'literal' || literalText(args[index]) === 'null',
  )
  const call = `${fn}(${texts.join(', ')})`
  if (checks.length === 0) return call
  return `CASE WHEN ${checks.map((text) => `${text} IS NOT NULL`).join(' AND ')} THEN ${call} END`
}
