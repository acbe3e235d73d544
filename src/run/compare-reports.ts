/** Compares what two reports hold of a metric: digests of all rows, made where the rows are, then only what differs. */
import type { TotalsDifference } from '../core/compare-totals.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import { compareDigests } from '../core/tally-digest.ts'
import { compareValues, compareWindows, exactColumns, floatMeasures, type Sides } from './compare-windows.ts'

export interface ReportComparison {
  readonly cells: number
  /** Slice by slice. */
  readonly differences: AsyncIterable<TotalsDifference[]>
}

/** Rows of totals whose measures are in memory at a time, about. */
const SLICE_ROWS = 20_000

/** In a range whose totals fit into memory. */
export async function compareReports(
  sides: Sides,
  plan: MetricPlan,
  range: Required<TimeRange>,
): Promise<ReportComparison> {
  const { windows, rows, cells } = await findWindows(sides, plan, range)
  const differences = async function* () {
    for (const slice of joinWindows(windows, rows, plan.windowMs))
      yield await compareWindows(sides, plan, slice)
    yield await compareFloats(sides, plan, range, windows)
  }
  return { cells, differences: differences() }
}

/** Windows in which any tally differs, ascending, and the rows of totals that a window has. */
async function findWindows(sides: Sides, plan: MetricPlan, range: TimeRange) {
  const windows = new Set<number>()
  const rows = new Map<number, number>()
  for (const tally of plan.tallies) {
    const query = { plan, range, tally: tally.id, columns: exactColumns(tally), bySeries: false }
    const reported = await sides.reported.digest(query)
    if (!tally.key) for (const [place, ms] of reported.windowMs.entries()) rows.set(ms, reported.rows[place]!)
    for (const { windowMs } of compareDigests(reported, await sides.recomputed.digest(query)))
      windows.add(windowMs)
  }
  const cells = [...rows.values()].reduce((sum, count) => sum + count, 0) * plan.measures.length
  return { windows: [...windows].sort((a, b) => a - b), rows, cells }
}

/** Neighbours in one range, as long as their rows are few enough. */
function joinWindows(
  windows: readonly number[],
  rows: ReadonlyMap<number, number>,
  windowMs: number,
): Required<TimeRange>[] {
  const joined: { fromMs: number; toMs: number }[] = []
  let held = 0
  for (const fromMs of windows) {
    const last = joined.at(-1)
    held += rows.get(fromMs) ?? 0
    if (last?.toMs === fromMs && held <= SLICE_ROWS) {
      last.toMs = fromMs + windowMs
      continue
    }
    joined.push({ fromMs, toMs: fromMs + windowMs })
    held = rows.get(fromMs) ?? 0
  }
  return joined
}

/** Windows that differ were compared whole. */
async function compareFloats(
  sides: Sides,
  plan: MetricPlan,
  range: Required<TimeRange>,
  windows: readonly number[],
): Promise<TotalsDifference[]> {
  const measures = [...floatMeasures(plan)]
  if (measures.length === 0) return []
  const compared = new Set(windows)
  const found = await compareValues(sides, plan, range, measures)
  return found.filter(({ windowMs }) => !compared.has(windowMs))
}
