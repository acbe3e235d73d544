/** `millrace runs`: the batch runs that were published, newest first. */
import type { Command } from 'commander'
import type { RunRecord } from '../core/run-record.ts'
import { formatInstant } from '../core/timestamp.ts'
import { describeRange } from './describe-range.ts'
import { nextCommand } from './next-command.ts'
import { say, writeJson, writeOut } from './output.ts'
import { formatCount, formatSeconds, textTable } from './text-table.ts'
import { deploymentOf, loadChecked, type Workspace, workspaceOf } from './workspace.ts'

const MOST = 100

export function addRuns(program: Command): void {
  program
    .command('runs')
    .description(`list the published batch runs, newest first (at most ${MOST})`)
    .action((_options: unknown, command: Command) => runs(workspaceOf(command)))
}

async function runs(workspace: Workspace): Promise<void> {
  const definition = await loadChecked(workspace)
  const { openReport } = await import('../engines/registry.ts')
  const report = await openReport(deploymentOf(workspace, definition), 'read')
  const records = await report.runs(MOST).finally(() => report.close())
  if (workspace.json) return writeJson(records)
  if (records.length === 0)
    return say(`No batch run was published yet. Next: ${nextCommand(workspace, 'batch')}`)
  await writeOut(`${describeRuns(records)}${records.map(describeHeld).join('')}`)
}

function describeRuns(records: readonly RunRecord[]): string {
  const header = ['revision', 'started', 'took', 'range', 'lines', 'rejected', 'lost', 'metrics', 'rows']
  return textTable(
    header,
    records.map((record) => [
      String(record.revision),
      formatInstant(record.startedMs),
      formatSeconds(record.finishedMs - record.startedMs),
      describeRanges(record),
      formatCount(sumOf(record.sources, ({ linesRead }) => linesRead)),
      formatCount(sumOf(record.sources, ({ rejected }) => rejected)),
      formatCount(sumOf(record.sources, ({ lost = 0 }) => lost)),
      formatCount(record.metrics.length),
      formatCount(sumOf(record.metrics, ({ rows }) => rows)),
    ]),
  )
}

function describeHeld({ revision, held = [] }: RunRecord): string {
  return held.map(({ source, code }) => `Revision ${revision} left ${source} as it was: ${code}.\n`).join('')
}

/** Of one range for all metrics, or of several. */
function describeRanges({ range, metrics }: RunRecord): string {
  const ranges = new Set(metrics.map((metric) => describeRange(metric.range ?? range)))
  return ranges.size === 1 ? [...ranges][0]! : `${ranges.size} ranges`
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0)
}
