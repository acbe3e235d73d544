/** All totals of a metric at their own window, a slice of windows at a time, so that memory stays flat. */
import { greatestOf, leastOf } from '../core/extremes.ts'
import { finishTotals } from '../core/finish-totals.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { ResultTable } from '../core/result-table.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { MetricState, Report } from '../ports/report.ts'
import { type SelectionRequest, selectTotals } from './select-totals.ts'

/** Rows that are in memory at a time, about. */
const SLICE_ROWS = 50_000
const FIRST_SLICE_WINDOWS = 100

/** At least one table, perhaps without rows: it tells the columns. */
export async function* readSlices(
  report: Report,
  plan: MetricPlan,
  state: MetricState,
): AsyncGenerator<ResultTable> {
  let isFirst = true
  for await (const { table } of slicesOf(report, plan, heldRange(plan, [state]))) {
    if (table.rows > 0 || isFirst) yield table
    isFirst = false
  }
}

/** Every slice of the range with its table, empty ones too. Slices grow and shrink with the rows they hold. */
export async function* slicesOf(
  report: Report,
  plan: MetricPlan,
  range: Required<TimeRange>,
  request: SelectionRequest = {},
): AsyncGenerator<{ range: Required<TimeRange>; table: ResultTable }> {
  let windows = FIRST_SLICE_WINDOWS
  for (let { fromMs } = range; fromMs < range.toMs; ) {
    const toMs = Math.min(fromMs + windows * plan.windowMs, range.toMs)
    const table = await readSlice(report, plan, { fromMs, toMs }, request)
    yield { range: { fromMs, toMs }, table }
    if (table.rows > SLICE_ROWS && windows > 1) windows = Math.max(1, Math.floor(windows / 2))
    else if (table.rows < SLICE_ROWS / 2) windows *= 2
    fromMs = toMs
  }
}

/** From the first window that any of the states holds to the end of the last; one window where there is none. */
export function heldRange({ windowMs }: MetricPlan, states: readonly MetricState[]): Required<TimeRange> {
  const present = (values: readonly (number | null)[]) => values.filter((value) => value !== null)
  const firsts = present(states.map(({ firstWindowMs }) => firstWindowMs))
  const lasts = present(states.map(({ lastWindowMs }) => lastWindowMs))
  if (firsts.length === 0) return { fromMs: 0, toMs: windowMs }
  return { fromMs: leastOf(firsts), toMs: greatestOf(lasts) + windowMs }
}

/** One slice, finished. */
export async function readSlice(
  report: Report,
  plan: MetricPlan,
  range: TimeRange,
  request: SelectionRequest = {},
): Promise<ResultTable> {
  const selection = selectTotals(plan, request)
  const totals = await report.query({
    plan,
    range,
    step: { kind: 'fixed', stepMs: plan.windowMs },
    by: plan.dimensions.map(({ name }) => name),
    measures: selection.sources.map(({ measure }) => measure.name),
    quantiles: selection.ranks,
  })
  return finishTotals(plan, totals, selection)
}
