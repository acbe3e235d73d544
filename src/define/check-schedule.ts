/** When batches run: five fields of cron, and the time zone they are meant in. */
import { Cron } from 'croner'
import type { Schedule } from '../core/definition.ts'
import { findZone } from '../core/time-zone/find-zone.ts'
import { type DiagnosticList, didYouMean } from './diagnostic.ts'

const FIELD = /^(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(\/[0-9]+)?(,(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(\/[0-9]+)?)*$/

export function checkSchedule(
  { cron, timezone = 'UTC' }: { cron?: string | undefined; timezone?: string | undefined },
  problems: DiagnosticList,
): { schedule?: Schedule } {
  if (cron === undefined) return {}
  if (!isCron(cron)) problems.add('DEFINE_BAD_CRON', ['batch', 'cron'], { given: cron })
  const { zone, near } = findZone(timezone)
  if (zone === undefined)
    problems.add('DEFINE_UNKNOWN_ZONE', ['batch', 'timezone'], { zone: timezone }, didYouMean(near))
  return { schedule: { cron, timezone: zone ?? 'UTC' } }
}

/** Five fields, of a time that comes. */
function isCron(cron: string): boolean {
  const fields = cron.trim().split(/\s+/)
  if (fields.length !== 5 || !fields.every((field) => FIELD.test(field))) return false
  try {
    return new Cron(cron, { paused: true, timezone: 'UTC' }).nextRun() !== null
  } catch {
    return false
  }
}
