/** Metrics of a definition of which a report has no totals yet, though there are lines, or totals of an older version. */
import type { SourcePlan } from '../core/plan.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'

export interface MetricChange {
  readonly metric: string
  readonly source: string
  readonly kind: 'new' | 'changed'
  /** In the archive, which a backfill would read. */
  readonly lines: number
}

/** In the order of the plans. */
export async function findChanges(
  plans: readonly SourcePlan[],
  report: Pick<Report, 'metricState'>,
  archive: Pick<Archive, 'manifest'>,
): Promise<MetricChange[]> {
  const changes: MetricChange[] = []
  for (const { source, metrics } of plans) {
    const lines = (await archive.manifest(source))?.nextOffset ?? 0
    if (lines === 0) continue
    for (const { metric, version } of metrics) {
      const held = await report.metricState(metric, version)
      if (held?.version === version) continue
      changes.push({ metric, source, kind: held ? 'changed' : 'new', lines })
    }
  }
  return changes
}
