/** Stamps read by a closed regex with a group for each part: all layouts but the epoch's. */
import type { TimeRule } from '../../core/definition.ts'
import { ZONE_WORDS } from '../../core/zone-words.ts'
import type { Bind } from './bind.ts'
import type { ParseDialect } from './parse-dialect.ts'
import { stampYear } from './stamp-year.ts'
import { bindDay, type CivilDay, civilMillis } from './time-civil.ts'
import type { TimePart, TimePattern } from './time-layout.ts'
import { zoneLocal, zoneMillis } from './time-zone.ts'

type Rule = Pick<TimeRule, 'zone' | 'year'>

/** SQL of the instant in ms; null for text that does not match or names no real time. */
export function patternMillis(
  parse: ParseDialect,
  bind: Bind,
  rule: Rule,
  pattern: TimePattern,
  text: string,
): string {
  const groups = parse.groups(text, `\\A(?:${pattern.regex})\\z`, pattern.parts)
  return bind('t_parts', groups, (record) => {
    const part = (name: TimePart) =>
      pattern.parts.includes(name) ? parse.group(record, name, pattern.parts) : undefined
    const civil = civilOf(parse, bind, part, rule)
    return bind('t_local', civil, (local) => {
      const zoned = zoneMillis(parse, rule.zone, local)
      const word = part('zone_word')
      if (word) return `(${local} - ${wordMillis(parse, word)})`
      const offset = part('offset')
      if (!offset) return zoned
      return `CASE WHEN ${offset} = '' THEN ${zoned} ELSE ${local} - ${offsetMillis(parse, offset)} END`
    })
  })
}

function wordMillis(parse: ParseDialect, word: string): string {
  const branches = [...ZONE_WORDS].map(([name, minutes]) => `WHEN '${name}' THEN ${minutes * 60_000}`)
  return `CASE ${parse.upper(word)} ${branches.join(' ')} END`
}

type PartText = (name: TimePart) => string | undefined

function civilOf(parse: ParseDialect, bind: Bind, part: PartText, rule: Rule): string {
  const timeMs = timeOfDay(parse, part)
  const number = numberOf(parse, part)
  const day = dayOf(parse, part)
  const year = number('year') ?? shortYear(number('short_year'))
  if (year) return civilMillis(parse, bind, { year, day, timeMs })
  const localMs = (instant: string) => localOf(parse, part, rule.zone, instant)
  return bindDay(bind, day, (day) =>
    bind('t_time', timeMs, (timeMs) => {
      const year = stampYear(parse, bind, { day, timeMs, localMs }, rule.year)
      return civilMillis(parse, bind, { year, day, timeMs })
    }),
  )
}

function dayOf(parse: ParseDialect, part: PartText): CivilDay {
  const number = numberOf(parse, part)
  const dayOfYear = number('day_of_year')
  if (dayOfYear) return { dayOfYear }
  const monthName = part('month_name')
  return { month: monthName ? monthNumber(parse, monthName) : number('month')!, day: number('day')! }
}

function numberOf(parse: ParseDialect, part: PartText) {
  return (name: TimePart) => {
    const text = part(name)
    return text && parse.integerOf(text)
  }
}

/** What the stamp's clock shows, by its own zone or offset, or else the declared zone. */
function localOf(parse: ParseDialect, part: PartText, zone: string, instant: string): string {
  const word = part('zone_word')
  if (word) return `(${instant} + ${wordMillis(parse, word)})`
  const zoned = zoneLocal(parse, zone, instant)
  const offset = part('offset')
  if (!offset) return zoned
  return `CASE WHEN ${offset} = '' THEN ${zoned} ELSE ${instant} + ${offsetMillis(parse, offset)} END`
}

/** As POSIX has it: 69 to 99 are of the last century. */
function shortYear(number: string | undefined): string | undefined {
  return number && `(${number} + CASE WHEN ${number} >= 69 THEN 1900 ELSE 2000 END)`
}

function monthNumber(parse: ParseDialect, name: string): string {
  const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
  const branches = months.map((month, index) => `WHEN '${month}' THEN ${index + 1}`)
  return `CASE ${parse.upper(parse.substring(name, 1, 3))} ${branches.join(' ')} END`
}

function timeOfDay(parse: ParseDialect, part: PartText): string {
  const units = [
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const
  const terms = units.flatMap(([name, ms]) => {
    const text = part(name)
    return text ? [`coalesce(${parse.integerOf(text)}, 0) * ${ms}`] : []
  })
  const half = part('half_hour')
  if (half) terms.push(`(${parse.integerOf(half)} % 12 + ${afternoon(parse, part('half')!)}) * 3600000`)
  const fraction = part('fraction')
  if (fraction) terms.push(parse.integerOf(parse.substring(`(${fraction} || '000')`, 1, 3)))
  return terms.length > 0 ? `(${terms.join(' + ')})` : '0'
}

function afternoon(parse: ParseDialect, half: string): string {
  return `CASE WHEN ${parse.upper(parse.substring(half, 1, 1))} = 'P' THEN 12 ELSE 0 END`
}

/** Of `Z`, `±hh`, `±hhmm` or `±hh:mm`. */
function offsetMillis(parse: ParseDialect, offset: string): string {
  const sign = `CASE WHEN ${parse.startsWith(offset, '-')} THEN -1 ELSE 1 END`
  const hours = `coalesce(${parse.integerOf(parse.substring(offset, 2, 2))}, 0)`
  const digits = parse.replaceAll(offset, ':', '')
  const minutes = `coalesce(${parse.integerOf(parse.substring(digits, 4, 2))}, 0)`
  return `${sign} * (${hours} * 3600000 + ${minutes} * 60000)`
}
