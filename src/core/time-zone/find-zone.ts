/** Which texts name a time zone. */
import { closestName } from '../closest-name.ts'
import { zoneHistory, zoneNames } from './zone-history.ts'

/** The zone when the text names one exactly, else the nearest name. */
export function findZone(text: string): { readonly zone?: string; readonly near?: string | undefined } {
  if (text === 'Z') return { zone: 'UTC' }
  if (zoneHistory(text)) return { zone: text }
  const names = zoneNames()
  const folded = text.toLowerCase()
  return { near: names.find((name) => name.toLowerCase() === folded) ?? closestName(text, names) }
}
