/** `millrace scrub`: checks every block of the archive and heals what a good copy can heal. */
import type { Command } from 'commander'
import type { StorageHealth } from '../ports/archive.ts'
import { describeHealth } from './describe-health.ts'
import { say, writeJson, writeOut } from './output.ts'
import { countOf, textTable } from './text-table.ts'
import { deploymentOf, loadChecked, type Workspace, workspaceOf } from './workspace.ts'

export function addScrub(program: Command): void {
  program
    .command('scrub')
    .description('check every block of raw lines, and heal damaged ones from a good copy')
    .action((_options: unknown, command: Command) => scrub(workspaceOf(command)))
}

/** Exit status 1 when a block is lost: then totals can no longer be computed from all lines. */
async function scrub(workspace: Workspace): Promise<void> {
  const definition = await loadChecked(workspace)
  const { openArchive } = await import('../engines/registry.ts')
  const { scrubArchive } = await import('../run/scrub-archive.ts')
  const archive = await openArchive(deploymentOf(workspace, definition))
  const reports = await scrubArchive(archive)
  const findings = reports.flatMap(({ source, findings }) =>
    findings.map((finding) => ({ source, ...finding })),
  )
  const lost = findings.filter(({ outcome }) => outcome === 'lost').length
  if (lost > 0) process.exitCode = 1
  if (workspace.json) return writeJson(reports)
  for (const { source, blocks } of reports) say(`${source}: ${countOf(blocks, 'block')} checked.`)
  sayHealth(await archive.health?.())
  if (reports.length === 0) say('The archive has no raw lines yet; `millrace status` tells where lines are.')
  if (findings.length === 0) return
  const rows = findings.map(({ source, block, copy, fault, outcome }) => [
    source,
    block,
    copy,
    fault,
    outcome,
  ])
  await writeOut(textTable(['source', 'block', 'copy', 'fault', 'outcome'], rows))
  if (lost > 0)
    say(
      `millrace: ${countOf(lost, 'block')} lost. Restore from a backup what is lost, then run scrub again. If lines are lost for good, \`millrace accept-loss SOURCE\` lets their source go on.`,
    )
}

function sayHealth(health: StorageHealth | undefined): void {
  if (!health) return
  say(describeHealth(health))
  if (health.isSafeMode) say('millrace: Warning: it is in safe mode, and nothing can be written to it.')
}
