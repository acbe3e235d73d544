/** Dates and times of day as integers: the instant of a civil time, by arithmetic that every engine shares. */
import type { Bind } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'

/**
 * SQL of a civil time's parts, ranges checked save the day's. Either month and day or the day of the year.
 * Null parts make the instant null.
 */
export interface CivilParts {
  readonly year: string
  readonly month?: string
  readonly day?: string
  readonly dayOfYear?: string
  /** Milliseconds since midnight. */
  readonly timeMs: string
}

/** Local milliseconds since 1970-01-01T00:00; null for a date that does not exist or year 0. */
export function civilMillis(parse: ParseDialect, bind: Bind, parts: CivilParts): string {
  return bind('t_year', parts.year, (year) => {
    const days = parts.dayOfYear
      ? daysByYear(parse, year, parts.dayOfYear)
      : daysByMonth(parse, bind, year, parts)
    return `(${days} * 86400000 + ${parts.timeMs})`
  })
}

function daysByYear(parse: ParseDialect, year: string, dayOfYear: string): string {
  const isValid = `${year} > 0 AND ${dayOfYear} <= 365 + ${leapDay(year)}`
  return `CASE WHEN ${isValid} THEN ${daysBefore(parse, `(${year} - 1)`)} + 306 + ${dayOfYear} - 719469 END`
}

/** Years counted from March, as in Howard Hinnant's days_from_civil: http://howardhinnant.github.io/date_algorithms.html */
function daysByMonth(parse: ParseDialect, bind: Bind, year: string, parts: CivilParts): string {
  return bind('t_month', parts.month!, (month) =>
    bind('t_day', parts.day!, (day) => {
      const long = `CASE WHEN ${month} IN (4, 6, 9, 11) THEN 30 ELSE 31 END`
      const length = `CASE WHEN ${month} = 2 THEN 28 + ${leapDay(year)} ELSE ${long} END`
      const marchYear = `(${year} - CASE WHEN ${month} <= 2 THEN 1 ELSE 0 END)`
      const marchMonth = `(153 * (${month} + CASE WHEN ${month} > 2 THEN -3 ELSE 9 END) + 2)`
      const days = `${daysBefore(parse, marchYear)} + ${parse.divide(marchMonth, 5)} + ${day} - 719469`
      return `CASE WHEN ${year} > 0 AND ${day} <= ${length} THEN ${days} END`
    }),
  )
}

/** Days of whole years before, counted from March of year 0. */
function daysBefore(parse: ParseDialect, year: string): string {
  return `${year} * 365 + ${parse.divide(year, 4)} - ${parse.divide(year, 100)} + ${parse.divide(year, 400)}`
}

function leapDay(year: string): string {
  const isLeap = `${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0)`
  return `CASE WHEN ${isLeap} THEN 1 ELSE 0 END`
}
