/** `millrace backfill METRIC`: a metric's whole history from the raw lines, while its stream goes on. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { RunRecord } from '../core/run-record.ts'
import { isWholeRange } from '../core/time-coverage.ts'
import type { BackfillCost } from '../run/estimate-backfill.ts'
import { showProgress } from './batch-progress.ts'
import { describeCost } from './definition-changes.ts'
import { describeRange } from './describe-range.ts'
import { describeMostRejected } from './describe-rejects.ts'
import { interruptible } from './interrupt.ts'
import { nextCommand } from './next-command.ts'
import { say, writeJson, writeOut } from './output.ts'
import { Progress } from './progress.ts'
import { countOf, formatCount } from './text-table.ts'
import { deploymentOf, loadChecked, requireMetric, type Workspace, workspaceOf } from './workspace.ts'

export function addBackfill(program: Command, childModule: URL): void {
  program
    .command('backfill')
    .description(
      'compute the whole history of one metric from the raw lines, while the others stay as they are',
    )
    .argument('<metric>')
    .option('--dry-run', 'only say what it would read, and about how long')
    .action((metric: string, { dryRun }: { dryRun?: boolean }, command: Command) =>
      backfill(workspaceOf(command), metric, { isDry: dryRun === true, childModule }),
    )
}

async function backfill(
  workspace: Workspace,
  metric: string,
  { isDry, childModule }: { isDry: boolean; childModule: URL },
): Promise<void> {
  const cost = await estimate(workspace, metric)
  if (isDry)
    return workspace.json
      ? writeJson(cost)
      : writeOut(`A backfill of ${metric} would read ${describeCost(cost)}. Nothing was changed.\n`)
  const { runBatchChild } = await import('./batch-process.ts')
  const { config, dataDir } = workspace
  const order = { type: 'start', config: resolve(config), dataDir, range: {}, metrics: [metric] } as const
  const progress = await Progress.open()
  const record = await interruptible((signal) =>
    runBatchChild(childModule, order, (news) => showProgress(progress, news), signal),
  ).finally(() => progress.end())
  await tell(workspace, metric, record)
  for (const warning of describeMostRejected(record.ledger)) say(`millrace: Warning: ${warning}`)
}

async function tell(workspace: Workspace, metric: string, record: RunRecord): Promise<void> {
  if (workspace.json) return writeJson(record)
  await writeOut(describeRun(record))
  say(`Next: ${nextCommand(workspace, 'query', metric)}`)
}

async function estimate(workspace: Workspace, metric: string): Promise<BackfillCost> {
  const definition = await loadChecked(workspace)
  const { source } = requireMetric(definition, metric)
  const deployment = deploymentOf(workspace, definition)
  const { openArchive, openReport } = await import('../engines/registry.ts')
  const { estimateBackfill } = await import('../run/estimate-backfill.ts')
  const openExisting = () => openReport(deployment, 'read')
  return estimateBackfill({ source, archive: await openArchive(deployment), openReport: openExisting })
}

/** From the cut on, and in windows that are not final, the stream counts. */
function describeRun({ revision, range, metrics, sources }: RunRecord): string {
  const [{ metric, rows, range: own = range } = { metric: '', rows: 0 }] = metrics
  const cut = formatCount(sources[0]?.cut ?? 0)
  return `Revision ${revision}: ${countOf(rows, 'row')} of ${metric} for ${isWholeRange(own) ? 'all windows' : `windows ${describeRange(own)}`}, of the lines below offset ${cut}.\n`
}
