/** The text of one JSON value, and whether a `string` field must refuse it: see docs/formats.md. */
import { javaRegex } from '../../compile/java-regex.ts'
import { bindValue } from './bind-value.ts'
import { doubleText, isShortest } from './json-number.ts'
import { quoteText } from './quote-text.ts'

/** Begins the string that stands for a number or a token such as NaN; no other string holds U+0000. */
export const MARK = '\0#'

/** Texts whose type must be known; a whole number may have been written with a fraction of zeros. */
const TYPED = '(?s)[{\\[\\x00].*|-?(?:[0-9]+\\.[0-9]+(?:E-?[0-9]+)?|Infinity)'
const WHOLE = '-?[0-9]+'

/**
 * SQL of a struct of `text` and `odd`; `item` names a variant. Types are looked up for few values, since it takes
 * as long as all else. `mayHaveZeros`: does the line hold `.0`?
 */
export function readItem(item: string, mayHaveZeros: string): string {
  const raw = `try_variant_get(${item}, '$', 'string')`
  const isTyped = `${matches('s', TYPED)} OR ${mayHaveZeros} AND ${matches('s', WHOLE)}`
  const type = `CASE WHEN startswith(s, ${quoteText(MARK)}) THEN 'RAW' ELSE schema_of_variant(${item}) END`
  const typed = bindValue(
    type,
    'y',
    `CASE WHEN y IN ('STRING', 'BIGINT') THEN ${result('s', 'FALSE')} ELSE ${typedItem('s', 'y')} END`,
  )
  return bindValue(raw, 's', `CASE WHEN ${isTyped} THEN ${typed} ELSE ${result('s', 'FALSE')} END`)
}

/** Of decimals without a fraction only integers have 19 digits: other such lines are not read quickly. */
function typedItem(raw: string, type: string): string {
  const number = `CASE WHEN ${type} = 'RAW' THEN substring(${raw}, ${MARK.length + 1}) ELSE ${raw} END`
  const isDecimal = `${type} LIKE 'DECIMAL%'`
  const short = `CASE WHEN contains(n, '.') THEN n ELSE concat(n, '.0') END`
  const whens = [
    `WHEN ${type} = 'RAW' AND ${matches('n', WHOLE)} THEN ${result(`CASE WHEN n = '-0' THEN '0' ELSE n END`, 'FALSE')}`,
    `WHEN ${isDecimal} AND ${matches('n', '-?[0-9]{19,}')} THEN ${result('n', 'FALSE')}`,
    `WHEN ${isDecimal} AND ${isShortest('n')} THEN ${result(short, 'TRUE')}`,
    `WHEN ${isDecimal} OR ${type} = 'DOUBLE' OR ${type} = 'RAW' AND NOT ${matches('n', '-?[A-Za-z]+')} THEN ${result(doubleText('n'), 'TRUE')}`,
  ]
  return bindValue(number, 'n', `CASE ${whens.join(' ')} ELSE ${result('n', 'TRUE')} END`)
}

function result(text: string, isOdd: string): string {
  return `named_struct('text', ${text}, 'odd', ${isOdd})`
}

export function matches(text: string, regex: string): string {
  return `${text} RLIKE ${quoteText(javaRegex(`\\A(?:${regex})\\z`))}`
}
