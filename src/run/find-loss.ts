/** The use case that shows which lines of a source are lost: it must be proven that they are gone, and not just away. */
import { resolve } from 'node:path'
import { type Block, type Manifest, offsetsInName } from '../core/block.ts'
import { observedAt } from '../core/clock-repair.ts'
import { MillraceError } from '../core/error.ts'
import type { OffsetRange } from '../core/lost-lines.ts'
import type { Archive } from '../ports/archive.ts'
import type { Log, LogSource } from '../ports/log.ts'
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
  /** Folders of which somebody says that they were deleted, as given and in full; and blocks that no manifest will name. */
  readonly deleted: readonly string[]
}

/** Lost lines, and when those around them were observed, where anybody knows. */
export interface FoundRange extends OffsetRange {
  readonly lineBeforeMs?: number
  readonly lineAfterMs?: number
}

/** A block of which no copy is whole, and what a log still holds of its lines. */
export interface FoundBlock {
  readonly block: Block
  /** Both ascending and disjoint; together all offsets of the block. */
  readonly lost: readonly OffsetRange[]
  readonly held: readonly OffsetRange[]
}

export interface FoundLoss {
  readonly source: string
  /** Ascending and disjoint. */
  readonly ranges: readonly FoundRange[]
  readonly lines: number
  /** Those of the archive that are lost; what is lost of their lines is in the ranges. */
  readonly blocks: readonly FoundBlock[]
  /** Metrics whose totals have some of the lines, counted while they were there. */
  readonly counted: readonly { readonly metric: string; readonly lines: number }[]
}

/**
 * Archive and log must answer, each at all of its places. Errors: LOSS_UNPROVEN, LOSS_IN_BLOCK, ARCHIVE_*,
 * LOG_BROKER_AWAY, LOG_TOPIC_*.
 */
export async function findLoss(place: LossPlace): Promise<FoundLoss> {
  const { source, log, archive, report } = place
  const state = await report?.streamState(source)
  const holds = () => log.sources().find((one) => one.source === source)
  if (holds()) await proven(place, () => log.confirmHeld(source))
  const manifest = await archive.manifest(source)
  const missing = [...missingLines(manifest, holds(), state?.endOffset), ...beyondLog(place, state)]
  const blocks = (await archive.lostBlocks(source)).map(({ block, away }) => {
    const unproven = away.find(({ path }) => !isDeleted(place, path))
    if (unproven) throw new MillraceError('LOSS_UNPROVEN', { source, ...unproven })
    return { block, ...splitHeld(block, holds()) }
  })
  if (missing.length + blocks.length > 0)
    await prove(place, { manifest, state, needsLog: missing.length > 0 })
  if (missing.length > 0) await requireNoBlock(place, missing)
  const ranges: FoundRange[] = []
  for (const range of [...blocks.flatMap(({ lost }) => lost), ...missing])
    ranges.push({ ...range, ...(await around(place, manifest, range)) })
  return {
    ...{ source, ranges, blocks, lines: ranges.reduce((sum, range) => sum + linesOf(range), 0) },
    counted: (state?.metrics ?? []).flatMap(({ metric, startOffset, endOffset }) => {
      const lines = ranges.reduce(
        (sum, range) => sum + overlap(range, { fromOffset: startOffset, endOffset }),
        0,
      )
      return lines > 0 ? [{ metric, lines }] : []
    }),
  }
}

/** Which lines of a block its log still holds. */
function splitHeld({ firstOffset, endOffset }: Block, log: LogSource | undefined): Omit<FoundBlock, 'block'> {
  const whole = { fromOffset: firstOffset, endOffset }
  if (!log) return { lost: [whole], held: [] }
  const without = [{ fromOffset: 0, endOffset: log.startOffset }, ...(log.gone ?? [])]
  const lost = [...without, { fromOffset: log.endOffset, endOffset: Number.MAX_SAFE_INTEGER }].flatMap(
    (range) => {
      const fromOffset = Math.max(range.fromOffset, firstOffset)
      const end = Math.min(range.endOffset, endOffset)
      return fromOffset < end ? [{ fromOffset, endOffset: end }] : []
    },
  )
  const held: OffsetRange[] = []
  let next = firstOffset
  for (const { fromOffset, endOffset: end } of [...lost, { fromOffset: endOffset, endOffset }]) {
    if (next < fromOffset) held.push({ fromOffset: next, endOffset: fromOffset })
    next = end
  }
  return { lost, held }
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
  {
    manifest,
    state,
    needsLog,
  }: {
    readonly manifest: Manifest | undefined
    readonly state: StreamState | undefined
    readonly needsLog: boolean
  },
): Promise<void> {
  const { source, log, archive } = place
  // Nothing was ever archived where not even the report knows of an archive.
  const isNew = manifest === undefined && state !== undefined && state.archive === undefined
  for (const { place: path, isThere } of isNew ? [] : await archive.accounts(source)) {
    if (isThere || isDeleted(place, path)) continue
    throw new MillraceError('LOSS_UNPROVEN', { source, path, why: 'holds nothing of it' })
  }
  // Lines of a block may never have been in a log.
  if (needsLog || state?.incarnation)
    await proven(place, () => log.confirmHeld(source, state?.incarnation || undefined))
}

/** Where a newer manifest was removed, or an older one put back, blocks may lie there that hold the lines. */
async function requireNoBlock(place: LossPlace, missing: readonly OffsetRange[]): Promise<void> {
  const { source, archive } = place
  for (const { block, fault } of await archive.inspect(source)) {
    const range = fault === 'unnamed' ? offsetsInName(block) : undefined
    if (range && missing.some((one) => overlap(one, range) > 0))
      throw new MillraceError('LOSS_IN_BLOCK', { source, block })
  }
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

/** Of lines that cannot be read nothing is known. */
async function around(
  { source, log, archive }: LossPlace,
  manifest: Manifest | undefined,
  { fromOffset, endOffset }: OffsetRange,
): Promise<Pick<FoundRange, 'lineBeforeMs' | 'lineAfterMs'>> {
  const held = log.sources().find((one) => one.source === source)
  const observed = async (offset: number) => {
    if (held && offset >= held.startOffset && offset < held.endOffset)
      return (await log.read(source, offset, 1))[0]?.observedMs
    const block = manifest?.blocks.find((one) => one.firstOffset <= offset && offset < one.endOffset)
    const stampMs = block && (await archive.observedMs(source, block, offset).catch(() => undefined))
    return stampMs && observedAt(manifest?.clockRepairs ?? [], offset, stampMs)
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
