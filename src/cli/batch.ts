/** `millrace batch`: computes all totals anew from the archive, in a process of its own. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Definition, Metric } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import type { RunRecord } from '../core/run-record.ts'
import type { BatchOrder } from './batch-child.ts'
import { showProgress } from './batch-progress.ts'
import { describeMostRejected } from './describe-rejects.ts'
import { interruptible } from './interrupt.ts'
import { nextCommand } from './next-command.ts'
import { collect, readInstant } from './options.ts'
import { say, writeJson, writeOut } from './output.ts'
import { Progress } from './progress.ts'
import { readRange } from './read-range.ts'
import { tellHeld } from './tell-held.ts'
import { countOf, formatCount, formatSeconds, textTable } from './text-table.ts'
import { loadChecked, requireMetric, type Workspace, workspaceOf } from './workspace.ts'

interface BatchOptions {
  readonly from?: number
  readonly to?: number
  readonly metric?: readonly string[]
  readonly replace?: boolean
}

export function addBatch(program: Command, childModule: URL): void {
  program
    .command('batch')
    .description('compute all totals anew from the raw lines and publish them at once')
    .option('--from <time>', 'first window start to compute', readInstant)
    .option('--to <time>', 'end of the last window to compute', readInstant)
    .option('--metric <name>', 'compute only this metric; may be given several times', collect)
    .option('--replace', 'even where the report has counted lines that are in archive and log no longer')
    .action((options: BatchOptions, command: Command) => batch(workspaceOf(command), options, childModule))
}

/** Exit status 1 too when a source was left as it was. */
async function batch(workspace: Workspace, options: BatchOptions, childModule: URL): Promise<void> {
  const definition = await loadChecked(workspace)
  if (options.replace && (options.metric || options.from !== undefined || options.to !== undefined))
    throw new MillraceError('BATCH_REPLACE_ALL')
  const order: BatchOrder = {
    type: 'start',
    config: resolve(workspace.config),
    dataDir: workspace.dataDir,
    range: readRange(options, metricsOf(definition, options)),
    ...(options.metric && { metrics: options.metric }),
    ...(options.replace && { replaces: true }),
  }
  const { runBatchChild } = await import('./batch-process.ts')
  const progress = await Progress.open()
  const record = await interruptible((signal) =>
    runBatchChild(childModule, order, (news) => showProgress(progress, news), signal),
  ).finally(() => progress.end())
  await tell(workspace, record)
  tellHeld(record.held)
  for (const warning of describeMostRejected(record.ledger)) say(`millrace: Warning: ${warning}`)
}

async function tell(workspace: Workspace, record: RunRecord): Promise<void> {
  if (workspace.json) return writeJson(record)
  await writeOut(describeRun(record))
  say(`Next: ${nextCommand(workspace, 'query', record.metrics[0]?.metric ?? 'METRIC')}`)
}

function metricsOf(definition: Definition, { metric: names }: BatchOptions): Metric[] {
  return names ? names.map((name) => requireMetric(definition, name)) : [...definition.metrics.values()]
}

function describeRun(record: RunRecord): string {
  const sources = record.sources.map(({ source, linesRead, blocks, rejected, computeMs }) => {
    const rate =
      computeMs > 0 && linesRead > 0
        ? ` (${formatCount(Math.round((linesRead / computeMs) * 1000))} lines/s)`
        : ''
    const read = `${countOf(linesRead, 'line')} read from ${countOf(blocks, 'block')} in ${formatSeconds(computeMs)}${rate}`
    return `${source}: ${read}, ${formatCount(rejected)} rejected\n`
  })
  const rows = record.metrics.map(({ metric, rows }) => {
    const line = record.ledger.find((one) => one.metric === metric)
    const counts = [
      line?.appended,
      line?.counted,
      line?.filtered,
      line?.rejected,
      line?.outside,
      line?.lost,
      rows,
    ]
    return [metric, ...counts.map((count) => formatCount(count ?? 0))]
  })
  const table = textTable(
    ['metric', 'appended', 'counted', 'filtered', 'rejected', 'outside', 'lost', 'rows'],
    rows,
  )
  const seconds = formatSeconds(record.finishedMs - record.startedMs)
  return `${sources.join('')}${table}Revision ${record.revision} published after ${seconds}.\n`
}
