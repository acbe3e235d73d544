/**
 * The fewest digits that still name a double, and of those the nearest: Java 17 may print a digit too many, or
 * another last one. Exact, by integers.
 */
import { bindValue } from './bind-value.ts'

/** Fifteen digits name one double at most. */
export const SURE_DIGITS = 15
/** 2^53 */
const LONG_INTEGER = "CAST('9007199254740992' AS DOUBLE)"

/**
 * `java` names the digits that Java printed and their `point` (0.digits × 10^point), `v` the double, above 0. Of its
 * sixteen digits the last is right, for it stops where it rounds; of seventeen one may be too many. Integers above
 * 2^53 it cuts otherwise, up to 10^18; beyond that no field or time keeps so many digits.
 */
export function shortestDigits(java: string, v: string): string {
  const size = `char_length(${java}.digits)`
  const rounded = `((CAST(substring(${java}.digits, 1, ${SURE_DIGITS + 1}) AS BIGINT) + 5) div 10)`
  const cut = `CAST(substring(${java}.digits, 1, 16) AS BIGINT)`
  const isShort = names(rounded, SURE_DIGITS, java, v)
  const isInDoubt = `${v} >= ${LONG_INTEGER} OR ${size} > 16 AND (${names(cut, 16, java, v)} OR ${names(`(${cut} + 1)`, 16, java, v)})`
  const isExact = `${v} >= CAST('1e-4' AS DOUBLE) AND ${v} < CAST('1e18' AS DOUBLE)`
  const exact = bindValue(binaryParts(v), 'm', bindValue(decimalParts('m', v), 'x', nearest('x', java, v)))
  return `CASE WHEN ${size} <= ${SURE_DIGITS} THEN ${java} WHEN ${isShort} THEN ${digits(rounded, SURE_DIGITS, java)} WHEN ${isExact} AND (${isInDoubt}) THEN ${exact} ELSE ${java} END`
}

/** Is `integer` × 10^(point - size) read as the double? */
function names(integer: string, size: number, java: string, v: string): string {
  return `try_cast(concat(${integer}, 'E', ${java}.point - ${size}) AS DOUBLE) = ${v}`
}

/** An integer that rounding has carried has a digit more. */
function digits(integer: string, size: number, java: string): string {
  const text = `CAST(${integer} AS STRING)`
  return `named_struct('digits', trim(TRAILING '0' FROM ${text}), 'point', ${java}.point + char_length(${text}) - ${size})`
}

/** The double as whole × 2^power. */
function binaryParts(v: string): string {
  const hex = `format_string('%a', ${v})`
  const fraction = `regexp_extract(${hex}, '\\\\A0x1\\\\.([0-9a-f]+)p', 1)`
  const whole = `CAST(conv(concat('1', rpad(CASE WHEN ${fraction} = '0' THEN '' ELSE ${fraction} END, 13, '0')), 16, 10) AS BIGINT)`
  const power = `CAST(regexp_extract(${hex}, 'p(-?[0-9]+)\\\\z', 1) AS INT) - 52`
  return `named_struct('whole', ${whole}, 'power', ${power})`
}

/** `shift`: a power of ten that gives 18 to 32 digits; `high`: the double times that, cut; `isCut`: was there more? */
function decimalParts(m: string, v: string): string {
  const isSmall = `${v} < CAST('1e10' AS DOUBLE)`
  const scale = `CASE WHEN ${isSmall} THEN ${wide(`1${'0'.repeat(22)}`)} ELSE ${wide(`1${'0'.repeat(12)}`)} END`
  const product = wide(`${wide(`${m}.whole`)} * ${scale}`)
  const half = (bits: string) => wide(`shiftleft(1L, ${bits})`)
  const divisor = wide(`${half(`least(-${m}.power, 40)`)} * ${half(`greatest(-${m}.power - 40, 0)`)}`)
  const parts = bindValue(
    `named_struct('n', ${product}, 'd', ${divisor})`,
    'y',
    `named_struct('high', ${wide('(y.n - y.n % y.d) / y.d')}, 'isCut', y.n % y.d <> 0, 'shift', CASE WHEN ${isSmall} THEN 22 ELSE 12 END)`,
  )
  const whole = `named_struct('high', ${wide(`CAST(${v} AS BIGINT) * ${wide(`1${'0'.repeat(12)}`)}`)}, 'isCut', FALSE, 'shift', 12)`
  return `CASE WHEN ${m}.power < 0 THEN ${parts} ELSE ${whole} END`
}

/** Sixteen digits where one of the two neighbours is the same double, the nearer first; else the nearer seventeen. */
function nearest(x: string, java: string, v: string): string {
  const short = bindValue(
    neighbours(x, java, 16),
    'c',
    `CASE WHEN ${names('c.near', 16, java, v)} THEN ${digits('c.near', 16, java)} WHEN ${names('c.far', 16, java, v)} THEN ${digits('c.far', 16, java)} END`,
  )
  const long = bindValue(neighbours(x, java, 17), 'c', digits('c.near', 17, java))
  return `coalesce(${short}, ${long})`
}

function neighbours(x: string, java: string, size: number): string {
  const unit = wide(`rpad('1', ${java}.point - ${size} + ${x}.shift + 1, '0')`)
  const cut = bindValue(
    unit,
    'u',
    `named_struct('low', CAST((${x}.high - ${x}.high % u) / u AS BIGINT), 'twice', ${wide(`${x}.high % u`)} * 2, 'u', u)`,
  )
  const isUp = `n.twice > n.u OR n.twice = n.u AND (${x}.isCut OR n.low % 2 = 1)`
  const pair = `CASE WHEN ${isUp} THEN named_struct('near', n.low + 1, 'far', n.low) ELSE named_struct('near', n.low, 'far', n.low + 1) END`
  return bindValue(cut, 'n', pair)
}

function wide(value: string): string {
  return `CAST(${value} AS DECIMAL(38, 0))`
}
