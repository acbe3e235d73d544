/** How the batch engines name the columns of a parsed record: `f<i>` and `e<i>` for field i, `event_ms`, `reason`. */
import type { SourcePlan } from '../core/plan.ts'
import type { RecordColumns } from './print-tally.ts'

export function recordColumns(plan: SourcePlan): RecordColumns {
  const places = new Map(plan.fields.map((field, index) => [field.name, index]))
  return {
    field: (name) => `f${places.get(name)}`,
    error: (name) => `e${places.get(name)}`,
    reason: 'reason',
    eventMs: 'event_ms',
    observedMs: 'observed_ms',
    offset: '"offset"',
  }
}
