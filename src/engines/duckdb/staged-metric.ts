/** What is told of one metric once its partials are staged. */
import type { MetricPlan, Tally } from '../../core/plan.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { MetricCounts, RecordCounts } from './record-queries.ts'

export type StagedMetric = StagedSource['metrics'][number]

export function stagedName(place: number, tally: Tally): string {
  return `metric${place}-${tally.id}.parquet`
}

/** Lines of no use to any metric are rejected for each; `late` are lines by window, where late ones are told apart. */
export function stageMetric(
  metric: {
    readonly plan: MetricPlan
    readonly counts: MetricCounts
    readonly late: ReadonlyMap<number, number> | undefined
  },
  source: Pick<RecordCounts, 'headers' | 'rejected'>,
  tallies: StagedMetric['tallies'],
): StagedMetric {
  const { plan, counts } = metric
  const late = metric.late && [...metric.late].map(([windowMs, lines]) => ({ windowMs, lines }))
  late?.sort((a, b) => a.windowMs - b.windowMs)
  return {
    ...{ metric: plan.metric, counted: counts.counted },
    filtered: counts.filtered + source.headers,
    rejected: counts.rejected + source.rejected,
    ...(late && { late }),
    ...(counts.outside > 0 && { outside: counts.outside }),
    tallies,
  }
}
