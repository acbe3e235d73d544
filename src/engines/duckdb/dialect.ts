/** What DuckDB prints differently from the base dialect; each override was checked against DuckDB 1.5. */

import { printBucket } from '../../compile/print-bucket.ts'
import { isWide, SqlDialect } from '../../compile/sql-dialect.ts'
import { MAX_REGISTERS, RANK_BITS } from '../../core/distinct-registers.ts'
import type { ValueType } from '../../core/expr.ts'
import { TrustingJson } from './json-dialect.ts'
import { DuckdbParse, TrustingParse } from './parse-dialect.ts'

export class DuckdbDialect extends SqlDialect {
  override readonly wideType = 'HUGEINT'
  readonly parse: DuckdbParse = new DuckdbParse((text) => this.quoteText(text))

  override byteLength(text: string): string {
    return `strlen(${text})`
  }

  /** `//` cuts toward zero. Division of HUGEINT takes 30 times as long, so values that fit go the short way. */
  protected override quotient(dividend: string, divisor: string, wide: boolean): string {
    if (!wide) return `(${dividend} // ${divisor})`
    return whenNarrow([dividend, divisor], ([a, b]) => `${a} // ${b}`)
  }

  protected override remainder(dividend: string, divisor: string, wide: boolean): string {
    if (!wide) return `(${dividend} % ${divisor})`
    return whenNarrow([dividend, divisor], ([a, b]) => `${a} % ${b}`)
  }

  protected override roundedQuotient(doubled: string, divisor: string, wide: boolean): string {
    const round = ([a, b]: readonly string[]) => `((${a} // ${b}) + sign(${a} // ${b})) // 2`
    return wide ? whenNarrow([doubled, divisor], round) : `(${round([doubled, divisor])})`
  }

  /** A cast of HUGEINT rounds twice; digits are read with one rounding. */
  protected override toDouble(integer: string, wide: boolean): string {
    if (!wide) return super.toDouble(integer, wide)
    const near = super.toDouble(`TRY_CAST(${integer} AS BIGINT)`, false)
    return `CASE WHEN ${isNarrow(integer)} THEN ${near} ELSE CAST(CAST(${integer} AS VARCHAR) AS DOUBLE) END`
  }

  protected override finite(double: string): string {
    return `CASE WHEN isfinite(${double}) THEN ${double} END`
  }

  /** DuckDB's own functions know all of Unicode and are fast; on pure ASCII they are right. */
  protected override asciiCase(text: string, to: 'lower' | 'upper'): string {
    const translated = super.asciiCase(text, to)
    return `CASE WHEN strlen(${text}) = length(${text}) THEN ${to}(${text}) ELSE ${translated} END`
  }

  /** Looking at the ends first costs a tenth of trimming. */
  protected override trimSpaces(text: string): string {
    const isPadded = `starts_with(${text}, ' ') OR ends_with(${text}, ' ')`
    return `CASE WHEN ${isPadded} THEN ${super.trimSpaces(text)} ELSE ${text} END`
  }

  protected override regexpMatches(text: string, pattern: string): string {
    return `regexp_matches(${text}, ${pattern})`
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

  protected override timestamp(ms: string): string {
    return `make_timestamp_ms(${ms})`
  }

  protected override bucket(value: string, type: ValueType): string {
    const print = (text: string, of: ValueType) => printBucket(text, of, (a, b) => `(${a} // ${b})`)
    if (!isWide(type)) return print(value, type)
    const narrow = print(`TRY_CAST(${value} AS BIGINT)`, { kind: 'integer', magnitude: String(2n ** 63n) })
    return `CAST(CASE WHEN ${isNarrow(value)} THEN ${narrow} ELSE ${print(value, type)} END AS BIGINT)`
  }

  /** md5_number has the digest's first byte lowest; arithmetic on its low half is far cheaper than on hex digits. */
  protected override register(text: string, registers: number): string {
    const low = lowHalf(text)
    const twelveBits = `((${low} & 255) * 16 + ((${low} >> 12) & 15))`
    const shift = Math.log2(MAX_REGISTERS / registers)
    return `CAST(${shift === 0 ? twelveBits : `(${twelveBits} >> ${shift})`} AS BIGINT)`
  }

  protected override rank(text: string): string {
    const whens = Array.from({ length: RANK_BITS }, (_, index) => {
      const bit = 12 + index
      const mask = 1n << BigInt(8 * Math.trunc(bit / 8) + 7 - (bit % 8))
      return `WHEN ${lowHalf(text)} & ${mask} <> 0 THEN ${index + 1}`
    })
    return `CASE ${whens.join(' ')} WHEN ${text} IS NOT NULL THEN ${RANK_BITS + 1} END`
  }
}

export const duckdbDialect = new DuckdbDialect()

/** For lines that are most likely all well-formed JSON; see TrustingJson. */
class TrustingDialect extends DuckdbDialect {
  override readonly parse = new TrustingParse(
    (text) => this.quoteText(text),
    new TrustingJson((text) => this.quoteText(text)),
  )
}

export const trustingDialect = new TrustingDialect()

function lowHalf(text: string): string {
  return `CAST(md5_number(${text}) & 18446744073709551615 AS UBIGINT)`
}

function isNarrow(value: string): string {
  return `${value} BETWEEN -9223372036854775807 AND 9223372036854775807`
}

/** TRY_CAST, since the optimiser may evaluate a shared part for rows of the other branch too. */
function whenNarrow(values: readonly [string, string], print: (values: readonly string[]) => string): string {
  const cast = values.map((value) => (/^-?\d+$/.test(value) ? value : `TRY_CAST(${value} AS BIGINT)`))
  const fit = values.filter((value) => !/^-?\d+$/.test(value)).map(isNarrow)
  return `CASE WHEN ${fit.join(' AND ')} THEN CAST(${print(cast)} AS HUGEINT) ELSE ${print(values)} END`
}
