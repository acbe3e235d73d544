/** Says how far a stream is that has many lines to catch up with, now and then. */
import type { StreamNews } from '../run/run-stream.ts'
import { say } from './output.ts'
import { countOf, formatCount } from './text-table.ts'

/** A stream that keeps up has fewer lines to count. */
const MANY_LINES = 500_000
const PAUSE_MS = 10_000

/** Hears of every advance. */
export function lagTeller(now: () => number): (news: StreamNews) => void {
  const toldMs = new Map<string, number>()
  return ({ source, endOffset, lagLines, behind }) => {
    const told = toldMs.get(source)
    if (lagLines >= MANY_LINES && now() - (told ?? 0) >= PAUSE_MS) {
      const whose = behind.length > 0 ? ` of ${behind.join(', ')}` : ''
      say(
        `millrace: The stream of ${source} catches up${whose}: it is at offset ${formatCount(endOffset)}, with ${countOf(lagLines, 'line')} to go.`,
      )
      toldMs.set(source, now())
    } else if (told !== undefined && lagLines < MANY_LINES) {
      say(`millrace: The stream of ${source} has caught up to offset ${formatCount(endOffset)}.`)
      toldMs.delete(source)
    }
  }
}
