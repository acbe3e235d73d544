/** What becomes of a version some of whose tables were lost: it is counted from its first line again, or given up. */
import type { MetricPlan } from '../core/plan.ts'
import { describeMetric, type PublishStore } from './publish-run.ts'

export interface ResetStore extends PublishStore {
  /** All tables of the version stand there, without a row. */
  makeEmpty(plan: MetricPlan): Promise<void>
  /** Tables of the version are nobody's from now on. */
  giveUpTables(version: Pick<MetricPlan, 'metric' | 'version'>): Promise<void>
}

/** The stream goes on from its first line; an older version, which no stream counts any more, is given up. */
export async function resetVersion(store: ResetStore, metric: string, version: string): Promise<void> {
  const versions = await store.versions(metric)
  const plan = versions.find((one) => one.version === version)?.plan
  if (!plan) return store.giveUpTables({ metric, version })
  const streamed = await store.streams.readMetric(plan)
  const isOlder = await hasNewer(store, plan, streamed?.endOffset ?? 0)
  await store.streams.forgetStream(plan)
  await store.forget('coverage', metric, version)
  if (isOlder) {
    for (const table of ['metrics', 'measures'] as const) await store.forget(table, metric, version)
    return store.giveUpTables(plan)
  }
  await store.makeEmpty(plan)
  await describeMetric(store, plan, 0, { first: { ms: null }, last: { ms: null } })
  if (!(await store.streams.readStream(plan.source))) return
  const latenessMs = streamed?.latenessMs ?? 0
  await store.streams.addLateness(plan, { fromOffset: 0, latenessMs })
  await store.streams.beginMetric(plan, { startOffset: 0, startClockMs: 0 })
  const nothing = { appended: 0, counted: 0, filtered: 0, late: 0, rejected: 0, lost: 0 }
  const progress = { endOffset: 0, clockMs: 0, latenessMs, finalBeforeMs: 0, ...nothing }
  await store.streams.addProgress([{ plan, progress }])
}

async function hasNewer(store: ResetStore, plan: MetricPlan, endOffset: number): Promise<boolean> {
  const others = (await store.versions(plan.metric)).filter(({ version }) => version !== plan.version)
  const streamed = await Promise.all(others.map((other) => store.streams.readMetric(other.plan)))
  return streamed.some((other) => other !== undefined && other.endOffset > endOffset)
}
