/** Fixed windows `[start, end)`, aligned to the epoch, in UTC. */

export const DAY_MS = 86_400_000

/** Start of the window that holds the instant; correct before 1970 too. */
export function windowStart(eventMs: number, widthMs: number): number {
  return Math.floor(eventMs / widthMs) * widthMs
}

export function dividesDay(widthMs: number): boolean {
  return widthMs > 0 && Number.isInteger(widthMs) && DAY_MS % widthMs === 0
}
