/** By which allowed lateness the next lines of a stream are judged: the last step that the report holds. */
import type { LatenessSteps } from '../core/lateness.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { StreamState } from '../ports/report.ts'

/** By metric, one step; undefined while the report says otherwise than the definition, which an advance of no lines ends. */
export function judgedLateness(
  state: StreamState | undefined,
  plans: readonly MetricPlan[],
  latenessMs: ReadonlyMap<string, number>,
): ReadonlyMap<string, LatenessSteps> | undefined {
  const judged = new Map<string, LatenessSteps>()
  for (const { metric, version } of plans) {
    const held = state?.metrics.find((one) => one.metric === metric && one.version === version)
    const last = held?.lateness.at(-1)
    if (last?.latenessMs !== (latenessMs.get(metric) ?? 0)) return undefined
    judged.set(metric, [last])
  }
  return judged
}
