/** When windows are final: the source's clock has passed their end and the allowed lateness. */
import { windowStart } from './window.ts'

/** Windows that start before the result are final. */
export function finalBefore(clockMs: number, windowMs: number, latenessMs: number): number {
  return windowStart(clockMs - latenessMs, windowMs)
}
