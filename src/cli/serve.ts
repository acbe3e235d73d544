/** `millrace serve`: takes lines over HTTP, keeps them, streams totals, and computes at the times of the schedule. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Definition, ServeConfig } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { DEFAULT_LIMITS, type ServeSettings } from '../server/serve-settings.ts'
import { say } from './output.ts'
import { openServeRoles } from './serve-roles.ts'
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
  const definition = await loadChecked(workspace)
  const settings = await readSettings(definition)
  const roles = await openServeRoles(deploymentOf(workspace, definition), {
    onTorn: (source, bytes) =>
      say(
        `millrace: ${formatBytes(bytes)} at the end of the log of ${source} were never acked; they are cut off.`,
      ),
    onTrouble: onceEach((source, why) => say(`millrace: The job of ${source}: ${why}.`)),
  })
  try {
    const { Serving } = await import('./serving.ts')
    await new Serving(workspace, definition, roles, childModule).run(settings)
  } finally {
    await roles.close()
  }
}

async function readSettings({ serve, sources }: Definition): Promise<ServeSettings> {
  const isNear = /^(127\.|localhost$|::1$)/.test(serve.host)
  const open = [...sources.keys()].find((source) => (serve.tokens.get(source) ?? []).length === 0)
  if (!isNear && open !== undefined)
    throw new MillraceError('SERVE_OPEN_DOOR', { host: serve.host, source: open })
  const { host, port, hosts, proxies, tokens } = serve
  const tls = await readTls(serve)
  return {
    host,
    port,
    hosts,
    proxies,
    tokens,
    limits: { ...DEFAULT_LIMITS, ...serve.limits },
    ...(tls && { tls }),
  }
}

async function readTls({ tls }: ServeConfig): Promise<ServeSettings['tls']> {
  if (!tls) return undefined
  const read = (path: string) =>
    readFile(path, 'utf8').catch((error: Error) => {
      throw new MillraceError('SERVE_UNREADABLE_TLS', { path, why: error.message }, { cause: error })
    })
  return { cert: await read(tls.cert), key: await read(tls.key) }
}

/** What is told again and again is said once. */
function onceEach(tell: (source: string, why: string) => void): (source: string, why: string) => void {
  const told = new Map<string, string>()
  return (source, why) => {
    if (told.get(source) !== why) tell(source, why)
    told.set(source, why)
  }
}
