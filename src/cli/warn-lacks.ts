/** Tells with the totals of a metric, in whatever form they are given, what they lack. */
import type { Definition } from '../core/definition.ts'
import type { TimeRange } from '../core/run-record.ts'
import { limitsOfFiles } from './health-limits.ts'
import { say } from './output.ts'
import { servedHealth } from './served-status.ts'
import { staleness } from './staleness.ts'
import { deploymentOf, requireMetric, type Workspace } from './workspace.ts'

/** The totals are given already; what is said of them is worth no long wait. */
const PATIENCE_MS = 5000

export interface GivenTotals {
  readonly metric: string
  readonly version: string
  readonly revision: number
  readonly range: TimeRange
  /** What is known already. */
  readonly warnings: readonly string[]
}

/** What the report lacks, and lines that it has not counted. */
export async function lacksOf(
  workspace: Workspace,
  definition: Definition,
  { metric, version, revision, range, warnings }: GivenTotals,
): Promise<string[]> {
  const deployment = deploymentOf(workspace, definition)
  const { source } = requireMetric(definition, metric)
  const { openArchive, openReport, readLogEnds } = await import('../engines/registry.ts')
  const stale = await staleness({
    ...{ source, metric, version, revision, range },
    job: { openReport: () => openReport(deployment, 'read') },
    openArchive: () => openArchive({ ...deployment, patienceMs: PATIENCE_MS }),
    served: await servedHealth(deployment),
    logEnds: () => readLogEnds(deployment),
    limits: limitsOfFiles(definition),
  })
  return [...warnings, ...stale]
}

export function warn(warnings: readonly string[]): void {
  for (const warning of warnings) say(`millrace: Warning: ${warning}`)
}
