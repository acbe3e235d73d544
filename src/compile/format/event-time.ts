/** The event time of a line: text and rule → milliseconds since the epoch, rounded down. */
import type { TimeRule } from '../../core/definition.ts'
import { bindAsColumn } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'
import type { Stages } from './stages.ts'
import { epochMillis } from './time-epoch.ts'
import { isoMillis } from './time-iso.ts'
import { timePattern } from './time-layout.ts'
import { patternMillis } from './time-pattern.ts'

/** Common names of two layouts: Apache's and nginx's time, and RFC 3164's, which lacks the year. */
const NAMED = { access_log: '%d/%b/%Y:%H:%M:%S %z', rfc3164: '%b %d %H:%M:%S' } as const

/** Adds what it needs as columns; `text` must be a column. The result is null for an invalid time. */
export function eventMillis(stages: Stages, parse: ParseDialect, rule: TimeRule, text: string): string {
  const { layout } = rule
  if (layout.kind === 'iso') return isoMillis(stages, parse, rule, text)
  if (layout.kind === 'strptime' || layout.kind === 'access_log' || layout.kind === 'rfc3164') {
    const format = layout.kind === 'strptime' ? layout.format : NAMED[layout.kind]
    return patternMillis(parse, bindAsColumn(stages), rule, timePattern(format), text)
  }
  return epochMillis(parse, layout.kind, text)
}
