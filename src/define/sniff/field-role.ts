/** What a field is probably good for, told by its name and its values. */
import type { NamedField } from './name-fields.ts'

/** `responseTime`, `Response-Time` → `response_time`. */
export function snakeName(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase()
}

/** Floats have no exact sums and quantiles. */
const isExact = ({ type }: NamedField): boolean => type === 'integer' || type.startsWith('decimal')

/** An HTTP status: whole numbers from 100 to 599. */
export function isStatus(field: NamedField): boolean {
  const isInRange = [...field.distinct].every((text) => /^[1-5]\d\d$|^-$/.test(text))
  return (
    field.type === 'integer' &&
    /(^|_)(status|status_code|sc_status)$/.test(snakeName(field.name)) &&
    isInRange
  )
}

const ERROR_LEVELS = 'error err fatal critical crit alert emerg emergency severe panic'.split(' ')
const LEVELS: ReadonlySet<string> = new Set([
  ...ERROR_LEVELS,
  ...'trace debug verbose info information notice warn warning fine finer finest i w e f'.split(' '),
])

/** A condition for "this line tells of an error", when the field is a level. */
export function errorCondition(field: NamedField): string | undefined {
  if (isStatus(field)) return `${field.reference} >= 500`
  const isNamed = /(^|_)(level|lvl|severity|loglevel|s)$/.test(snakeName(field.name))
  const values = [...field.distinct].map((text) => text.toLowerCase())
  if (!isNamed || values.length === 0) return undefined
  // pino and bunyan: 10, 20 … 60, of which 50 is error.
  if (field.type === 'integer')
    return values.every((text) => /^[1-6]0$/.test(text)) ? `${field.reference} >= 50` : undefined
  if (field.type !== 'string' || !values.some((text) => LEVELS.has(text))) return undefined
  const seen = values.filter((text) => ERROR_LEVELS.includes(text)).sort()
  const isLetters = values.every((text) => text.length === 1)
  const words = isLetters ? ['e', 'f'] : seen.length > 0 ? seen : ['error', 'fatal']
  return `lower(${field.reference}) in (${words.map((word) => `'${word}'`).join(', ')})`
}

const DURATION =
  /duration|latency|elapsed|delay|took|(^|_)(ms|us|ns|millis|msecs?|micros|seconds|secs)$|(response|request|process(ing)?|exec(ution)?|wait|query|total|air)_time|time_taken/
const SIZE = /(^|_)(bytes?|size|len|length)($|_)/
const UNITS: readonly (readonly [RegExp, string])[] = [
  [/(^|_)(ms|millis|milliseconds|msecs?)$/, 'ms'],
  [/(^|_)(us|micros|microseconds)$/, 'us'],
  [/(^|_)(ns|nanos|nanoseconds)$/, 'ns'],
  [/(^|_)(s|sec|secs|seconds)$/, 's'],
  [/(^|_)bytes?($|_)/, 'By'],
]

/** Durations and sizes: quantities worth summing up. `unit` is UCUM, where the name tells it. */
export function quantityOf(field: NamedField): { readonly unit?: string } | undefined {
  const name = snakeName(field.name)
  if (!isExact(field) || !(DURATION.test(name) || SIZE.test(name))) return undefined
  const unit = UNITS.find(([ending]) => ending.test(name))?.[1]
  return unit === undefined ? {} : { unit }
}

const IDENTITY =
  /(^|_)(users?|user_?id|user_?name|login|actor|client|client_?ip|remote_?(ip|addr)|ip|rhost|session(_id)?|visitor|customer(_id)?|device(_id)?|tailnum|orig_h|uid)$/

/** Users, addresses, sessions: worth counting how many there are. */
export function isIdentity(field: NamedField): boolean {
  const isType = field.type === 'string' || field.type === 'integer'
  return isType && field.distinct.size > 1 && IDENTITY.test(snakeName(field.name))
}

const GOOD_DIMENSIONS =
  'level lvl severity service app component module method program logger type event_type kind action path host carrier origin'.split(
    ' ',
  )
const MAX_VALUES = 20
const MAX_KNOWN_VALUES = 50
const MAX_LENGTH = 64

/** The lower, the better a dimension; undefined for none: too many values, too long, or always the same. */
export function dimensionRank(field: NamedField, lines: number): number | undefined {
  const { type, distinct, sample } = field
  const known = GOOD_DIMENSIONS.indexOf(snakeName(field.sample.path.at(-1) ?? ''))
  if ((type !== 'string' && type !== 'boolean') || sample.values.length < lines / 2) return undefined
  const most = known >= 0 ? MAX_KNOWN_VALUES : MAX_VALUES
  if (distinct.size > most || [...distinct].some((text) => text.length > MAX_LENGTH)) return undefined
  if (known >= 0) return known
  const isSpread = distinct.size >= 2 && distinct.size <= sample.values.length / 4
  return isSpread ? 100 + distinct.size : undefined
}
