/** Dates and times of day as integers: the instant of a civil time, by arithmetic that every engine shares. */
import type { Bind } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'

/** SQL of a day of a year, by month and day or counted from 1, ranges checked save the day's. */
export type CivilDay =
  | { readonly month: string; readonly day: string }
  /** At most 366. */
  | { readonly dayOfYear: string }

/** Null parts make the instant null. */
export interface CivilParts {
  readonly year: string
  readonly day: CivilDay
  /** SQL of the milliseconds since midnight. */
  readonly timeMs: string
}

/** Local milliseconds since 1970-01-01T00:00; null for a date that does not exist or year 0. */
export function civilMillis(parse: ParseDialect, bind: Bind, { year, day, timeMs }: CivilParts): string {
  return bind('t_year', year, (year) =>
    bindDay(bind, day, (day) => `(${daysOf(parse, year, day)} * 86400000 + ${timeMs})`),
  )
}

/** Gives month and day names, each computed once. */
export function bindDay(bind: Bind, day: CivilDay, body: (day: CivilDay) => string): string {
  if ('dayOfYear' in day) return body(day)
  return bind('t_month', day.month, (month) =>
    bind('t_day', day.day, (ofMonth) => body({ month, day: ofMonth })),
  )
}

/** Null for a date that does not exist. */
function daysOf(parse: ParseDialect, year: string, day: CivilDay): string {
  return `CASE WHEN ${year} > 0 AND ${exists(year, day)} THEN ${rawDays(parse, year, day)} END`
}

function exists(year: string, day: CivilDay): string {
  if ('dayOfYear' in day) return `${day.dayOfYear} <= 365 + ${leapDay(year)}`
  const long = `CASE WHEN ${day.month} IN (4, 6, 9, 11) THEN 30 ELSE 31 END`
  return `${day.day} <= CASE WHEN ${day.month} = 2 THEN 28 + ${leapDay(year)} ELSE ${long} END`
}

/**
 * Days since 1970-01-01; a day that the month or the year lacks is taken for one of the next. Years are counted from
 * March, as in Howard Hinnant's days_from_civil: http://howardhinnant.github.io/date_algorithms.html
 */
export function rawDays(parse: ParseDialect, year: string, day: CivilDay): string {
  if ('dayOfYear' in day) return `${daysBefore(parse, `(${year} - 1)`)} + 306 + ${day.dayOfYear} - 719469`
  const { month } = day
  const marchYear = `(${year} - CASE WHEN ${month} <= 2 THEN 1 ELSE 0 END)`
  const marchMonth = `(153 * (${month} + CASE WHEN ${month} > 2 THEN -3 ELSE 9 END) + 2)`
  return `${daysBefore(parse, marchYear)} + ${parse.divide(marchMonth, 5)} + ${day.day} - 719469`
}

/** The year of a local time, of year 1 or later, in ms since 1970-01-01T00:00: civil_from_days of the same page. */
export function civilYear(parse: ParseDialect, bind: Bind, ms: string): string {
  return bind('t_days', `${parse.divide(`(${ms} + ${ERA_MS})`, 86_400_000)}`, (days) =>
    bind('t_of_era', `${days} % 146097`, (ofEra) => {
      const leaps = `${parse.divide(ofEra, 1460)} - ${parse.divide(ofEra, 36_524)} + ${parse.divide(ofEra, 146_096)}`
      return bind('t_year_of_era', parse.divide(`(${ofEra} - (${leaps}))`, 365), (year) => {
        const before = `(365 * ${year} + ${parse.divide(year, 4)} - ${parse.divide(year, 100)})`
        // January and February, days 306 and above, are of the next year.
        const isNext = `CASE WHEN ${ofEra} - ${before} >= 306 THEN 1 ELSE 0 END`
        return `${year} + 400 * ${parse.divide(days, 146_097)} + ${isNext}`
      })
    }),
  )
}

/** From 0000-03-01 to 1970-01-01. */
const ERA_MS = 719_468 * 86_400_000

/** Days of whole years before, counted from March of year 0. */
function daysBefore(parse: ParseDialect, year: string): string {
  return `${year} * 365 + ${parse.divide(year, 4)} - ${parse.divide(year, 100)} + ${parse.divide(year, 400)}`
}

/** 1 in a leap year, else 0. */
export function leapDay(year: string): string {
  const isLeap = `${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0)`
  return `CASE WHEN ${isLeap} THEN 1 ELSE 0 END`
}
