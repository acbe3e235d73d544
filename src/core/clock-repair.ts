/** Observed times that take the place of those that a wrong clock stamped: by offset, and no block is rewritten. */

/**
 * Lines of `[fromOffset, endOffset)` were observed `shiftMs` later than their stamps say, but not before `leastMs`, nor
 * after `mostMs`.
 */
export interface ClockRepair {
  readonly fromOffset: number
  readonly endOffset: number
  readonly shiftMs: number
  readonly leastMs: number
  readonly mostMs: number
}

/** When the line at the offset was observed, by its stamp and the repairs of its source. */
export function observedAt(repairs: readonly ClockRepair[], offset: number, stampMs: number): number {
  const repair = repairs.find((one) => one.fromOffset <= offset && offset < one.endOffset)
  return repair ? applyTo(repair, stampMs) : stampMs
}

/**
 * Adds one that was worked out from the times as the others make them. They stay ascending and disjoint: where it meets
 * another, the two become one.
 */
export function addRepair(repairs: readonly ClockRepair[], added: ClockRepair): ClockRepair[] {
  const result: ClockRepair[] = []
  let next = added.fromOffset
  const fill = (toOffset: number) => {
    const endOffset = Math.min(toOffset, added.endOffset)
    if (next < endOffset) result.push({ ...added, fromOffset: next, endOffset })
    next = Math.max(next, endOffset)
  }
  for (const old of repairs) {
    if (old.endOffset <= added.fromOffset) {
      result.push(old)
      continue
    }
    fill(old.fromOffset)
    const [from, end] = [old.fromOffset, old.endOffset]
    const [start, stop] = [Math.max(from, added.fromOffset), Math.min(end, added.endOffset)]
    if (from < start) result.push({ ...old, endOffset: Math.min(start, end) })
    if (start < stop) result.push({ ...composed(old, added), fromOffset: start, endOffset: stop })
    if (stop < end) result.push({ ...old, fromOffset: Math.max(stop, from) })
    next = Math.max(next, stop)
  }
  fill(added.endOffset)
  return result.sort((a, b) => a.fromOffset - b.fromOffset)
}

/** The first, then the second. */
function composed(first: ClockRepair, second: ClockRepair): ClockRepair {
  return {
    ...second,
    shiftMs: first.shiftMs + second.shiftMs,
    leastMs: applyTo(second, first.leastMs),
    mostMs: applyTo(second, first.mostMs),
  }
}

function applyTo({ shiftMs, leastMs, mostMs }: ClockRepair, ms: number): number {
  return Math.min(Math.max(ms + shiftMs, leastMs), mostMs)
}
