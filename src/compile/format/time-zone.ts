/** From local time to the instant, by the stamp's own offset or the declared zone. */
import type { Bind } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'

const DAY_MS = 86_400_000
const FIXED = /^([+-])(\d\d):(\d\d)$/

/** Milliseconds that a zone such as `UTC` or `+02:00` is ahead of UTC; undefined for one with rules. */
export function fixedOffset(zone: string): number | undefined {
  if (zone === 'UTC') return 0
  const match = FIXED.exec(zone)
  if (!match) return undefined
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return (match[1] === '-' ? -minutes : minutes) * 60_000
}

/**
 * A local time that a zone has twice is the first of the two; one that it skips is read with the offset from
 * before the gap, so it lands as much after it. (RFC 5545 3.3.5; java.time and Temporal do the same.)
 */
export function zoneMillis(parse: ParseDialect, bind: Bind, zone: string, local: string): string {
  const fixed = fixedOffset(zone)
  if (fixed !== undefined) return fixed === 0 ? local : `(${local} - ${fixed})`
  return bind('t_before', parse.zoneOffset(zone, `(${local} - ${DAY_MS})`), (before) => {
    const after = parse.zoneOffset(zone, `(${local} + ${DAY_MS})`)
    const holds = (offset: string) => `${parse.zoneOffset(zone, `(${local} - ${offset})`)} = ${offset}`
    const second = `CASE WHEN ${holds(after)} THEN ${local} - ${after} ELSE ${local} - ${before} END`
    return `CASE WHEN ${holds(before)} THEN ${local} - ${before} ELSE ${second} END`
  })
}
