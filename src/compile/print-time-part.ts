/** Parts of the event time in UTC, by integer arithmetic where the calendar is not needed. */
import { DAY_MS } from '../core/window.ts'

export interface TimeSql {
  /** Integer division, cut toward zero. */
  quotient(dividend: string, divisor: string): string
  timestamp(ms: string): string
}

/** `ms` names a number of milliseconds since the epoch, perhaps negative. */
export function printTimePart(part: string, ms: string, sql: TimeSql): string {
  const ofDay = `((${ms} % ${DAY_MS} + ${DAY_MS}) % ${DAY_MS})`
  switch (part) {
    case 'year':
    case 'month':
    case 'day':
      return `CAST(EXTRACT(${part.toUpperCase()} FROM ${sql.timestamp(ms)}) AS BIGINT)`
    case 'hour':
      return sql.quotient(ofDay, '3600000')
    case 'minute':
      return `(${sql.quotient(ofDay, '60000')} % 60)`
    case 'second':
      return `(${sql.quotient(ofDay, '1000')} % 60)`
    case 'day_of_week':
      return `((${sql.quotient(`(${ms} - ${ofDay})`, String(DAY_MS))} % 7 + 10) % 7 + 1)`
    default:
      throw new RangeError(`no function is called ${part}`)
  }
}
