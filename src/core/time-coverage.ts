/** Unions of half-open time ranges. */
import type { TimeRange } from './run-record.ts'

/** Adds a range: ascending and disjoint ranges come back, those that touch joined to one. */
export function addRange(ranges: readonly TimeRange[], added: TimeRange): TimeRange[] {
  const sorted = [...ranges, added].sort((a, b) => compareStart(fromOf(a), fromOf(b)))
  const joined: TimeRange[] = []
  for (const range of sorted) {
    const last = joined.at(-1)
    if (last && fromOf(range) <= toOf(last))
      joined[joined.length - 1] = makeRange(fromOf(last), Math.max(toOf(last), toOf(range)))
    else joined.push(range)
  }
  return joined
}

/** True when one of the ranges holds all of `wanted`. */
export function coversRange(ranges: readonly TimeRange[], wanted: TimeRange): boolean {
  return ranges.some((range) => fromOf(range) <= fromOf(wanted) && toOf(range) >= toOf(wanted))
}

/** Undefined where they have no time in common. */
export function intersectRanges(a: TimeRange, b: TimeRange): TimeRange | undefined {
  const [from, to] = [Math.max(fromOf(a), fromOf(b)), Math.min(toOf(a), toOf(b))]
  return from < to ? makeRange(from, to) : undefined
}

export function isWholeRange({ fromMs, toMs }: TimeRange): boolean {
  return fromMs === undefined && toMs === undefined
}

function fromOf({ fromMs }: TimeRange): number {
  return fromMs ?? Number.NEGATIVE_INFINITY
}

function toOf({ toMs }: TimeRange): number {
  return toMs ?? Number.POSITIVE_INFINITY
}

/** Not a difference: two open starts would give NaN. */
function compareStart(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function makeRange(fromMs: number, toMs: number): TimeRange {
  return { ...(Number.isFinite(fromMs) && { fromMs }), ...(Number.isFinite(toMs) && { toMs }) }
}
