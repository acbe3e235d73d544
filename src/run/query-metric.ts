/** The use case of a query: names and texts → merged totals → a finished table, with warnings where data is missing. */
import { compileWhere } from '../compile/compile-where.ts'
import type { Digest } from '../compile/metric-version.ts'
import type { Definition } from '../core/definition.ts'
import { formatDuration } from '../core/duration.ts'
import { MillraceError } from '../core/error.ts'
import { finishTotals } from '../core/finish-totals.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { ResultTable } from '../core/result-table.ts'
import type { TimeRange } from '../core/run-record.ts'
import { planStep, type StepRequest, sparseGapMs } from '../core/step.ts'
import { type StepRule, stepStart } from '../core/step-rule.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { MetricState, Report } from '../ports/report.ts'
import { findPlan, findVersion, requireTotals } from './find-totals.ts'
import { type SelectionRequest, selectTotals } from './select-totals.ts'
import { warnTotals } from './warn-totals.ts'

export interface QueryRequest extends SelectionRequest {
  readonly metric: string
  /** On window starts, `[fromMs, toMs)`. */
  readonly range: TimeRange
  /** The metric's window when absent. */
  readonly step?: string
  readonly timezone?: string
  /** A condition on dimensions. */
  readonly where?: string
  /** Of the metric's definition whose totals are read; that of the definition as it is now when absent. */
  readonly version?: string
}

export interface QueryJob {
  readonly definition: Definition
  digest: Digest
  /** Opened once the request is known to be sound, and closed before the answer is given. */
  openReport(): Promise<Report>
}

export interface QueryAnswer {
  readonly version: string
  readonly revision: number
  readonly table: ResultTable
  readonly warnings: readonly string[]
}

/** Errors: QUERY_*, STEP_*, METRIC_*, REPORT_*. */
export async function queryMetric(job: QueryJob, request: QueryRequest): Promise<QueryAnswer> {
  const current = findPlan(job.definition, request.metric, job.digest)
  checkRange(request.range)
  // What can be refused without the report is.
  const asked = request.version === undefined ? ask(current, request) : undefined
  const report = await job.openReport()
  try {
    const { metric, version = current.version } = request
    const state = asked ? await requireTotals(report, current) : await findVersion(report, metric, version)
    const { plan, selection, where } =
      asked ?? ask(version === current.version ? current : state.plan, request)
    const range = onWindows(request.range, plan.windowMs)
    const steps = { ...request, windowMs: plan.windowMs, range: windowsHeld(plan, state, range) }
    const step = planStep(await withHeld(steps, plan, report))
    const totals = await report.query({
      ...{ plan, range, step },
      by: selection.by.map(({ name }) => name),
      measures: selection.sources.map(({ measure }) => measure.name),
      quantiles: selection.ranks,
      ...(where && { where }),
    })
    const table = finishTotals(plan, totals, selection)
    return {
      version: state.version,
      revision: state.revision,
      table,
      warnings: [
        ...warnTotals(state, request.range, current),
        ...warnEmpty(request.range, plan.windowMs),
        ...warnCut(step, range, windowsHeld(plan, state, {})),
      ],
    }
  } finally {
    await report.close()
  }
}

function ask(plan: MetricPlan, request: QueryRequest) {
  const where = request.where === undefined ? undefined : compileWhere(request.where, plan)
  return { plan, selection: selectTotals(plan, request), where }
}

function checkRange({ fromMs, toMs }: TimeRange): void {
  if (fromMs === undefined || toMs === undefined || fromMs < toMs) return
  throw new MillraceError('QUERY_BAD_RANGE', { from: formatInstant(fromMs), to: formatInstant(toMs) })
}

/** Ends on starts of windows, which hold the same ones. */
function onWindows({ fromMs, toMs }: TimeRange, windowMs: number): TimeRange {
  const up = (ms: number) => Math.ceil(ms / windowMs) * windowMs
  return {
    ...(fromMs !== undefined && { fromMs: up(fromMs) }),
    ...(toMs !== undefined && { toMs: up(toMs) }),
  }
}

/** Steps are planned only where there are totals: a range may be open, or far wider than what was computed. */
function windowsHeld({ windowMs }: MetricPlan, state: MetricState, range: TimeRange) {
  const first = state.firstWindowMs ?? 0
  const end = (state.lastWindowMs ?? 0) + windowMs
  const fromMs = Math.min(Math.max(first, range.fromMs ?? first), end)
  return { fromMs, toMs: Math.max(fromMs, Math.min(end, range.toMs ?? end)) }
}

/** A line of a time far away makes the range wide, and its steps mostly empty. */
async function withHeld(request: StepRequest, plan: MetricPlan, report: Report): Promise<StepRequest> {
  const gapMs = sparseGapMs(request)
  if (gapMs === undefined) return request
  return { ...request, held: await report.windowRanges({ plan, range: request.range, parts: { gapMs } }) }
}

function warnEmpty(range: TimeRange, windowMs: number): string[] {
  const { fromMs, toMs } = onWindows(range, windowMs)
  if (fromMs === undefined || toMs === undefined || fromMs < toMs) return []
  return [
    `No window begins from ${formatInstant(range.fromMs!)} to ${formatInstant(range.toMs!)}: the metric counts in windows of ${formatDuration(windowMs)}.`,
  ]
}

/** Steps of which the range leaves out windows that have totals. */
function warnCut(step: StepRule, { fromMs, toMs }: TimeRange, held: Required<TimeRange>): string[] {
  const cut = (ms: number | undefined, does: string) => {
    if (ms === undefined || ms <= held.fromMs || ms >= held.toMs || stepStart(step, ms) === ms) return []
    const start = formatInstant(stepStart(step, ms))
    return [
      `The range ${does} at ${formatInstant(ms)}, inside the step from ${start}, of which only windows that begin within the range are counted.`,
    ]
  }
  return [...cut(fromMs, 'begins'), ...cut(toMs, 'ends')]
}
