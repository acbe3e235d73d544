/** What a field holds: JSON values and texts → typed values, null, or a field error. */
import type { Json } from './json-scanner.ts'
import type { ModelField, Value } from './vocabulary.ts'

export class FieldError extends Error {}

/** A JSON number as text: integers keep their digits, others are the shortest form of their double. */
export function numberText(token: string): string {
  if (/^-?[0-9]+$/.test(token)) return token === '-0' ? '0' : token
  const double = Number(token)
  return Number.isInteger(double) && Math.abs(double) < 1e15 ? `${double}.0` : String(double)
}

/** The scalar as text; null for null and for a missing value. */
export function jsonText(json: Json | undefined): string | null {
  if (!json || json.kind === 'null') return null
  if (json.kind === 'string') return json.text
  if (json.kind === 'boolean') return String(json.value)
  if (json.kind === 'number') return numberText(json.token)
  throw new FieldError(json.kind)
}

export function readJsonField(field: ModelField, json: Json | undefined): Value {
  const text = jsonText(json)
  if (text === null || field.type !== 'string') return text === null ? null : readTyped(field, text)
  if (json?.kind === 'number' && !/^-?(0|[1-9][0-9]*)$/.test(text)) throw new FieldError('not canonical')
  return text
}

/** Values of the text formats: the empty text is null unless the field is a string. */
export function readTextField(field: ModelField, text: string | null): Value {
  if (text === null || (text === '' && field.type !== 'string')) return null
  return field.type === 'string' ? text : readTyped(field, text)
}

function readTyped(field: ModelField, text: string): Value {
  switch (field.type) {
    case 'string':
      return text
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw new FieldError('boolean')
      return text === 'true'
    case 'integer':
      return readInteger(text)
    case 'float':
      return readFloat(text)
    default:
      return readDecimal(text, Number(/\d+/.exec(field.type)![0]))
  }
}

function readInteger(text: string): bigint {
  if (!/^-?(0|[1-9][0-9]*)$/.test(text)) throw new FieldError('integer')
  const value = BigInt(text)
  if (BigInt.asIntN(64, value) !== value) throw new FieldError('64 bits')
  return value
}

const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

function readFloat(text: string): number {
  const value = Number(text)
  if (!NUMBER.test(text) || !Number.isFinite(value)) throw new FieldError('float')
  return value
}

/** The scaled integer, rounded half away from zero. */
function readDecimal(text: string, scale: number): bigint {
  const match = NUMBER.exec(text)
  if (!match) throw new FieldError('decimal')
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const shift = scale + Number(exponent) - fraction.length
  if (shift > 60 && BigInt(whole + fraction) !== 0n) throw new FieldError('18 digits')
  const digits = BigInt(whole + fraction)
  const scaled = shift >= 0 ? digits * 10n ** BigInt(Math.min(shift, 60)) : roundHalfAway(digits, -shift)
  if (scaled >= 10n ** 18n) throw new FieldError('18 digits')
  return sign ? -scaled : scaled
}

function roundHalfAway(digits: bigint, places: number): bigint {
  if (places > 2000) return 0n
  const unit = 10n ** BigInt(places)
  return (digits + unit / 2n) / unit
}
