/** Windows that wait for a run, noted as ranges: few rows however many windows there are. */
import type { TimeRange } from './run-record.ts'

/** Lines that wait in `[fromMs, toMs)`, all of them seen below `endOffset`. */
export interface NotedRange extends Required<TimeRange> {
  readonly lines: number
  readonly endOffset: number
}

interface WindowLines {
  readonly windowMs: number
  readonly lines: number
}

/** Of a version of a metric; beyond it those that lie nearest to one another are joined, the oldest notes first. */
export const MOST_RANGES = 1000

/** Ascending and disjoint. */
export function rangesOfWindows(
  windows: readonly WindowLines[],
  widthMs: number,
  endOffset: number,
): NotedRange[] {
  const single = windows.map(({ windowMs, lines }) => {
    return { fromMs: windowMs, toMs: windowMs + widthMs, lines, endOffset }
  })
  return joinTouching(single)
}

/** Notes of the same offset stay disjoint; those of different ones need not be, so that a run takes away what it counted. */
export function limitRanges(ranges: readonly NotedRange[], most = MOST_RANGES): NotedRange[] {
  let offsets = [...new Set(ranges.map(({ endOffset }) => endOffset))].sort((a, b) => a - b)
  let held = [...ranges]
  while (held.length > most && offsets.length > 1) {
    const [oldest, next] = offsets as [number, number]
    const older = held.filter(({ endOffset }) => endOffset <= next)
    const newer = held.filter(({ endOffset }) => endOffset > next)
    held = [...joinTouching(older.map((one) => ({ ...one, endOffset: next }))), ...newer]
    offsets = offsets.filter((one) => one !== oldest)
  }
  return held.length > most ? joinNearest(held, most) : held
}

/** What still waits once all below `cut` was counted in `counted`. Lines of a range of which a part is left are shared out. */
export function withoutCounted(
  { fromMs, toMs, lines, endOffset }: NotedRange,
  counted: TimeRange,
  cut: number,
): NotedRange[] {
  const note = { fromMs, toMs, lines, endOffset }
  const [start, end] = [counted.fromMs ?? Number.NEGATIVE_INFINITY, counted.toMs ?? Number.POSITIVE_INFINITY]
  if (endOffset > cut || end <= fromMs || start >= toMs) return [note]
  const left = [
    { fromMs, toMs: Math.min(start, toMs) },
    { fromMs: Math.max(end, fromMs), toMs },
  ]
  return left
    .filter((part) => part.fromMs < part.toMs)
    .map((part) => {
      const share = (part.toMs - part.fromMs) / (toMs - fromMs)
      return { ...note, ...part, lines: Math.round(lines * share) }
    })
}

/** Disjoint and ascending, those that overlap or touch as one. */
function joinTouching(ranges: readonly NotedRange[]): NotedRange[] {
  return joinWhere(ranges, (range, last) => range.fromMs <= last.toMs)
}

function joinWhere(
  ranges: readonly NotedRange[],
  isOne: (range: NotedRange, last: NotedRange, place: number) => boolean,
): NotedRange[] {
  const joined: { -readonly [Key in keyof NotedRange]: NotedRange[Key] }[] = []
  for (const [place, range] of [...ranges].sort((a, b) => a.fromMs - b.fromMs).entries()) {
    const last = joined.at(-1)
    if (last && isOne(range, last, place)) {
      last.toMs = Math.max(last.toMs, range.toMs)
      last.lines += range.lines
      last.endOffset = Math.max(last.endOffset, range.endOffset)
    } else joined.push({ ...range })
  }
  return joined
}

/** The widest gaps stay. */
function joinNearest(ranges: readonly NotedRange[], most: number): NotedRange[] {
  const disjoint = joinTouching(ranges)
  const gaps = disjoint.slice(1).map((range, place) => ({ place, ms: range.fromMs - disjoint[place]!.toMs }))
  const kept = new Set(
    gaps
      .sort((a, b) => b.ms - a.ms)
      .slice(0, most - 1)
      .map(({ place }) => place),
  )
  return joinWhere(disjoint, (_range, _last, place) => !kept.has(place - 1))
}
