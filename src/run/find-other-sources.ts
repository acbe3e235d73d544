/** Totals that were counted from another source than the definition names now: a whole run would take their place. */
import type { SourcePlan } from '../core/plan.ts'
import type { HeldMetric, Report } from '../ports/report.ts'

export interface OtherSource extends Pick<HeldMetric, 'metric' | 'version'> {
  /** Of the definition. */
  readonly source: string
  /** Which the totals are of. */
  readonly held: string
}

/** In the order of the plans. */
export async function findOtherSources(
  plans: readonly SourcePlan[],
  report: Pick<Report, 'heldMetrics'>,
): Promise<OtherSource[]> {
  const held = (await report.heldMetrics()).filter(({ hasTotals }) => hasTotals)
  return plans.flatMap(({ source, metrics }) =>
    metrics.flatMap(({ metric }) =>
      held
        .filter((one) => one.metric === metric && one.source !== source)
        .map(({ version, source: other }) => ({ metric, version, source, held: other })),
    ),
  )
}
