/** Steps counted on a calendar: which step of n days, weeks, months or years a local time falls in. */
import { DAY_MS } from './window.ts'

/**
 * Steps numbered in the order of time. `indexOf` takes a local time (UTC and the zone's offset); `startOf` gives the
 * local time at which a step begins.
 */
export interface LocalSteps {
  indexOf(localMs: number): number
  startOf(index: number): number
  /** No step is longer. */
  readonly longestMs: number
}

/** 1970-01-05, the first Monday after the epoch. */
const MONDAY_MS = 4 * DAY_MS

/** Steps of `count` days from 1970-01-01, weeks from a Monday, months from a January, years from year 0. */
export function calendarSteps(unit: 'd' | 'w' | 'mo' | 'y', count: number): LocalSteps {
  if (unit === 'd') return evenSteps(count * DAY_MS, 0)
  if (unit === 'w') return evenSteps(count * 7 * DAY_MS, MONDAY_MS)
  return monthSteps(unit === 'mo' ? count : count * 12)
}

/** Steps of one length that start anew at every local midnight; `stepMs` divides a day. */
export function clockSteps(stepMs: number): LocalSteps {
  return evenSteps(stepMs, 0)
}

function evenSteps(stepMs: number, originMs: number): LocalSteps {
  return {
    indexOf: (localMs) => Math.floor((localMs - originMs) / stepMs),
    startOf: (index) => originMs + index * stepMs,
    longestMs: stepMs,
  }
}

function monthSteps(months: number): LocalSteps {
  return {
    indexOf: (localMs) => {
      const date = new Date(localMs)
      return Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / months)
    },
    startOf: (index) => {
      const date = new Date(0)
      date.setUTCFullYear(0, index * months, 1)
      return date.getTime()
    },
    longestMs: months * 31 * DAY_MS,
  }
}
