/** The text of a JSON number with a fraction or an exponent: its double in shortest decimal form. */
import { bindValue } from './bind-value.ts'
import { quoteText } from './quote-text.ts'
import { SURE_DIGITS, shortestDigits } from './shortest-digits.ts'

const LARGEST = "CAST('1.7976931348623157e308' AS DOUBLE)"

/**
 * Is the text of a decimal number, which has no exponent and no zeros at its end, the shortest form of its double,
 * save that `.0` may be missing? False for long and tiny numbers.
 */
export function isShortest(plain: string): string {
  const isShort = `char_length(${plain}) <= CASE WHEN contains(${plain}, '.') THEN ${SURE_DIGITS + 1} ELSE ${SURE_DIGITS} END`
  return `(${isShort} AND NOT ${plain} RLIKE ${quoteText('\\A-?0\\.000000')})`
}

/** `number` is SQL of any number's text, also one that Java printed. */
export function doubleText(number: string): string {
  return bindValue(`try_cast(${number} AS DOUBLE)`, 'v', printDouble(number, 'v'))
}

function printDouble(number: string, v: string): string {
  const java = `CAST(abs(${v}) AS STRING)`
  const sign = `CASE WHEN startswith(${number}, '-') THEN '-' ELSE '' END`
  const best = shortestDigits('d', 'a')
  const finite = bindValue(
    `split(${java}, 'E')`,
    'p',
    bindValue(digitsAndPoint('p'), 'd', bindValue(`abs(${v})`, 'a', bindValue(best, 's', layOut('s')))),
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
