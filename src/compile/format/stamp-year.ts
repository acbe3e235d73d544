/** The year of a stamp that carries none: from the context of its line, or the latest one that is not in the future. */
import { contextNumberRegex } from '../../core/line-context.ts'
import type { Bind } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'
import { type CivilDay, civilYear, leapDay, rawDays } from './time-civil.ts'

const DAY_MS = 86_400_000

export interface YearlessStamp {
  readonly day: CivilDay
  /** SQL of the milliseconds since midnight. */
  readonly timeMs: string
  /** SQL of what the stamp's clock shows at an instant, in local ms. */
  localMs(instantMs: string): string
}

/**
 * SQL of the year (see docs/formats.md), null where there is none; reads the columns `context` and `observed_ms`. Lines
 * that were kept without a context have the declared year, if there is one. All that `stamp` names must be columns.
 */
export function stampYear(
  parse: ParseDialect,
  bind: Bind,
  stamp: YearlessStamp,
  declared: number | undefined,
): string {
  const given = contextNumber(parse, 'year')
  const reference = `coalesce(${contextNumber(parse, 'referenceMs')}, observed_ms)`
  return bind('t_given', given, (year) =>
    bind('t_limit', `${reference} + ${DAY_MS}`, (limit) => {
      const latest = latestYear(parse, bind, stamp, limit)
      const ofContext = `CASE WHEN ${year} IS NULL THEN ${latest} WHEN ${year} BETWEEN 1 AND 9999 THEN ${year} END`
      return declared === undefined
        ? ofContext
        : `CASE WHEN context IS NULL THEN ${declared} ELSE ${ofContext} END`
    }),
  )
}

/** The latest year in which the day exists and the stamp is at or before the limit, by the stamp's own clock. */
function latestYear(parse: ParseDialect, bind: Bind, stamp: YearlessStamp, limit: string): string {
  const { day, timeMs, localMs } = stamp
  return bind('t_until', localMs(limit), (until) =>
    bind('t_latest', civilYear(parse, bind, until), (latest) => {
      const isLater = `(${rawDays(parse, latest, day)}) * ${DAY_MS} + ${timeMs} > ${until}`
      return bind('t_before', `${latest} - CASE WHEN ${isLater} THEN 1 ELSE 0 END`, (year) => {
        const fourth = `(${year} - ${year} % 4)`
        const leap = `${fourth} - 4 * (1 - ${leapDay(fourth)})`
        return `CASE WHEN ${isLeapDay(day)} THEN ${leap} ELSE ${year} END`
      })
    }),
  )
}

/** A day that only leap years have. */
function isLeapDay(day: CivilDay): string {
  return 'dayOfYear' in day ? `${day.dayOfYear} = 366` : `${day.month} = 2 AND ${day.day} = 29`
}

function contextNumber(parse: ParseDialect, fact: 'referenceMs' | 'year'): string {
  const found = parse.groups('context', contextNumberRegex(fact), ['number'])
  return parse.integerOf(parse.group(found, 'number', ['number']))
}
