/** The use case that finds the lines which a wrong clock stamped, and works out when they were observed instead. */
import type { Manifest } from '../core/block.ts'
import { addRepair, type ClockRepair, observedAt } from '../core/clock-repair.ts'
import { MillraceError } from '../core/error.ts'
import { CLOCK_LIMIT_MS, REST_LIMIT_MS } from '../core/observed-clock.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { Archive, ClockFacts, StampQuery, StampRun } from '../ports/archive.ts'

/** Which lines; without any of these, the ones that are stamped ahead of the present time. */
export interface ClockChoice {
  /** The lines before the last time that the stamps jump ahead by more than a source may rest. */
  readonly isBehind?: boolean
  readonly fromOffset?: number
  /** After the last line. */
  readonly endOffset?: number
  /** When the last of the lines was observed. */
  readonly observedMs?: number
}

export interface ClockRepairJob {
  readonly source: string
  readonly archive: Archive
  readonly choice: ClockChoice
  readStamps(blockPath: string, query: StampQuery): Promise<StampRun[]>
  now(): number
}

/** Lines that follow one another, when they were observed as it is said now, and as it will be. */
export interface RepairedRange {
  readonly fromOffset: number
  readonly endOffset: number
  readonly firstMs: number
  readonly lastMs: number
  readonly newFirstMs: number
  readonly newLastMs: number
}

export interface ClockPlan {
  /** Ascending and disjoint; none where the clock was never wrong. */
  readonly ranges: readonly RepairedRange[]
  /** With the repairs added to those that were made before; the source is then to be counted again. */
  readonly facts: ClockFacts
}

/**
 * The lines of a range keep their distances in time. The last of them is moved to the time that was chosen, else to that
 * of the line after the range, else to the present; none is moved before the line that precedes the range. Errors:
 * CLOCK_NO_LINES, CLOCK_BAD_TIME.
 */
export async function planClockRepair(job: ClockRepairJob): Promise<ClockPlan> {
  const { source, archive, choice } = job
  const manifest = await archive.manifest(source)
  if (!manifest) throw new MillraceError('CLOCK_NO_LINES', { source })
  const nowMs = job.now()
  const runs = await readRuns(job, manifest, nowMs + CLOCK_LIMIT_MS)
  const repairs = findRanges(runs, choice, nowMs).map(([start, stop]) => {
    return repairOf(source, runs, { start, stop }, { ...choice, nowMs })
  })
  const ranges = repairs.map(({ range }) => range)
  return { ranges, facts: factsOf(manifest, runs, repairs) }
}

async function readRuns(
  { source, archive, choice, readStamps }: ClockRepairJob,
  { blocks, clockRepairs }: Manifest,
  splitMs: number,
): Promise<StampRun[]> {
  const splitOffsets = [choice.fromOffset, choice.endOffset].filter((offset) => offset !== undefined)
  const query = { splitMs, splitOffsets, ...(clockRepairs && { clockRepairs }) }
  const runs: StampRun[] = []
  for (const block of blocks)
    for (const run of await readStamps(await archive.verifiedPath(source, block), query)) runs.push(run)
  return runs
}

/** Places of runs, the second one after the last. */
function findRanges(runs: readonly StampRun[], choice: ClockChoice, nowMs: number): [number, number][] {
  const { fromOffset, endOffset, isBehind } = choice
  if (fromOffset !== undefined || endOffset !== undefined) {
    const start = runs.findIndex((run) => run.firstOffset >= (fromOffset ?? 0))
    const stop = runs.findLastIndex((run) => run.endOffset <= (endOffset ?? Number.POSITIVE_INFINITY)) + 1
    return start >= 0 && start < stop ? [[start, stop]] : []
  }
  if (isBehind) {
    const nextMs = (place: number) => runs[place + 1]?.firstMs ?? nowMs
    const last = runs.findLastIndex(({ lastMs }, place) => nextMs(place) - lastMs > REST_LIMIT_MS)
    return last < 0 ? [] : [[0, last + 1]]
  }
  const ranges: [number, number][] = []
  for (const [place, { firstMs }] of runs.entries()) {
    if (firstMs <= nowMs + CLOCK_LIMIT_MS) continue
    const open = ranges.at(-1)
    if (open?.[1] === place) open[1] = place + 1
    else ranges.push([place, place + 1])
  }
  return ranges
}

interface FoundRepair {
  readonly range: RepairedRange
  readonly repair: ClockRepair
}

function repairOf(
  source: string,
  runs: readonly StampRun[],
  { start, stop }: { readonly start: number; readonly stop: number },
  { observedMs, nowMs }: ClockChoice & { readonly nowMs: number },
): FoundRepair {
  const [first, last] = [runs[start]!, runs[stop - 1]!]
  const leastMs = runs[start - 1]?.lastMs ?? 0
  const afterMs = runs[stop]?.firstMs
  const latestMs = afterMs ?? nowMs + CLOCK_LIMIT_MS
  if (observedMs !== undefined && (observedMs < leastMs || observedMs > latestMs)) {
    const [time, least, latest] = [observedMs, leastMs, latestMs].map(formatInstant) as [
      string,
      string,
      string,
    ]
    throw new MillraceError('CLOCK_BAD_TIME', { source, time, least, latest })
  }
  const mostMs = Math.max(observedMs ?? afterMs ?? nowMs, leastMs)
  const bounds = { fromOffset: first.firstOffset, endOffset: last.endOffset }
  const repair = { ...bounds, shiftMs: mostMs - last.lastMs, leastMs, mostMs }
  const [newFirstMs, newLastMs] = [first.firstMs, last.lastMs].map((ms) => {
    return observedAt([repair], bounds.fromOffset, ms)
  }) as [number, number]
  return { repair, range: { ...bounds, firstMs: first.firstMs, lastMs: last.lastMs, newFirstMs, newLastMs } }
}

function factsOf(
  { clockRepairs = [], nextOffset }: Manifest,
  runs: readonly StampRun[],
  found: readonly FoundRepair[],
): ClockFacts {
  const added = found.map(({ repair }) => repair)
  const newOf = ({ firstOffset }: StampRun, ms: number) => observedAt(added, firstOffset, ms)
  let lastObservedMs = 0
  for (const run of runs) lastObservedMs = Math.max(lastObservedMs, newOf(run, run.lastMs))
  return {
    ...(runs[0] && { firstObservedMs: newOf(runs[0], runs[0].firstMs) }),
    ...{ lastObservedMs, clockRepairedTo: nextOffset },
    ...(added.length > 0 && { clockRepairs: added.reduce<ClockRepair[]>(addRepair, [...clockRepairs]) }),
  }
}
