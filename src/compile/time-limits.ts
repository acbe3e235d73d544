/** Which event times a record may have: the years that can be meant, and what its source allows around observed time. */
import type { SourcePlan } from '../core/plan.ts'

type Limits = Pick<SourcePlan, 'allowedSkewMs' | 'allowedAgeMs'>

/** 0002-01-01T00:00Z. Programs write `0001-01-01` for no time at all. */
export const FIRST_EVENT_MS = -62_104_060_800_000
/** 9001-01-01T00:00Z. What lies beyond is a mistake, and ends of windows must have years of four digits. */
export const END_EVENT_MS = 221_876_928_000_000

/**
 * Conditions on `event_ms`, and on `observed_ms` where `limitsObserved` says so; never true of a null time. `latestMs`
 * is SQL of the latest that a record may be observed, where its stamp does not settle it.
 */
export function timeFaults(
  { allowedSkewMs, allowedAgeMs }: Limits,
  { latestMs }: { latestMs: string } = { latestMs: 'observed_ms' },
): { when: string; reason: string }[] {
  return [
    { when: `event_ms < ${FIRST_EVENT_MS}`, reason: 'year_1' },
    { when: `event_ms >= ${END_EVENT_MS}`, reason: 'year_beyond_9000' },
    ...(allowedSkewMs === undefined
      ? []
      : [{ when: `event_ms > observed_ms + ${allowedSkewMs}`, reason: 'future_time' }]),
    ...(allowedAgeMs === undefined
      ? []
      : [{ when: `event_ms < ${latestMs} - ${allowedAgeMs}`, reason: 'past_time' }]),
  ]
}

export function limitsObserved({ allowedSkewMs, allowedAgeMs }: Limits): boolean {
  return allowedSkewMs !== undefined || allowedAgeMs !== undefined
}
