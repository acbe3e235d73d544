/** A metric of the definition and the state of its totals, or the reason why there are none to read. */
import { planMetric } from '../compile/build-plan.ts'
import type { Digest } from '../compile/metric-version.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { MetricState, Report } from '../ports/report.ts'
import { didYouMean } from './select-totals.ts'

/** Errors: QUERY_UNKNOWN_METRIC. */
export function findPlan(definition: Definition, name: string, digest: Digest): MetricPlan {
  const metric = definition.metrics.get(name)
  const source = metric && definition.sources.get(metric.source)
  if (metric && source) return planMetric(source, metric, digest)
  const hint = didYouMean(name, definition.metrics.keys())
  throw new MillraceError('QUERY_UNKNOWN_METRIC', { metric: name, hint })
}

/** Totals of one version, which need not be that of the definition. Errors: METRIC_WITHOUT_TOTALS, QUERY_UNKNOWN_VERSION. */
export async function findVersion(report: Report, metric: string, version: string): Promise<MetricState> {
  const state = await report.metricState(metric, version)
  if (!state) throw new MillraceError('METRIC_WITHOUT_TOTALS', { metric })
  if (state.version === version) return state
  throw new MillraceError('QUERY_UNKNOWN_VERSION', { metric, version, known: state.versions.join(', ') })
}

/** Errors: METRIC_WITHOUT_TOTALS, METRIC_CHANGED. */
export async function requireTotals(report: Report, { metric, version }: MetricPlan): Promise<MetricState> {
  const state = await report.metricState(metric, version)
  if (!state) throw new MillraceError('METRIC_WITHOUT_TOTALS', { metric })
  if (state.version === version) return state
  throw new MillraceError('METRIC_CHANGED', { metric, held: state.version, asked: version })
}
