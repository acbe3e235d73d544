/** RFC 3339 instants at the edge: parsing of `--from`/`--to`, printing of window starts. */

/** The first and last instants that RFC 3339 can write, which has years of four digits. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** `2026-01-31T08:00:00Z`; a fraction only when the instant has one. Beyond the years of RFC 3339 its first or last. */
export function formatInstant(ms: number): string {
  const written = new Date(Math.min(Math.max(ms, FIRST_MS), LAST_MS))
  return written.toISOString().replace('.000Z', 'Z')
}

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})(\d*))?)?(Z|[+-]\d\d:\d\d)?)?$/i

/**
 * Milliseconds since the epoch of a date or date-time (UTC unless an offset is given); undefined when it is none. What is finer
 * is rounded up: times that are kept are whole milliseconds, and one is before such a bound, or not, by either in the same way.
 */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text)
  if (!match) return undefined
  const [
    ,
    year,
    month,
    day,
    hour = '00',
    minute = '00',
    second = '00',
    fraction = '0',
    finer = '',
    offset = 'Z',
  ] = match
  const zone = /z/i.test(offset) ? 'Z' : offset
  const ms = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0')}${zone}`,
  )
  const valid =
    !Number.isNaN(ms) && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return valid ? ms + (/[1-9]/.test(finer) ? 1 : 0) : undefined
}
