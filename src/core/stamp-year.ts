/** Whether the stamps of a time rule carry their year; those of others take it from the context of their lines. */
import type { TimeRule } from './definition.ts'

export function carriesYear({ layout }: Pick<TimeRule, 'layout'>): boolean {
  if (layout.kind === 'strptime') return /%-?[Yy]/.test(layout.format.replaceAll('%%', ''))
  return layout.kind !== 'rfc3164'
}
