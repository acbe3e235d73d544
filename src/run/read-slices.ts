/** All totals of a metric at their own window, a slice of windows at a time, so that memory stays flat. */
import { finishTotals } from '../core/finish-totals.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { ResultTable } from '../core/result-table.ts'
import type { TimeRange } from '../core/run-record.ts'
import type { Report } from '../ports/report.ts'
import { type SelectionRequest, selectTotals } from './select-totals.ts'

/** Rows that are in memory at a time, about. */
const SLICE_ROWS = 50_000

/** At least one table, perhaps without rows: it tells the columns. */
export async function* readSlices(report: Report, plan: MetricPlan): AsyncGenerator<ResultTable> {
  const ranges = await report.windowRanges({ plan, range: {}, parts: { rows: SLICE_ROWS } })
  const none = { fromMs: 0, toMs: plan.windowMs }
  for (const range of ranges.length > 0 ? ranges : [none]) yield await readSlice(report, plan, range)
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
