/** What is known of a server and its sources at one moment, from which their health is judged. */
import { MillraceError } from './error.ts'

/** Why something failed, as its engine gave the reason. */
export interface Cause {
  /** Of the table of errors; absent where nobody foresaw it. */
  readonly code?: string
  readonly message: string
}

/** Absent fields are not known. Offsets are those after the last line. */
export interface SourceFacts {
  readonly source: string
  /** What the log holds; absent where the source has no log. */
  readonly log?: { readonly startOffset: number; readonly endOffset: number }
  /** 0 where it has nothing; absent until it was asked. */
  readonly archive?: { readonly endOffset: number }
  /** Why the archive could not be read or written at the last attempt. */
  readonly archiveFailure?: Cause
  /** Up to where every metric of the source has counted; absent for a source without a metric. */
  readonly countedTo?: number
  /** It has no metric, so nobody counts it. */
  readonly isUncounted?: true
  /** Up to where any metric of the source has counted. */
  readonly reportEnd?: number
  /** Why the stream could not go on at the last attempt. */
  readonly streamFailure?: Cause
  /** Why the report could not be asked. */
  readonly reportFailure?: Cause
  /** When the oldest line was observed that is not counted, or not archived; a later time where only that is known. */
  readonly uncountedSinceMs?: number
  readonly unarchivedSinceMs?: number
}

export interface HealthFacts {
  readonly sources: readonly SourceFacts[]
  /** Why the server that runs here cannot be asked. */
  readonly serverFailure?: Cause
  /** Why no line can be acked until the server is restarted. */
  readonly logFailure?: Cause
  /** Why no line can be acked at the moment. */
  readonly logTrouble?: Cause
  /** Why windows with late lines could not be restated at the last attempt. */
  readonly restateFailure?: Cause
  /** Why the last batch of the schedule failed. */
  readonly batchFailure?: Cause
}

/** How long lines may wait; where a limit is absent, they may wait for any time. */
export interface HealthLimits {
  /** To be counted, from the time at which they were observed. */
  readonly freshnessMs?: number
  /** To be archived. */
  readonly archiveMs?: number
}

export function causeOf(error: unknown): Cause {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof MillraceError ? { code: error.code, message } : { message }
}
