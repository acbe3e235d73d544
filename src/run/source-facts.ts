/** What archive, log and report tell of a source while no server watches it, as facts of its health. */
import type { Manifest } from '../core/block.ts'
import type { Cause, SourceFacts } from '../core/health-facts.ts'
import type { HeldLines } from '../core/lines-behind.ts'
import type { LogEnds } from '../ports/log.ts'
import type { StreamState } from '../ports/report.ts'

export interface KnownSource {
  readonly source: string
  readonly log?: LogEnds | undefined
  readonly manifest?: Manifest | undefined
  readonly archiveFailure?: Cause | undefined
  readonly reportFailure?: Cause | undefined
  readonly state?: StreamState | undefined
  /** Of each of its metrics: lines that its totals lack; undefined where nobody can say. */
  readonly behind: readonly (number | undefined)[]
}

/** In archive and log together; undefined where one of them does not say. */
export function heldLines({
  log,
  manifest,
  archiveFailure,
}: Pick<KnownSource, 'manifest' | 'archiveFailure'> & {
  readonly log?: Pick<LogEnds, 'endOffset'> | undefined
}): HeldLines | undefined {
  if (archiveFailure) return undefined
  const endOffset = Math.max(log?.endOffset ?? 0, manifest?.nextOffset ?? 0)
  return { endOffset, ...(manifest && { incarnation: manifest.incarnation, lost: manifest.lost }) }
}

export function sourceFacts(known: KnownSource): SourceFacts {
  const { source, log, manifest, archiveFailure, reportFailure, state, behind } = known
  const end = heldLines(known)?.endOffset
  const most = behind.reduce<number | undefined>(
    (most, one) => (one === undefined || most === undefined ? undefined : Math.max(most, one)),
    behind.length > 0 ? 0 : undefined,
  )
  const countedTo = end === undefined || most === undefined ? undefined : end - most
  const sinceMs = countedTo === undefined ? undefined : observedBy(known, countedTo)
  return {
    source,
    ...(log && { log }),
    ...((manifest || log) && !archiveFailure && { archive: { endOffset: manifest?.nextOffset ?? 0 } }),
    ...(archiveFailure && { archiveFailure }),
    ...(reportFailure && { reportFailure }),
    ...(countedTo !== undefined && { countedTo }),
    ...(state && { reportEnd: state.endOffset }),
    ...(sinceMs !== undefined && { uncountedSinceMs: sinceMs }),
    ...(log && { unarchivedSinceMs: log.writtenMs }),
  }
}

/** A source that never had a log has its lines by `ingest`, and its totals whenever somebody runs a batch. */
function observedBy({ log, manifest }: KnownSource, offset: number): number | undefined {
  if (!log) return undefined
  return manifest && offset < manifest.nextOffset ? manifest.lastObservedMs : log.writtenMs
}
