/** What a definition would change in the report it stands before, and what the history of that would cost. */
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { type BackfillCost, estimateBackfill } from '../run/estimate-backfill.ts'
import { findChanges, type MetricChange } from '../run/find-changes.ts'
import { sha256 } from './sha256.ts'
import { countOf, formatBytes, formatSeconds } from './text-table.ts'
import { deploymentOf, type Workspace } from './workspace.ts'

const PATIENCE_MS = 5000

export interface CostedChange extends MetricChange {
  readonly cost: BackfillCost
}

/** Nothing before the first run. Errors, soon: those of the archive and the report. */
export async function changesOf(workspace: Workspace, definition: Definition): Promise<CostedChange[]> {
  const { openArchive, openReport } = await import('../engines/registry.ts')
  const deployment = { ...deploymentOf(workspace, definition), patienceMs: PATIENCE_MS }
  const openExisting = () => openReport(deployment, 'read')
  const report = await openExisting().catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'REPORT_MISSING') return undefined
    throw error
  })
  if (!report) return []
  const archive = await openArchive(deployment)
  const plans = buildPlans(definition, sha256)
  const changes = await findChanges(plans, report, archive).finally(() => report.close())
  const costed = []
  for (const change of changes) {
    const cost = await estimateBackfill({ source: change.source, archive, openReport: openExisting })
    costed.push({ ...change, cost })
  }
  return costed
}

export function describeChange({ metric, kind, cost }: CostedChange): string {
  const what =
    kind === 'new'
      ? 'is new: the report has no totals of it'
      : 'has changed since its totals were computed; they stay in the report until it is computed anew'
  return `Metric ${metric} ${what}. \`millrace backfill ${metric}\` would read ${describeCost(cost)}.`
}

export function describeCost({ lines, rawBytes, blocks, aboutMs }: BackfillCost): string {
  const time = aboutMs === undefined ? 'no run tells how long yet' : `about ${formatSeconds(aboutMs)}`
  return `${countOf(lines, 'line')} (${formatBytes(rawBytes)}) in ${countOf(blocks, 'block')}: ${time}`
}
