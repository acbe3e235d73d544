/** `millrace rejects SOURCE`: the lines that could not be used, why, and what they say. */
import type { Command } from 'commander'
import type { ShownReject } from '../run/list-rejects.ts'
import { readPositive } from './options.ts'
import { say, writeJson, writeOut } from './output.ts'
import { exactText, printableLine } from './printable-line.ts'
import { countOf, formatCount, textTable } from './text-table.ts'
import { deploymentOf, loadChecked, requireSource, type Workspace, workspaceOf } from './workspace.ts'

const SHOWN_CHARACTERS = 200

export function addRejects(program: Command): void {
  program
    .command('rejects')
    .description('show lines that could not be used at the last run, and why')
    .argument('<source>')
    .option('--limit <n>', 'how many lines', readPositive, 20)
    .action((source: string, options: { limit: number }, command: Command) =>
      rejects(workspaceOf(command), source, options.limit),
    )
}

async function rejects(workspace: Workspace, source: string, limit: number): Promise<void> {
  const definition = await loadChecked(workspace)
  requireSource(definition, source)
  const deployment = deploymentOf(workspace, definition)
  const { openArchive, openReport, readLines } = await import('../engines/registry.ts')
  const { listRejects } = await import('../run/list-rejects.ts')
  const archive = await openArchive(deployment)
  const report = await openReport(deployment, 'read')
  const { total, lines } = await listRejects({ source, limit, archive, report, readLines }).finally(() =>
    report.close(),
  )
  if (workspace.json) return writeJson({ source, total, lines: lines.map(jsonOf) })
  if (total === 0) return say(`No line of ${source} was rejected at the last run.`)
  await writeOut(describeRejects(lines))
  if (lines.length < total)
    say(`${countOf(lines.length, 'line')} of ${formatCount(total)}; --limit shows more.`)
}

/** A line that is no UTF-8 cannot stand in JSON as it is. */
function jsonOf({ raw, ...line }: ShownReject) {
  const text = raw === null ? null : exactText(raw)
  return text === undefined
    ? { ...line, rawBase64: Buffer.from(raw!).toString('base64') }
    : { ...line, raw: text }
}

function describeRejects(lines: readonly ShownReject[]): string {
  const rows = lines.map(({ offset, block, reason, field, metric, raw }) => {
    const missing = block === '' ? '(not in the archive yet)' : '(its block is no longer in the archive)'
    const shown = raw === null ? missing : printableLine(raw, SHOWN_CHARACTERS)
    return [String(offset), block, reason, field ?? '', metric ?? '', shown]
  })
  return textTable(['offset', 'block', 'reason', 'field', 'metric', 'line'], rows)
}
