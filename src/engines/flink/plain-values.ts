/**
 * Which tokens of JSON are surely read right, and SQL of their value: `text` names the token's text without quotes, null
 * where the line has none.
 */
import type { Field, TimeRule } from '../../core/definition.ts'
import { NOTHING, TEXT, type Token } from './plain-json.ts'

export interface PlainValue {
  readonly token: Token
  readonly value: string
}

export interface PlainTime extends PlainValue {
  /** Besides that it lies in the years that we know. Exactly true or false: a line without a time is rejected. */
  readonly isPlain: string
}

/** Of 64 bits whatever the digits, and without a negative zero. */
const INTEGER = '(?:0|-?[123456789][0123456789]{0,17})'
/** Below it a number and its nearest double have the same shortest text. */
const SURE_DIGITS = 15
/** Of 64 bits whatever the digits; before 1970 a quotient would be cut upward. */
const COUNT = '(?:0|[1-9][0-9]{0,17}|[1-8][0-9]{18})'
const UNITS: Partial<Record<string, { shape: string; print(count: string): string }>> = {
  epoch_s: { shape: '(?:0|-?[1-9][0-9]{0,11})', print: (count) => `${count} * 1000` },
  epoch_ms: { shape: INTEGER, print: (count) => count },
  epoch_us: { shape: COUNT, print: (count) => `${count} / 1000` },
  epoch_ns: { shape: COUNT, print: (count) => `${count} / 1000000` },
}
const ISO =
  '(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]{1,9})?'

/** Texts that mean null are taken in quotes, whatever the type. */
export function plainValue({ type }: Field, text: string, nullTexts: readonly string[]): PlainValue {
  const either = (shape: string, value: string): PlainValue => ({
    token: { bare: shape, quoted: [shape, ...nullTexts.map(literal)].join('|') },
    value,
  })
  switch (type.kind) {
    case 'string':
      return { token: { bare: `true|false|${INTEGER}`, quoted: TEXT }, value: text }
    case 'boolean':
      return either('true|false', `(${text} = 'true')`)
    case 'integer':
      return either(INTEGER, `TRY_CAST(${text} AS BIGINT)`)
    case 'decimal': {
      const [shape, value] = decimalValue(text, type.scale)
      return either(shape, value)
    }
    case 'float':
      // Neither negative zeros nor exponents.
      return either(
        '(?!-0(?:\\.0+)?[",}])-?(?:0|[1-9][0-9]{0,7})(?:\\.[0-9]{1,7})?',
        `TRY_CAST(${text} AS DOUBLE)`,
      )
  }
}

function literal(text: string): string {
  return [...text].map((character) => `\\x{${character.codePointAt(0)!.toString(16)}}`).join('')
}

function decimalValue(text: string, scale: number): [shape: string, value: string] {
  if (scale >= SURE_DIGITS) return [NOTHING, 'CAST(NULL AS BIGINT)']
  const whole = `-?(?:0|[1-9][0-9]{0,${SURE_DIGITS - scale - 1}})`
  const point = `POSITION('.' IN ${text})`
  const filled = `RPAD(REPLACE(${text}, '.', ''), ${point} - 1 + ${scale}, '0')`
  const integer = `TRY_CAST(${text} AS BIGINT) * ${10n ** BigInt(scale)}`
  return [
    scale === 0 ? whole : `${whole}(?:\\.[0-9]{1,${scale}})?`,
    `CASE WHEN ${point} > 0 THEN TRY_CAST(${filled} AS BIGINT) ELSE ${integer} END`,
  ]
}

/** Milliseconds, of years that a record may have or not; undefined for layouts that are not read here. */
export function plainTime({ layout, zone }: TimeRule, text: string): PlainTime | undefined {
  if (layout.kind === 'iso') return isoTime(text, zone)
  const unit = UNITS[layout.kind as keyof typeof UNITS]
  if (!unit) return undefined
  const count = `TRY_CAST(${text} AS BIGINT)`
  return {
    token: { bare: unit.shape, quoted: unit.shape },
    isPlain: 'TRUE',
    value: unit.print(count),
  }
}

/** In UTC, by its letter or by rule. */
function isoTime(text: string, zone: string): PlainTime {
  const part = (from: number, digits: number) => `CAST(SUBSTRING(${text}, ${from}, ${digits}) AS BIGINT)`
  const [year, month, day] = [part(1, 4), part(6, 2), part(9, 2)]
  const leap = `CASE WHEN MOD(${year}, 4) = 0 AND (MOD(${year}, 100) <> 0 OR MOD(${year}, 400) = 0) THEN 29 ELSE 28 END`
  const lastDay = `CASE WHEN ${month} = 2 THEN ${leap} WHEN ${month} IN (4, 6, 9, 11) THEN 30 ELSE 31 END`
  // Days of the civil calendar, with years that begin in March.
  const y = `(${year} - CASE WHEN ${month} <= 2 THEN 1 ELSE 0 END)`
  const m = `(${month} + CASE WHEN ${month} > 2 THEN -3 ELSE 9 END)`
  const days = `(${y} * 365 + ${y} / 4 - ${y} / 100 + ${y} / 400 + (153 * ${m} + 2) / 5 + ${day} - 719469)`
  const ofDay = `(${part(12, 2)} * 3600000 + ${part(15, 2)} * 60000 + ${part(18, 2)} * 1000)`
  const millis = `CAST(RPAD(RTRIM(SUBSTRING(${text}, 21, 3), 'Zz'), 3, '0') AS BIGINT)`
  return {
    token: { bare: NOTHING, quoted: `${ISO}${zone === 'UTC' ? '[Zz]?' : '[Zz]'}` },
    isPlain: `COALESCE(${day} <= ${lastDay}, FALSE)`,
    value: `${days} * 86400000 + ${ofDay} + ${millis}`,
  }
}
