/** Numbers of seconds, milliseconds, microseconds or nanoseconds since 1970, whole or with a fraction. */
import type { ParseDialect } from './parse-dialect.ts'

export type EpochLayout = 'epoch_s' | 'epoch_ms' | 'epoch_us' | 'epoch_ns'

/** Years 1 to 9999, as for the other layouts. */
const FIRST_MS = -62_135_596_800_000
const LAST_MS = 253_402_300_799_999

const PER_MS = { epoch_s: 1, epoch_ms: 1, epoch_us: 1000, epoch_ns: 1_000_000 } as const

/** The instant in ms, rounded down; null for other text or a time out of range. No exponents. */
export function epochMillis(parse: ParseDialect, layout: EpochLayout, text: string): string {
  const whole = parse.tryInteger(text)
  const fraction = withFraction(parse, layout, text)
  return `CASE WHEN ${parse.isPrinted(text, whole)} THEN ${wholeMillis(parse, layout, whole)} ELSE ${fraction} END`
}

function wholeMillis(parse: ParseDialect, layout: EpochLayout, count: string): string {
  const isSeconds = layout === 'epoch_s'
  const per = PER_MS[layout]
  const limit = isSeconds
    ? [-62_135_596_800, 253_402_300_799]
    : [BigInt(FIRST_MS) * BigInt(per), BigInt(LAST_MS) * BigInt(per)]
  const ms = isSeconds ? `${count} * 1000` : floorDivide(parse, count, per)
  return `CASE WHEN ${count} >= ${limit[0]} AND ${count} <= ${limit[1]} THEN ${ms} END`
}

function withFraction(parse: ParseDialect, layout: EpochLayout, text: string): string {
  const regex = '\\A(-?)0*([0-9]{1,19})(?:\\.([0-9]+))?\\z'
  const names = ['sign', 'whole', 'fraction']
  return parse.bind(parse.groups(text, regex, names), (record) => {
    const group = (name: string) => parse.group(record, name, names)
    const count = parse.integerOf(group('whole'))
    const used = layout === 'epoch_s' ? 3 : 0
    const first = parse.integerOf(parse.substring(`(${group('fraction')} || '000')`, 1, 3))
    const rest = parse.substring(group('fraction'), used + 1)
    const scaled = used > 0 ? `${count} * 1000 + ${first}` : parse.divide(count, PER_MS[layout])
    const hasRest = `NOT ${parse.fullMatch(rest, '0*')}${PER_MS[layout] > 1 ? ` OR ${count} % ${PER_MS[layout]} <> 0` : ''}`
    const below = `CASE WHEN ${hasRest} THEN 1 ELSE 0 END`
    const floored = `CASE WHEN ${group('sign')} = '' THEN ${scaled} ELSE -(${scaled}) - ${below} END`
    const limit = used > 0 ? `${count} <= 253402300799` : 'TRUE'
    const ms = `CASE WHEN ${limit} THEN ${floored} END`
    return parse.bind(
      ms,
      (value) => `CASE WHEN ${value} BETWEEN ${FIRST_MS} AND ${LAST_MS} THEN ${value} END`,
    )
  })
}

/** Toward minus infinity. */
function floorDivide(parse: ParseDialect, count: string, per: number): string {
  if (per === 1) return count
  const below = `CASE WHEN ${count} < 0 AND ${count} % ${per} <> 0 THEN 1 ELSE 0 END`
  return `${parse.divide(count, per)} - ${below}`
}
