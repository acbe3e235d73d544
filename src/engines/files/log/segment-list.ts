/** The segments of one source: which offsets each holds, and where in its file a batch begins. */
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { digits } from '../../../archive/block-name.ts'
import { MillraceError } from '../../../core/error.ts'
import { BATCH_HEADER_BYTES, batchBytes, SEGMENT_HEADER_BYTES, type SegmentFormat } from './batch-format.ts'

const NAME = /^(\d{16})\.log$/

export interface BatchPlace {
  readonly firstOffset: number
  readonly position: number
}

export interface Segment {
  readonly path: string
  readonly firstOffset: number
  /** Known of the last one. */
  readonly format?: SegmentFormat
  /** Of its durable part; grows while it is the last one. */
  bytes: number
  endOffset: number
  /** When its first lines came. */
  startedMs: number
  lastObservedMs: number
  /** Undefined until it is needed, for a segment that an earlier process closed. */
  places: BatchPlace[] | undefined
}

export function segmentPath(folder: string, firstOffset: number): string {
  return join(folder, `${digits(firstOffset)}.log`)
}

/** First offsets and paths of the segments in a folder, ascending. */
export async function listSegments(folder: string): Promise<{ firstOffset: number; path: string }[]> {
  const found = (await readdir(folder)).flatMap((name) => {
    const digits = NAME.exec(name)?.[1]
    return digits === undefined ? [] : [{ firstOffset: Number(digits), path: join(folder, name) }]
  })
  return found.sort((a, b) => a.firstOffset - b.firstOffset)
}

/** Hops from header to header. Errors: LOG_DAMAGED. */
export async function findPlaces({ path, bytes }: Pick<Segment, 'path' | 'bytes'>): Promise<BatchPlace[]> {
  const file = await open(path, 'r')
  try {
    const places: BatchPlace[] = []
    for (let position = SEGMENT_HEADER_BYTES; position < bytes; ) {
      const header = await readHeader(file, path, position)
      places.push({ firstOffset: Number(header.readBigUInt64LE(16)), position })
      position += batchBytes(header, 0)!
    }
    return places
  } finally {
    await file.close()
  }
}

async function readHeader(file: FileHandle, path: string, position: number): Promise<Buffer> {
  const header = Buffer.alloc(BATCH_HEADER_BYTES)
  const { bytesRead } = await file.read(header, 0, header.length, position)
  if (bytesRead === header.length && batchBytes(header, 0) !== undefined) return header
  throw new MillraceError('LOG_DAMAGED', { path, position })
}

/** The place in the list of the last batch that begins at or before the offset. */
export function placeOf(places: readonly BatchPlace[], offset: number): number {
  let [low, high] = [0, places.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (places[middle]!.firstOffset <= offset) low = middle
    else high = middle - 1
  }
  return low
}
