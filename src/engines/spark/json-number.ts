/** The text of a JSON number with a fraction or an exponent: its double in shortest decimal form. */
import { quoteText } from './quote-text.ts'

const LARGEST = "CAST('1.7976931348623157e308' AS DOUBLE)"
/** Fifteen digits name one double at most, so the shortest form of a number written with so few is itself. */
const SURE_DIGITS = 15

/**
 * `plain` is SQL of a decimal number without exponent and without zeros at its end, `1` for 1.0. Long or tiny
 * numbers go the way of doubles.
 */
export function decimalText(plain: string): string {
  const hasPoint = `contains(${plain}, '.')`
  const isTiny = `${plain} RLIKE ${quoteText('\\A-?0\\.000000')}`
  return `CASE WHEN ${hasPoint} AND char_length(${plain}) <= ${SURE_DIGITS + 1} AND NOT ${isTiny} THEN ${plain} WHEN NOT ${hasPoint} AND char_length(${plain}) <= ${SURE_DIGITS} THEN concat(${plain}, '.0') ELSE ${doubleText(plain)} END`
}

/** `number` is SQL of any number's text, also one that Java printed. */
export function doubleText(number: string): string {
  const printed = bind(`try_cast(${number} AS DOUBLE)`, 'v', printDouble('v'))
  return printed
}

function printDouble(v: string): string {
  const java = `CAST(abs(${v}) AS STRING)`
  const sign = `CASE WHEN startswith(CAST(${v} AS STRING), '-') THEN '-' ELSE '' END`
  const finite = bind(
    `split(${java}, 'E')`,
    'p',
    bind(digitsAndPoint('p'), 'd', bind(shortest('d', v), 's', layOut('s'))),
  )
  const isTooLarge = `abs(${v}) > ${LARGEST}`
  return `concat(${sign}, CASE WHEN ${isTooLarge} THEN '1e999' WHEN ${v} = 0 THEN '0.0' ELSE ${finite} END)`
}

/** Digits without zeros at either end, and the power of ten just above them: 0.digits × 10^point. */
function digitsAndPoint(parts: string): string {
  const mantissa = `get(${parts}, 0)`
  const exponent = `coalesce(try_cast(get(${parts}, 1) AS INT), 0)`
  const all = `replace(${mantissa}, '.', '')`
  const significant = `trim(LEADING '0' FROM ${all})`
  const point = `position('.' IN ${mantissa}) - 1 + ${exponent} - (char_length(${all}) - char_length(${significant}))`
  return `named_struct('digits', trim(TRAILING '0' FROM ${significant}), 'point', ${point})`
}

/** Java may print more digits than are needed. */
function shortest(d: string, v: string): string {
  const rounded = `(CAST(substring(${d}.digits, 1, ${SURE_DIGITS + 1}) AS BIGINT) + 5) div 10`
  const short = `CAST(${rounded} AS STRING)`
  const isSame = `try_cast(concat(${short}, 'E', ${d}.point - ${SURE_DIGITS}) AS DOUBLE) = abs(${v})`
  const taken = `named_struct('digits', trim(TRAILING '0' FROM ${short}), 'point', ${d}.point + char_length(${short}) - ${SURE_DIGITS})`
  return `CASE WHEN char_length(${d}.digits) > ${SURE_DIGITS} AND ${isSame} THEN ${taken} ELSE ${d} END`
}

/** As ECMAScript does, with `.0` behind whole numbers. */
function layOut(s: string): string {
  const digits = `${s}.digits`
  const point = `${s}.point`
  const length = `char_length(${digits})`
  const whole = `concat(${digits}, repeat('0', ${point} - ${length}), '.0')`
  const mixed = `concat(substring(${digits}, 1, ${point}), '.', substring(${digits}, ${point} + 1))`
  const small = `concat('0.', repeat('0', -${point}), ${digits})`
  const mantissa = `concat(substring(${digits}, 1, 1), CASE WHEN ${length} > 1 THEN '.' ELSE '' END, substring(${digits}, 2))`
  return `CASE WHEN ${point} BETWEEN ${length} AND 21 THEN ${whole} WHEN ${point} BETWEEN 1 AND 21 THEN ${mixed} WHEN ${point} BETWEEN -5 AND 0 THEN ${small} ELSE concat(${mantissa}, 'e', ${point} - 1) END`
}

function bind(value: string, name: string, body: string): string {
  return `transform(array(${value}), ${name} -> ${body})[0]`
}
