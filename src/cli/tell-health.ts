/** What the server's log says of its health: a fault when it begins, when its reason changes, each hour, and when it is over. */
import type { Fault, FaultCode, Health } from '../core/health.ts'

/** After which the same fault is told again. */
const REPEAT_MS = 3_600_000
/** A fault that was judged, and not seen, for so long is over; an attempt that begins well may fail a moment later. */
const CALM_MS = 3000

const OVER: Readonly<Record<FaultCode, (source: string) => string>> = {
  SERVER_SILENT: () => 'The server answers again.',
  LOG_FAILED: () => 'Lines can be acked again.',
  LOG_FULL: () => 'The log can be used again.',
  LOG_WAITS: () => 'The log can be used again.',
  REPORT_AHEAD: (source) => `The report is no longer ahead of ${source}.`,
  LOG_LINES_MISSING: (source) => `No lines of ${source} are missing any more.`,
  STREAM_FAILED: (source) => `The stream of ${source} goes on.`,
  REPORT_AWAY: (source) => `The report says again how far ${source} is counted.`,
  LINES_WAIT: (source) => `Lines of ${source} are counted within the declared time again.`,
  ARCHIVE_FAILED: (source) => `The archive takes lines of ${source} again.`,
  ARCHIVE_BEHIND: (source) => `The archive of ${source} has caught up.`,
  RESTATE_FAILED: () => 'Windows can be restated again.',
  BATCH_FAILED: () => 'The batch has succeeded again.',
}

interface Told {
  readonly fault: Fault
  readonly atMs: number
  seenMs: number
}

/** Gives what is to be said now; to be asked again and again. */
export function healthTeller(): (health: Health, nowMs: number) => string[] {
  const told = new Map<string, Told>()
  return ({ faults, sources }, nowMs) => {
    for (const { source, unjudged = [] } of sources)
      for (const code of unjudged) {
        const open = told.get(`${code} ${source}`)
        if (open) open.seenMs = nowMs
      }
    const begun = faults.flatMap((fault) => {
      const key = `${fault.code} ${fault.source ?? ''}`
      const known = told.get(key)
      if (known && known.fault.cause === fault.cause && nowMs - known.atMs < REPEAT_MS) {
        known.seenMs = nowMs
        return []
      }
      told.set(key, { fault, atMs: nowMs, seenMs: nowMs })
      return [fault.message]
    })
    const over = [...told].filter(([, { seenMs }]) => nowMs - seenMs >= CALM_MS)
    for (const [key] of over) told.delete(key)
    return [...begun, ...over.map(([, { fault }]) => OVER[fault.code](fault.source ?? ''))]
  }
}
