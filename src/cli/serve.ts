/** `millrace serve`: takes lines over HTTP, keeps them, streams totals, and computes at the times of the schedule. */
import type { Command } from 'commander'
import { say } from './output.ts'
import { readServeSettings } from './read-serve-settings.ts'
import { openServeRoles, requireAlone } from './serve-roles.ts'
import { ReloadSignal } from './serve-signals.ts'
import { settleNames } from './settle-names.ts'
import { formatBytes } from './text-table.ts'
import { deploymentOf, loadChecked, type Workspace, workspaceOf } from './workspace.ts'

export function addServe(program: Command, childModule: URL): void {
  program
    .command('serve')
    .description(
      'take lines over HTTP, keep them, and keep totals fresh; compute batches at the times of batch.cron',
    )
    .action((_options: unknown, command: Command) => serve(workspaceOf(command), childModule))
}

async function serve(workspace: Workspace, childModule: URL): Promise<void> {
  // A terminal that is closed does not end a server, nor does a reload that comes while it starts.
  const reloads = new ReloadSignal()
  const definition = await loadChecked(workspace)
  const settings = await readServeSettings(definition)
  const deployment = deploymentOf(workspace, definition)
  await requireAlone(deployment)
  const { requirePort } = await import('../server/server.ts')
  await requirePort(settings)
  await settleNames(deployment, { asksReport: true })
  const roles = await openServeRoles(deployment, {
    onTorn: (source, bytes) =>
      say(
        `millrace: ${formatBytes(bytes)} at the end of the log of ${source} were never acked; they are cut off.`,
      ),
    onNotice: (source, message) => say(`millrace: Source ${source}: ${message}.`),
    onTrouble: onceEach((source, why) => say(`millrace: The job of ${source}: ${why}.`)),
  })
  try {
    const { Serving } = await import('./serving.ts')
    await new Serving(workspace, { definition, settings }, roles, childModule).run(reloads)
  } finally {
    await roles.close()
  }
}

/** What is told again and again is said once. */
function onceEach(tell: (source: string, why: string) => void): (source: string, why: string) => void {
  const told = new Map<string, string>()
  return (source, why) => {
    if (told.get(source) !== why) tell(source, why)
    told.set(source, why)
  }
}
