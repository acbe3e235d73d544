/** ISO 8601 and RFC 3339 date-times in the extended format. */
import type { TimeRule } from '../../core/definition.ts'
import { bindInside } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'
import type { Stages } from './stages.ts'
import { OFFSET, type TimePattern } from './time-layout.ts'
import { patternMillis } from './time-pattern.ts'
import { zoneMillis } from './time-zone.ts'

const DATE = '([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
const TIME = '([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.,]([0-9]{1,9}))?)?'

/** The separator is `T`, `t` or a space; seconds and offset may be missing. */
export const ISO: TimePattern = {
  regex: `${DATE}[Tt ]${TIME}(${OFFSET})?`,
  parts: ['year', 'month', 'day', 'hour', 'minute', 'second', 'fraction', 'offset'],
}

/** The instant in ms: quickly where the engine is sure, by the closed regex elsewhere. */
export function isoMillis(stages: Stages, parse: ParseDialect, rule: TimeRule, text: string): string {
  const slow = patternMillis(parse, bindInside(parse), rule, ISO, text)
  const quick = parse.quickIso?.(text)
  if (quick === undefined) return slow
  // Lines that are rejected already have no text, and must not cost the slow way.
  return `CASE WHEN ${text} IS NOT NULL THEN coalesce(${zonedQuick(stages, parse, rule, text, quick)}, ${slow}) END`
}

/** A stamp that is read quickly ends in `Z` or has no offset. */
function zonedQuick(stages: Stages, parse: ParseDialect, { zone }: TimeRule, text: string, quick: string) {
  if (zone === 'UTC') return quick
  stages.add({ t_quick: quick })
  return `CASE WHEN ${parse.contains(text, 'Z')} THEN t_quick ELSE ${zoneMillis(parse, zone, 't_quick')} END`
}
