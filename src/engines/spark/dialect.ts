/** What Spark prints differently from the base dialect; each override was checked against Spark 4.1. */
import { javaRegex } from '../../compile/java-regex.ts'
import { isWide, SqlDialect } from '../../compile/sql-dialect.ts'
import type { ValueType } from '../../core/expr.ts'
import { BUCKETS_PER_DECADE } from '../../core/quantile-bucket.ts'
import { bindValue } from './bind-value.ts'
import { SparkParse } from './parse-dialect.ts'
import { quoteText } from './quote-text.ts'

/** What the printed SQL relies on; most of it is Spark's own default. */
export const sparkConf: Readonly<Record<string, string>> = {
  'spark.sql.ansi.enabled': 'true',
  'spark.sql.ansi.doubleQuotedIdentifiers': 'true',
  'spark.sql.parser.escapedStringLiterals': 'false',
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.variable.substitute': 'false',
  'spark.sql.variant.allowDuplicateKeys': 'false',
  'spark.sql.decimalOperations.allowPrecisionLoss': 'true',
  'spark.sql.json.enablePartialResults': 'false',
  'spark.sql.legacy.json.allowEmptyString.enabled': 'false',
}

/** Of a value of 64 bits, each of three parts that are summed by themselves. */
const PART_BITS = 21
/** A quotient has at most 32 digits before its point. */
const LONG_DIVIDEND = `1${'0'.repeat(32)}`
/** What a long division takes off first: 18 digits are left of 38. */
const CHUNK = `CAST(1${'0'.repeat(20)} AS DECIMAL(38, 0))`

export class SparkDialect extends SqlDialect {
  override readonly textType = 'STRING'
  override readonly positionType = 'INT'
  readonly parse = new SparkParse()

  override quoteName(name: string): string {
    return `\`${name.replaceAll('`', '``')}\``
  }

  override quoteText(text: string): string {
    if (text.includes('\0')) throw new RangeError('a text literal cannot hold U+0000')
    return quoteText(text)
  }

  /**
   * A sum of integers keeps to 64 bits, and one of decimals makes an object of each, for which no fast map of groups is
   * made. Sums of three parts of 21 bits hold 2^42 values.
   */
  override exactSum(value: string, type: ValueType, filter = ''): string {
    if (isWide(type)) return `sum(CAST(${value} AS DECIMAL(38, 0)))${filter}`
    const long = `CAST(${value} AS BIGINT)`
    const low = 2 ** PART_BITS - 1
    const parts = [
      `shiftright(${long}, ${2 * PART_BITS})`,
      `(shiftright(${long}, ${PART_BITS}) & ${low}L)`,
      `(${long} & ${low}L)`,
    ]
    const sums = parts.map((part, place) => {
      const sum = `CAST(sum(${part})${filter} AS DECIMAL(20, 0))`
      return place === 2 ? sum : `${sum} * CAST(${2 ** (PART_BITS * (2 - place))} AS DECIMAL(13, 0))`
    })
    return `CAST(${sums.join(' + ')} AS DECIMAL(38, 0))`
  }

  /** Its own sign() gives a double. */
  protected override sign(value: string): string {
    return `CAST(sign(${value}) AS INT)`
  }

  /**
   * `div` has 64 bits. Division of wide values rounds at the sixth place, which an exact quotient does not reach,
   * and keeps 32 digits before the point: a longer dividend by less than a million is divided in two steps.
   */
  protected override quotient(dividend: string, divisor: string, wide: boolean): string {
    if (!wide) return `(${dividend} div ${divisor})`
    return bindValue(
      `named_struct('a', ${widen(dividend)}, 'b', ${widen(divisor)})`,
      'q',
      divideWide('q.a', 'q.b'),
    )
  }

  /** A remainder has the type of the shorter operand, and what is done with it may need more digits. */
  protected override remainder(dividend: string, divisor: string, wide: boolean): string {
    const rest = super.remainder(dividend, divisor, wide)
    return wide ? widen(rest) : rest
  }

  protected override roundedQuotient(doubled: string, divisor: string, wide: boolean): string {
    if (!wide) return super.roundedQuotient(doubled, divisor, wide)
    return bindValue(
      this.quotient(doubled, divisor, wide),
      'r',
      this.quotient(`(r + ${this.sign('r')})`, '2', wide),
    )
  }

  protected override regexText(pattern: string): string {
    return javaRegex(pattern)
  }

  /** regexp_extract gives '' without a match: where no match can be empty, '' tells. */
  protected override regexpExtract(
    text: string,
    pattern: string,
    group: number,
    neverEmpty: boolean,
  ): string {
    const extract = `regexp_extract(${text}, ${pattern}, ${group})`
    return neverEmpty
      ? `nullif(${extract}, '')`
      : `CASE WHEN ${this.regexpMatches(text, pattern)} THEN ${extract} END`
  }

  /** The digits tell the decade and the slot, however wide the value. */
  protected override bucket(value: string, _type: ValueType): string {
    const digits = `translate(CAST(${value} AS STRING), '-', '')`
    const lead = `CAST(substring(${digits}, 1, 3) AS BIGINT)`
    const slots = `CASE WHEN ${lead} < 200 THEN (${lead} - 100) div 2 WHEN ${lead} < 500 THEN 50 + (${lead} - 200) div 4 ELSE 125 + (${lead} - 500) div 10 END`
    const size = `((char_length(${digits}) - 2) * ${BUCKETS_PER_DECADE} + ${slots})`
    const mirrored = `CASE WHEN ${value} < 0 THEN -1 ELSE 1 END * ${size}`
    return `CASE WHEN ${value} BETWEEN -99 AND 99 THEN CAST(${value} AS BIGINT) WHEN ${value} IS NOT NULL THEN ${mirrored} END`
  }
}

export const sparkDialect = new SparkDialect()

function widen(value: string): string {
  return `CAST(${value} AS DECIMAL(38, 0))`
}

/** `a` and `b` are names of wide values; `b` is not 0. */
function divideWide(a: string, b: string): string {
  const exact = (dividend: string, divisor: string) =>
    widen(`(${dividend} - ${dividend} % ${divisor}) / ${divisor}`)
  const isShort = `abs(${a}) < ${LONG_DIVIDEND} OR abs(${b}) >= 1000000`
  const high = exact(a, CHUNK)
  const low = bindValue(`${high} % ${b} * ${CHUNK} + ${a} % ${CHUNK}`, 'l', exact('l', b))
  return `CASE WHEN ${isShort} THEN ${exact(a, b)} ELSE ${exact(high, b)} * ${CHUNK} + ${low} END`
}
