/** What the totals of a metric lack by the report's own account, told to whoever gets them. */
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import { coversRange } from '../core/time-coverage.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { MetricState } from '../ports/report.ts'

/** A sentence for each thing that there is to tell. */
export function warnTotals(state: MetricState, range: TimeRange, current: MetricPlan): string[] {
  if (state.version !== current.version) return warnOld(state, current)
  return [...warnMissing(state, range), ...warnProvisional(state, range)]
}

function warnOld({ metric, version }: MetricState, current: MetricPlan): string[] {
  return [
    `These totals of ${metric} were computed for version ${version} of its definition, which is now ${current.version}.`,
  ]
}

/** Before the first line nothing is final, and there is nothing to tell. */
function warnProvisional(
  { metric, finalBeforeMs, lastWindowMs }: MetricState,
  { toMs }: TimeRange,
): string[] {
  const end = Math.min(lastWindowMs ?? Number.NEGATIVE_INFINITY, (toMs ?? Number.POSITIVE_INFINITY) - 1)
  if (finalBeforeMs === undefined || end < finalBeforeMs) return []
  return [
    `Windows of ${metric} from ${formatInstant(finalBeforeMs)} on are provisional: lines that come now still count in them.`,
  ]
}

function warnMissing({ metric, version, versions, coverage }: MetricState, range: TimeRange): string[] {
  if (coversRange(coverage, range)) return []
  const computed = coverage.map(printRange).join('; ')
  const older = versions.find((one) => one !== version)
  const old =
    older === undefined ? '' : ` \`--definition-version ${older}\` reads totals of an older definition.`
  return [
    `Of metric ${metric} only these ranges were computed: ${computed}. Other windows are missing here. Run \`millrace batch\` without --from and --to to compute them all.${old}`,
  ]
}

function printRange({ fromMs, toMs }: TimeRange): string {
  const from = fromMs === undefined ? 'the beginning' : formatInstant(fromMs)
  return `${from} to ${toMs === undefined ? 'the end' : formatInstant(toMs)}`
}
