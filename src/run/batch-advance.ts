/** How a batch run that nobody streams beside moves the streams of its sources: to its cut, wherever they stood. */
import type { Manifest } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { BatchAdvance, StreamState } from '../ports/report.ts'

export interface TakeOver {
  /** By metric, as the definition has it now. */
  readonly latenessMs: ReadonlyMap<string, number>
  /** Totals of lines that are in the archive no longer may give way. */
  readonly replaces: boolean
}

/** Errors: REPORT_AHEAD, REPORT_OTHER_ARCHIVE. */
export function batchAdvance(
  { metrics }: SourcePlan,
  { latenessMs, replaces }: TakeOver,
  { state, manifest }: { readonly state: StreamState | undefined; readonly manifest: Manifest },
): BatchAdvance {
  const { incarnation: archive, nextOffset, lastObservedMs = 0 } = manifest
  if (state && !replaces) requireBelow(state, manifest)
  const from = metrics.flatMap(({ metric, version }): [string, number][] => {
    const held = state?.metrics.find((one) => one.metric === metric && one.version === version)
    return held ? [[metric, held.endOffset]] : []
  })
  // No line below the cut is observed later, and none from it on is observed before what the report was told.
  const isSame = state !== undefined && state.endOffset <= nextOffset && !replaces
  const clockMs = isSame ? Math.max(lastObservedMs, state.clockMs) : lastObservedMs
  return { ...{ archive, clockMs, latenessMs, replaces }, from: new Map(from) }
}

function requireBelow({ source, archive, endOffset }: StreamState, manifest: Manifest): void {
  if (archive !== undefined && archive !== manifest.incarnation)
    throw new MillraceError('REPORT_OTHER_ARCHIVE', { source, held: archive, found: manifest.incarnation })
  if (endOffset > manifest.nextOffset)
    throw new MillraceError('REPORT_AHEAD', { source, counted: endOffset, end: manifest.nextOffset })
}
