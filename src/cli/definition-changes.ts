/** What a definition would change in the report it stands before, and what the history of that would cost. */
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import { type BackfillCost, estimateBackfill } from '../run/estimate-backfill.ts'
import { findChanges, findLeftOut, type LeftOut, type MetricChange } from '../run/find-changes.ts'
import { askedRenames, findRenames, type SourceRename } from '../run/rename-sources.ts'
import { say } from './output.ts'
import { sha256 } from './sha256.ts'
import { countOf, formatBytes, formatSeconds } from './text-table.ts'
import { deploymentOf, type Workspace } from './workspace.ts'

const PATIENCE_MS = 5000

export interface CostedChange extends MetricChange {
  readonly cost: BackfillCost
}

export interface DefinitionChanges {
  /** None before the first run. */
  readonly changes: readonly CostedChange[]
  /** What waits to take another name. */
  readonly renames: readonly (SourceRename & { readonly lines: number })[]
  readonly leftOut: LeftOut
}

export const NO_CHANGES: DefinitionChanges = {
  changes: [],
  renames: [],
  leftOut: { metrics: [], sources: [] },
}

/** Errors, soon: those of the archive and the report, and RENAME_BOTH_HOLD. */
export async function changesOf(workspace: Workspace, definition: Definition): Promise<DefinitionChanges> {
  const { openArchive, openNamedLogs, openReport } = await import('../engines/registry.ts')
  const deployment = { ...deploymentOf(workspace, definition), patienceMs: PATIENCE_MS }
  const openExisting = () => openReport(deployment, 'read')
  const report = await openExisting().catch((error: unknown) => {
    if (error instanceof MillraceError && error.code === 'REPORT_MISSING') return undefined
    throw error
  })
  const archive = await openArchive(deployment)
  const plans = buildPlans(definition, sha256)
  const find = async () => {
    const changes = report ? await findChanges(plans, report, archive) : []
    return { changes, leftOut: await findLeftOut(definition, report, archive) }
  }
  const { changes, leftOut } = await find().finally(() => report?.close())
  const logs = await openNamedLogs(deployment)
  const renames = await findRenames(askedRenames(definition.sources.values()), { archive, logs })
  const costed = []
  for (const change of changes) {
    const cost = await estimateBackfill({ source: change.source, archive, openReport: openExisting })
    costed.push({ ...change, cost })
  }
  // What is renamed is no change: it has its totals, under the version of the new name.
  const isRenamed = ({ source }: MetricChange) => renames.some(({ to }) => to === source)
  return { changes: costed.filter((change) => !isRenamed(change)), renames, leftOut }
}

/** By a server, before any stream begins: then the report knows of the version. */
export async function tellChanges(
  definition: Definition,
  plans: readonly SourcePlan[],
  { report, archive }: { readonly report: Report; readonly archive: Archive },
): Promise<void> {
  for (const left of describeLeftOut(await findLeftOut(definition, report, archive))) say(`millrace: ${left}`)
  for (const { metric, source, kind, lines, heldSource } of await findChanges(plans, report, archive)) {
    if (heldSource !== undefined) say(`millrace: ${describeOtherSource({ metric, source, heldSource })}`)
    // A report that knows nothing of a source is given all its lines by the stream.
    if ((await report.streamState(source)) === undefined) continue
    const what = kind === 'new' ? `is new` : `has changed; totals of its older version stay in the report`
    const history = `its history of ${countOf(lines, 'line')} is counted by \`millrace backfill ${metric}\``
    say(`millrace: Metric ${metric} ${what}. Its stream begins now, and ${history}.`)
  }
}

export function describeRename({ from, to, lines }: DefinitionChanges['renames'][number]): string {
  return `Source ${from} takes the name ${to} when \`millrace serve\`, \`batch\` or \`ingest\` runs next: its ${countOf(lines, 'line')} and all of its totals stay.`
}

export function describeLeftOut({ metrics, sources }: LeftOut): string[] {
  return [
    ...metrics.map(
      (metric) => `Metric ${metric} is left out: its totals stay in the report, and nothing adds to them.`,
    ),
    ...sources.map(
      ({ source, lines }) =>
        `The archive holds ${countOf(lines, 'line')} of ${source}, which is no source of the definition: they stay, and nothing counts them. If it has a new name, write \`was: ${source}\` under that source.`,
    ),
  ]
}

export function describeChange({ metric, source, kind, heldSource, cost }: CostedChange): string {
  if (heldSource !== undefined) return describeOtherSource({ metric, source, heldSource })
  const what =
    kind === 'new'
      ? 'is new: the report has no totals of it'
      : 'has changed since its totals were computed; they stay in the report until it is computed anew'
  return `Metric ${metric} ${what}. \`millrace backfill ${metric}\` would read ${describeCost(cost)}.`
}

/** A word of consent is asked for by whatever would drop them. */
export function describeOtherSource({
  metric,
  source,
  heldSource,
}: Required<Pick<MetricChange, 'metric' | 'source' | 'heldSource'>>): string {
  return `Metric ${metric} was counted from source ${heldSource} and is now of ${source}: its totals of ${heldSource} stay in the report until \`millrace batch --replace\` drops them. If ${heldSource} has a new name, write \`was: ${heldSource}\` under source ${source}.`
}

export function describeCost({ lines, rawBytes, blocks, aboutMs }: BackfillCost): string {
  const time = aboutMs === undefined ? 'no run tells how long yet' : `about ${formatSeconds(aboutMs)}`
  return `${countOf(lines, 'line')} (${formatBytes(rawBytes)}) in ${countOf(blocks, 'block')}: ${time}`
}
