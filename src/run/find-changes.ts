/** Metrics of a definition of which a report has no totals yet, though there are lines, or totals of an older version; and what it leaves out. */
import type { Definition } from '../core/definition.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import { findOtherSources } from './find-other-sources.ts'

export interface MetricChange {
  readonly metric: string
  readonly source: string
  readonly kind: 'new' | 'changed'
  /** In the archive, which a backfill would read. */
  readonly lines: number
  /** The source that totals of an older version were counted from, where it is another one. */
  readonly heldSource?: string
}

/** In the order of the plans. */
export async function findChanges(
  plans: readonly SourcePlan[],
  report: Pick<Report, 'metricState' | 'heldMetrics'>,
  archive: Pick<Archive, 'manifest'>,
): Promise<MetricChange[]> {
  const changes: MetricChange[] = []
  const others = await findOtherSources(plans, report)
  for (const { source, metrics } of plans) {
    const lines = (await archive.manifest(source))?.nextOffset ?? 0
    for (const { metric, version } of metrics) {
      const heldSource = others.find((one) => one.metric === metric)?.held
      // A source that has another name has no lines under the new one.
      if (lines === 0 && heldSource === undefined) continue
      const held = await report.metricState(metric, version)
      if (held?.version === version) continue
      const kind = held ? 'changed' : 'new'
      changes.push({ metric, source, kind, lines, ...(heldSource !== undefined && { heldSource }) })
    }
  }
  return changes
}

/** What the definition leaves out: nothing reads or adds to it, and nothing drops it. */
export interface LeftOut {
  /** Which the report has totals of. */
  readonly metrics: readonly string[]
  readonly sources: readonly { readonly source: string; readonly lines: number }[]
}

export async function findLeftOut(
  { sources, metrics }: Pick<Definition, 'sources' | 'metrics'>,
  report: Pick<Report, 'heldMetrics'> | undefined,
  archive: Pick<Archive, 'manifest' | 'sources'>,
): Promise<LeftOut> {
  const held = (await report?.heldMetrics()) ?? []
  const names = held.filter(({ hasTotals }) => hasTotals).map(({ metric }) => metric)
  const former = new Set([...sources.values()].map(({ was }) => was))
  const left = (await archive.sources()).filter((source) => !sources.has(source) && !former.has(source))
  return {
    metrics: [...new Set(names)].filter((metric) => !metrics.has(metric)),
    sources: await Promise.all(
      left.map(async (source) => ({ source, lines: (await archive.manifest(source))?.nextOffset ?? 0 })),
    ),
  }
}
