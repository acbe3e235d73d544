/** The type of a field from the values of a sample. */
import { greatestOf } from '../../core/extremes.ts'
import type { FieldSample, SampleValue } from './record-sample.ts'

/** Texts that tools write for "no value". */
const NULL_TEXTS: ReadonlySet<string> = new Set([
  '-',
  'NA',
  'N/A',
  'null',
  'NULL',
  'nil',
  'none',
  'None',
  '\\N',
  '(empty)',
])
const INTEGER = /^-?(?:0|[1-9]\d{0,17})$/
const NUMBER = /^-?\d{1,17}(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?$/
/** Digits beyond those seen that a decimal leaves room for. */
const HEADROOM = 2
const MAX_SCALE = 9
const MAX_DIGITS = 18

export interface InferredType {
  /** As a definition writes it. */
  readonly type: string
  /** Texts that must be read as null for the type to hold. */
  readonly nulls: readonly string[]
}

/** Undefined for lists, objects and what has no type in common. `isJson` keeps quoted numbers texts. */
export function inferType({ values }: FieldSample, isJson: boolean): InferredType | undefined {
  const present = values.filter(({ kind, text }) => kind !== 'null' && (isJson || text !== ''))
  if (present.length === 0 || present.some(({ kind }) => kind === 'other')) return undefined
  const kinds = new Set(present.map(({ kind }) => kind))
  if (isJson) return inferJson(present, kinds)
  const nulls = [...new Set(present.map(({ text }) => text).filter((text) => NULL_TEXTS.has(text)))]
  const rest = present.filter(({ text }) => !NULL_TEXTS.has(text))
  const type = rest.length === 0 ? 'string' : (numberType(rest) ?? booleanType(rest) ?? 'string')
  return { type, nulls: type === 'string' ? [] : nulls }
}

function inferJson(present: readonly SampleValue[], kinds: ReadonlySet<string>): InferredType | undefined {
  if (kinds.size === 1 && kinds.has('boolean')) return { type: 'boolean', nulls: [] }
  if (kinds.size === 1 && kinds.has('number')) return { type: numberType(present) ?? 'float', nulls: [] }
  // Of numbers, only whole ones can be read as texts.
  const isReadable = present.every(({ kind, text }) => kind !== 'number' || INTEGER.test(text))
  return isReadable ? { type: 'string', nulls: [] } : undefined
}

function booleanType(values: readonly SampleValue[]): string | undefined {
  return values.every(({ text }) => text === 'true' || text === 'false') ? 'boolean' : undefined
}

function numberType(values: readonly SampleValue[]): string | undefined {
  if (values.every(({ text }) => INTEGER.test(text))) return 'integer'
  if (!values.every(({ text }) => NUMBER.test(text) && !/^-?0\d/.test(text))) return undefined
  const whole = greatestOf(values.map(({ text }) => wholeDigits(text)))
  const seen = greatestOf(values.map(({ text }) => fractionDigits(text)))
  const scale = Math.min(seen + HEADROOM, MAX_SCALE, MAX_DIGITS - whole - HEADROOM)
  return scale < 1 ? 'float' : `decimal(${scale})`
}

function wholeDigits(text: string): number {
  return Math.trunc(Math.abs(Number(text))).toLocaleString('en', { useGrouping: false }).length
}

function fractionDigits(text: string): number {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  return Math.max(0, (mantissa.split('.')[1]?.length ?? 0) - Number(exponent))
}
