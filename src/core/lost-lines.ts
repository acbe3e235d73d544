/** Lines that are lost: their bytes left the log before the archive had them. By offset, since nothing else is known of them. */

/** Offsets from the first on, before the end. */
export interface OffsetRange {
  readonly fromOffset: number
  readonly endOffset: number
}

/** Somebody accepted that these lines are lost. The fact stands even if their bytes turn up again. */
export interface LostLines extends OffsetRange {
  readonly acceptedMs: number
  /** The user and the machine, as `name@host`. */
  readonly acceptedBy: string
  /** When the line before them was observed, and the line after them, where anybody knew. */
  readonly lineBeforeMs?: number
  readonly lineAfterMs?: number
  /** The log that they came through, as the report knew it; absent where it knew none. */
  readonly log?: string
}

/** How many of the offsets are lost. */
export function countLost(
  lost: readonly OffsetRange[] | undefined,
  { fromOffset, endOffset }: OffsetRange,
): number {
  return (lost ?? []).reduce((sum, range) => {
    const [from, end] = [Math.max(range.fromOffset, fromOffset), Math.min(range.endOffset, endOffset)]
    return sum + Math.max(end - from, 0)
  }, 0)
}

/** The range that holds the offset. */
export function findRange<Range extends OffsetRange>(
  ranges: readonly Range[] | undefined,
  offset: number,
): Range | undefined {
  return ranges?.find(({ fromOffset, endOffset }) => fromOffset <= offset && offset < endOffset)
}

/** The first of the ascending, disjoint ranges that begins at the offset or later. */
export function nextRange<Range extends OffsetRange>(
  ranges: readonly Range[] | undefined,
  offset: number,
): Range | undefined {
  return ranges?.find(({ fromOffset }) => fromOffset >= offset)
}
