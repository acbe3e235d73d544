/** The use case that shows which lines of a source are lost: it must be proven that they are gone, and not just away. */
import { resolve } from 'node:path'
import type { Manifest } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import type { OffsetRange } from '../core/lost-lines.ts'
import type { Archive } from '../ports/archive.ts'
import type { Log } from '../ports/log.ts'
import type { Report, StreamState } from '../ports/report.ts'
import { missingLines } from './missing-lines.ts'

export interface LossPlace {
  readonly source: string
  readonly log: Log
  readonly archive: Archive
  /** Undefined where there is none. */
  readonly report: Pick<Report, 'streamState'> | undefined
  /** No server has the log open, so that it may go on at a later offset. */
  readonly isAlone: boolean
  /** Folders of which somebody says that they were deleted, as given and in full. */
  readonly deleted: readonly string[]
}

/** Lost lines, and when those around them were observed, where anybody knows. */
export interface FoundRange extends OffsetRange {
  readonly lineBeforeMs?: number
  readonly lineAfterMs?: number
}

export interface FoundLoss {
  readonly source: string
  /** Ascending and disjoint. */
  readonly ranges: readonly FoundRange[]
  readonly lines: number
  /** Metrics whose totals have some of the lines, counted while they were there. */
  readonly counted: readonly { readonly metric: string; readonly lines: number }[]
}

/**
 * Archive and log must answer, each at all of its places. Errors: LOSS_UNPROVEN, ARCHIVE_*, LOG_BROKER_AWAY, LOG_TOPIC_*.
 */
export async function findLoss(place: LossPlace): Promise<FoundLoss> {
  const { source, log, archive, report } = place
  const state = await report?.streamState(source)
  const holds = () => log.sources().find((one) => one.source === source)
  if (holds()) await proven(place, () => log.confirmHeld(source))
  const manifest = await archive.manifest(source)
  const missing = [...missingLines(manifest, holds(), state?.endOffset), ...beyondLog(place, state)]
  if (missing.length > 0) await prove(place, manifest, state)
  const ranges: FoundRange[] = []
  for (const range of missing) ranges.push({ ...range, ...(await around(place, manifest, range)) })
  return {
    ...{ source, ranges, lines: ranges.reduce((sum, range) => sum + linesOf(range), 0) },
    counted: (state?.metrics ?? []).flatMap(({ metric, startOffset, endOffset }) => {
      const lines = ranges.reduce(
        (sum, range) => sum + overlap(range, { fromOffset: startOffset, endOffset }),
        0,
      )
      return lines > 0 ? [{ metric, lines }] : []
    }),
  }
}

/** Of an older copy of a log that was put back: what it no longer has of the lines that the report has counted. */
function beyondLog({ source, log, isAlone }: LossPlace, state: StreamState | undefined): OffsetRange[] {
  const held = log.sources().find((one) => one.source === source)
  // A topic may hold more lines than have got their offsets.
  if (!isAlone || !held || !state || log.records?.(source)) return []
  const { endOffset: fromOffset } = held
  return state.endOffset > fromOffset ? [{ fromOffset, endOffset: state.endOffset }] : []
}

async function prove(
  place: LossPlace,
  manifest: Manifest | undefined,
  state: StreamState | undefined,
): Promise<void> {
  const { source, log, archive } = place
  // Nothing was ever archived where not even the report knows of an archive.
  const isNew = manifest === undefined && state !== undefined && state.archive === undefined
  for (const { place: path, isThere } of isNew ? [] : await archive.accounts(source)) {
    if (isThere || isDeleted(place, path)) continue
    throw new MillraceError('LOSS_UNPROVEN', { source, path, why: 'holds nothing of it' })
  }
  await proven(place, () => log.confirmHeld(source, state?.incarnation || undefined))
}

/** Unless somebody says that the folder was deleted. */
async function proven(place: LossPlace, confirm: () => Promise<void>): Promise<void> {
  await confirm().catch((error: unknown) => {
    const path = error instanceof MillraceError && error.code === 'LOSS_UNPROVEN' && error.params['path']
    if (!path || !isDeleted(place, String(path))) throw error
  })
}

function isDeleted({ deleted }: LossPlace, path: string): boolean {
  return deleted.includes(path) || deleted.includes(resolve(path))
}

/** The archive was asked for what it has of the first range; of the others the log knows. */
async function around(
  { source, log }: LossPlace,
  manifest: Manifest | undefined,
  { fromOffset, endOffset }: OffsetRange,
): Promise<Pick<FoundRange, 'lineBeforeMs' | 'lineAfterMs'>> {
  const held = log.sources().find((one) => one.source === source)
  const observed = async (offset: number) => {
    if (!held || offset < held.startOffset || offset >= held.endOffset) return undefined
    return (await log.read(source, offset, 1))[0]?.observedMs
  }
  const isFirst = fromOffset === manifest?.nextOffset
  const before = isFirst ? manifest.lastObservedMs : await observed(fromOffset - 1)
  const after = await observed(endOffset)
  return { ...(before && { lineBeforeMs: before }), ...(after && { lineAfterMs: after }) }
}

function linesOf({ fromOffset, endOffset }: OffsetRange): number {
  return endOffset - fromOffset
}

function overlap(a: OffsetRange, b: OffsetRange): number {
  return Math.max(Math.min(a.endOffset, b.endOffset) - Math.max(a.fromOffset, b.fromOffset), 0)
}
