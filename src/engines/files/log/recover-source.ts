/** Opens the log of one source: cuts what a crash left unfinished, and finds the keys and the places of batches. */
import { stat } from 'node:fs/promises'
import type { Clocks } from '../../../core/observed-clock.ts'
import type { DiskReserve } from '../../../log/disk-reserve.ts'
import type { KeyIndex } from '../../../log/key-index.ts'
import type { AppendFile, LogDisk } from '../../../log/log-disk.ts'
import { printSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './batch-format.ts'
import { readKeys } from './keys-file.ts'
import type { RecentBatches } from './recent-batches.ts'
import { type RecoveredSegment, recoverSegment } from './recover-segment.ts'
import { listSegments, type Segment, segmentPath } from './segment-list.ts'

export interface SourceLogOptions {
  readonly source: string
  readonly folder: string
  readonly disk: LogDisk
  readonly clocks: Clocks
  readonly segmentBytes: number
  readonly recent: RecentBatches
  /** Of the drive that the logs of all sources share. */
  readonly reserve: DiskReserve
}

/** Undefined when nothing in it counts. Errors: LOG_DAMAGED. */
export async function endOfSegment(path: string): Promise<number | undefined> {
  const segment = await recoverSegment(path)
  const last = segment?.batches.at(-1)
  return last ? last.firstOffset + last.lines : segment?.header.firstOffset
}

/** A source's log as a crash may have left it, ready to be appended to. */
export interface Opened {
  readonly incarnation: string
  readonly file: AppendFile
  readonly segments: Segment[]
  readonly keys: KeyIndex
  /** There is a file of keys. */
  readonly hasKeys: boolean
  /** The greatest time that was stamped or promised. */
  readonly floorMs: number
  readonly tornBytes: number
}

/** Durable, name and header, when it resolves. */
export async function createSegment(
  { disk, folder }: SourceLogOptions,
  header: SegmentHeader,
): Promise<{ file: AppendFile; segment: Segment }> {
  const { firstOffset, observedMs: lastObservedMs } = header
  const path = segmentPath(folder, firstOffset)
  const file = await disk.openAppend(path, 0)
  try {
    await file.append([printSegmentHeader(header)])
    await file.sync()
    await disk.syncFolder(folder)
  } catch (error) {
    await file.close().catch(() => {})
    throw error
  }
  const segment = {
    ...{ path, firstOffset, endOffset: firstOffset, startedMs: lastObservedMs, lastObservedMs },
    ...{ format: 2 as const, bytes: SEGMENT_HEADER_BYTES, places: [] },
  }
  return { file, segment }
}

/** Undefined where nothing was ever acked. Errors: LOG_DAMAGED, LOG_KEYS_DAMAGED. */
export async function recoverSource(options: SourceLogOptions): Promise<Opened | undefined> {
  const { disk, folder } = options
  const found = await listSegments(folder)
  let last: RecoveredSegment | undefined
  while (found.length > 0) {
    last = await recoverSegment(found.at(-1)!.path)
    if (last) break
    // A crash came between making it and the first sync of it.
    await disk.remove(found.pop()!.path)
    await disk.syncFolder(folder)
  }
  if (!last) return undefined
  const { header, batches, length, lastGroup, tornBytes } = last
  const segments = await describeSegments(found, last)
  const { keys, isThere: hasKeys } = await readKeys(options.source, folder, header)
  for (const { idempotency, firstOffset, lines, observedMs } of batches) {
    if (!idempotency) continue
    keys.add(idempotency, { firstOffset, endOffset: firstOffset + lines, observedMs, isDuplicate: false })
  }
  const file = await disk.openAppend(segments.at(-1)!.path, length)
  // After a failed sync the system may hold bytes as clean that never reached the disk: a new write makes them count.
  await disk.rewrite(segments.at(-1)!.path, length - lastGroup.length, lastGroup)
  // The cut must last before anything is written behind it, and so must what was sound but perhaps not yet synced.
  await file.sync()
  const { lastObservedMs: floorMs } = segments.at(-1)!
  return { incarnation: header.incarnation, file, segments, keys, hasKeys, floorMs, tornBytes }
}

async function describeSegments(
  found: readonly { firstOffset: number; path: string }[],
  { header, batches, length }: RecoveredSegment,
): Promise<Segment[]> {
  const segments: Segment[] = []
  for (const [index, { path, firstOffset }] of found.slice(0, -1).entries()) {
    const endOffset = found[index + 1]!.firstOffset
    const { size: bytes } = await stat(path)
    segments.push({ path, firstOffset, endOffset, bytes, startedMs: 0, lastObservedMs: 0, places: undefined })
  }
  const last = batches.at(-1)
  const { path, firstOffset } = found.at(-1)!
  segments.push({
    ...{ path, firstOffset, format: header.format, bytes: length },
    endOffset: last ? last.firstOffset + last.lines : firstOffset,
    startedMs: batches[0]?.observedMs ?? header.observedMs,
    lastObservedMs: last?.observedMs ?? header.observedMs,
    places: batches.map(({ firstOffset, position }) => ({ firstOffset, position })),
  })
  return segments
}
