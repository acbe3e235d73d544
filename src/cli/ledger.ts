/** `millrace ledger`: what became of every line, by source and metric, in the stream and in the last batch run. */
import type { Command } from 'commander'
import type { Ledger } from '../core/run-record.ts'
import type { LedgerEntry } from '../run/read-ledger.ts'
import { say, writeJson, writeOut } from './output.ts'
import { formatCount, textTable } from './text-table.ts'
import { deploymentOf, loadChecked, type Workspace, workspaceOf } from './workspace.ts'

export function addLedger(program: Command): void {
  program
    .command('ledger')
    .description(
      'show what became of every line: appended = counted + filtered + late + rejected + outside + lost',
    )
    .action((_options: unknown, command: Command) => ledger(workspaceOf(command)))
}

/** Exit status 1 when a line of the ledger does not balance, which no transaction should have let through. */
async function ledger(workspace: Workspace): Promise<void> {
  const definition = await loadChecked(workspace)
  const { openReport } = await import('../engines/registry.ts')
  const { readLedger } = await import('../run/read-ledger.ts')
  const report = await openReport(deploymentOf(workspace, definition), 'read')
  const entries = await readLedger(report, definition.sources.keys()).finally(() => report.close())
  if (entries.some(({ isBalanced }) => !isBalanced)) process.exitCode = 1
  if (workspace.json) return writeJson(entries)
  if (entries.length === 0) return say('Nothing was counted yet. Next: millrace batch, or millrace serve')
  await writeOut(describe(entries))
}

function describe(entries: readonly LedgerEntry[]): string {
  const rows = entries.map(({ by, fromOffset, endOffset, ledger, waiting, isBalanced }) => [
    ledger.source,
    ledger.metric ?? '(all lines)',
    by,
    `${fromOffset}..${endOffset}`,
    ...amounts(ledger).map((amount) => (amount === undefined ? '-' : formatCount(amount))),
    formatCount(waiting),
    isBalanced ? 'yes' : 'NO',
  ])
  const header = [
    'source',
    'metric',
    'by',
    'offsets',
    'appended',
    'counted',
    'filtered',
    'late',
    'rejected',
    'outside',
    'lost',
  ]
  return textTable([...header, 'waiting', 'balances'], rows)
}

function amounts(ledger: Ledger): (number | undefined)[] {
  const { appended, counted, filtered, late, rejected, outside, lost } = ledger
  return [appended, counted, filtered, late, rejected, outside, lost]
}
