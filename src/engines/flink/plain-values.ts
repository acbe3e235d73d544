/**
 * SQL of a field's value, and of whether it can be trusted, from `token` and `text`, which name columns: the value as
 * the line has it, null where it has none, and the same without quotes. What is not surely right is not plain.
 */
import type { Field, TimeRule } from '../../core/definition.ts'

export interface PlainValue {
  /** Exactly true or false; the value means nothing where it is false. */
  readonly isPlain: string
  readonly value: string
}

/** Of 64 bits whatever the digits. */
const INTEGER = '-?(?:0|[1-9][0-9]{0,17})'
/** Below it a number and its nearest double have the same shortest text. */
const SURE_DIGITS = 15
/** Years 1 to 9999, in milliseconds. */
const [FIRST_MS, LAST_MS] = [-62_135_596_800_000, 253_402_300_799_999]
const UNITS = { epoch_s: 1000, epoch_ms: 1, epoch_us: 1000, epoch_ns: 1_000_000 } as const
const ISO =
  '(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]{1,9})?'

export function plainValue({ type }: Field, token: string, text: string): PlainValue {
  switch (type.kind) {
    case 'string':
      return { isPlain: orNull(text, `(${isBareText(token)} OR ${isShortText(token)})`), value: text }
    case 'boolean':
      return { isPlain: orNull(text, `${text} IN ('true', 'false')`), value: `(${text} = 'true')` }
    case 'integer':
      return { isPlain: orNull(text, isInteger(text)), value: `TRY_CAST(${text} AS BIGINT)` }
    case 'decimal':
      return decimalValue(text, type.scale)
    case 'float':
      return floatValue(text)
  }
}

function isBareText(token: string): string {
  return `${token} LIKE '"%'`
}

/** Texts with escapes are left to others. */
export function hasNoEscape(token: string): string {
  return `COALESCE(POSITION('\\' IN ${token}), 0) = 0`
}

/** What a string field takes besides: its text is that of the token. */
function isShortText(token: string): string {
  return `(${token} IN ('true', 'false') OR ${isInteger(token)})`
}

function isInteger(text: string): string {
  return `(${matches(text, INTEGER)} AND ${text} <> '-0')`
}

function decimalValue(text: string, scale: number): PlainValue {
  if (scale >= SURE_DIGITS) return { isPlain: `(${text} IS NULL)`, value: 'CAST(NULL AS BIGINT)' }
  const whole = `-?(?:0|[1-9][0-9]{0,${SURE_DIGITS - scale - 1}})`
  const point = `POSITION('.' IN ${text})`
  const filled = `RPAD(REPLACE(${text}, '.', ''), ${point} - 1 + ${scale}, '0')`
  const integer = `TRY_CAST(${text} AS BIGINT) * ${10n ** BigInt(scale)}`
  return {
    isPlain: orNull(text, matches(text, scale === 0 ? whole : `${whole}(?:\\.[0-9]{1,${scale}})?`)),
    value: `CASE WHEN ${point} > 0 THEN TRY_CAST(${filled} AS BIGINT) ELSE ${integer} END`,
  }
}

/** Neither negative zeros nor exponents. */
function floatValue(text: string): PlainValue {
  const isNumber = matches(text, '(?!-0(?:\\.0*)?\\z)-?(?:0|[1-9][0-9]{0,7})(?:\\.[0-9]{1,7})?')
  return { isPlain: orNull(text, isNumber), value: `TRY_CAST(${text} AS DOUBLE)` }
}

/** Milliseconds; undefined for layouts that are not read here. Null is not plain: a line without a time is rejected. */
export function plainTime({ layout, zone }: TimeRule, text: string): PlainValue | undefined {
  if (layout.kind === 'iso') return isoTime(text, zone)
  if (!Object.hasOwn(UNITS, layout.kind)) return undefined
  const kind = layout.kind as keyof typeof UNITS
  const count = `TRY_CAST(${text} AS BIGINT)`
  const unit = UNITS[kind]
  const [first, last] = kind === 'epoch_s' ? [FIRST_MS / unit, (LAST_MS - 999) / unit] : bounds(unit)
  const isInRange = `${count} BETWEEN ${first} AND ${last}`
  // Before 1970 a quotient would be cut upward.
  const isWhole = unit === 1 || kind === 'epoch_s' ? '' : ` AND ${count} >= 0`
  return {
    isPlain: `COALESCE(${isInteger(text)} AND ${isInRange}${isWhole}, FALSE)`,
    value: unit === 1 ? count : kind === 'epoch_s' ? `${count} * ${unit}` : `(${count} / ${unit})`,
  }
}

/** Those of 64 bits that count so many to a millisecond. */
function bounds(unit: number): [bigint | number, bigint | number] {
  const most = 10n ** 18n - 1n
  const [first, last] = [BigInt(FIRST_MS) * BigInt(unit), BigInt(LAST_MS) * BigInt(unit)]
  return [first < -most ? -most : first, last > most ? most : last]
}

/** In UTC, by its letter or by rule. */
function isoTime(text: string, zone: string): PlainValue {
  const suffix = zone === 'UTC' ? '[Zz]?' : '[Zz]'
  const part = (from: number, digits: number) => `CAST(SUBSTRING(${text}, ${from}, ${digits}) AS BIGINT)`
  const [year, month, day] = [part(1, 4), part(6, 2), part(9, 2)]
  const leap = `CASE WHEN MOD(${year}, 4) = 0 AND (MOD(${year}, 100) <> 0 OR MOD(${year}, 400) = 0) THEN 29 ELSE 28 END`
  const lastDay = `CASE WHEN ${month} = 2 THEN ${leap} WHEN ${month} IN (4, 6, 9, 11) THEN 30 ELSE 31 END`
  // Days of the civil calendar, with years that begin in March.
  const y = `(${year} - CASE WHEN ${month} <= 2 THEN 1 ELSE 0 END)`
  const m = `(${month} + CASE WHEN ${month} > 2 THEN -3 ELSE 9 END)`
  const days = `(${y} * 365 + ${y} / 4 - ${y} / 100 + ${y} / 400 + (153 * ${m} + 2) / 5 + ${day} - 719469)`
  const ofDay = `(${part(12, 2)} * 3600000 + ${part(15, 2)} * 60000 + ${part(18, 2)} * 1000)`
  const fraction = `RPAD(REGEXP_SUBSTR(SUBSTRING(${text}, 21, 3), '\\A[0-9]+'), 3, '0')`
  const millis = `COALESCE(TRY_CAST(${fraction} AS BIGINT), 0)`
  const isStamp = matches(text, `${ISO}${suffix}`)
  return {
    isPlain: `COALESCE(CASE WHEN ${isStamp} THEN ${day} <= ${lastDay} ELSE FALSE END, FALSE)`,
    value: `CASE WHEN ${isStamp} THEN ${days} * 86400000 + ${ofDay} + ${millis} END`,
  }
}

function orNull(text: string, isPlain: string): string {
  return `(${text} IS NULL OR COALESCE(${isPlain}, FALSE))`
}

export function matches(text: string, regex: string): string {
  return `REGEXP(${text}, '\\A(?:${regex})\\z')`
}
