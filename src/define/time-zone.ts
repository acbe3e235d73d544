/** Which texts name a time zone. */
import { closestName } from '../core/closest-name.ts'

const OFFSET = /^[+-](0\d|1[0-8]):[0-5]\d$/

/** The zone when the text names one, else the nearest name. */
export function findZone(text: string): { readonly zone?: string; readonly near?: string | undefined } {
  if (OFFSET.test(text)) return { zone: text }
  if (text === 'Z') return { zone: 'UTC' }
  const resolved = resolveName(text)
  const isMiscased =
    resolved !== undefined && resolved !== text && resolved.toLowerCase() === text.toLowerCase()
  // A link such as Asia/Kolkata may resolve to another name, which depends on the version of Node: keep the text.
  if (resolved !== undefined && !isMiscased) return { zone: text }
  return { near: resolved ?? closestName(text, ['UTC', ...Intl.supportedValuesOf('timeZone')]) }
}

function resolveName(text: string): string | undefined {
  if (!/^[A-Za-z]/.test(text)) return undefined
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}
