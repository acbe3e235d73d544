/** `millrace serve`: takes lines over HTTP, keeps them, and computes at the times of the schedule. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Definition, ServeConfig } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { Archiver } from '../run/keep-archiving.ts'
import { type KeptSchedule, keepSchedule } from '../run/keep-schedule.ts'
import { Counters } from '../server/counters.ts'
import { DEFAULT_LIMITS, type ServeSettings } from '../server/serve-settings.ts'
import { startServer } from '../server/server.ts'
import { say } from './output.ts'
import { countOf, formatBytes } from './text-table.ts'
import { deploymentOf, loadChecked, type Workspace, workspaceOf } from './workspace.ts'

/** Within which requests that are under way are answered. */
const GRACE_MS = 1500

export function addServe(program: Command, childModule: URL): void {
  program
    .command('serve')
    .description('take lines over HTTP, keep them, and compute totals at the times of batch.cron')
    .action((_options: unknown, command: Command) => serve(workspaceOf(command), childModule))
}

async function serve(workspace: Workspace, childModule: URL): Promise<void> {
  const definition = await loadChecked(workspace)
  const settings = await readSettings(definition)
  const deployment = deploymentOf(workspace, definition)
  const { openArchive, openLog } = await import('../engines/registry.ts')
  const archive = await openArchive(deployment)
  const log = await openLog(deployment, archive, (source, bytes) =>
    say(
      `millrace: ${formatBytes(bytes)} at the end of the log of ${source} were never acked; they are cut off.`,
    ),
  )
  try {
    const stop = new AbortController()
    const archived = new Map<string, number>()
    const archiver = new Archiver(
      { log, archive, passed: async () => undefined },
      {
        onArchived: (source, endOffset) => archived.set(source, endOffset),
        onFailure: (source, error) =>
          say(`millrace: The log of ${source} waits for the archive: ${textOf(error)}`),
      },
    )
    const schedule = await planBatches(workspace, definition, childModule, archiver)
    const server = await startServer({
      ...{ log, settings, counters: new Counters(), archived: () => archived },
      sources: new Set(definition.sources.keys()),
      onFailure: (error) => say(`millrace: ${textOf(error)}`),
    })
    const archiving = archiver.run(stop.signal)
    say(greeting(server.url, definition, schedule))
    await stopSignal()
    await Promise.all([server.stop(GRACE_MS), schedule?.stop()])
    stop.abort()
    await archiving
  } finally {
    await log.close()
  }
}

async function readSettings({ serve, sources }: Definition): Promise<ServeSettings> {
  const isNear = /^(127\.|localhost$|::1$)/.test(serve.host)
  const open = [...sources.keys()].find((source) => (serve.tokens.get(source) ?? []).length === 0)
  if (!isNear && open !== undefined)
    throw new MillraceError('SERVE_OPEN_DOOR', { host: serve.host, source: open })
  const { host, port, tokens } = serve
  const tls = await readTls(serve)
  return { host, port, tokens, limits: { ...DEFAULT_LIMITS, ...serve.limits }, ...(tls && { tls }) }
}

async function readTls({ tls }: ServeConfig): Promise<ServeSettings['tls']> {
  if (!tls) return undefined
  const read = (path: string) =>
    readFile(path, 'utf8').catch((error: Error) => {
      throw new MillraceError('SERVE_UNREADABLE_TLS', { path, why: error.message }, { cause: error })
    })
  return { cert: await read(tls.cert), key: await read(tls.key) }
}

/** Undefined where the definition has no schedule. */
async function planBatches(
  workspace: Workspace,
  { batch }: Definition,
  childModule: URL,
  archiver: Archiver,
): Promise<KeptSchedule | undefined> {
  if (!batch.schedule) return undefined
  const { runBatchChild } = await import('./batch-process.ts')
  return keepSchedule({
    schedule: batch.schedule,
    now: Date.now,
    lastRunMs: () => lastRun(workspace),
    onFailure: (error) => say(`millrace: The batch failed: ${textOf(error)}`),
    run: async () => {
      await archiver.archiveAll(true)
      const { config, dataDir } = workspace
      const order = { type: 'start', config: resolve(config), dataDir, range: {} } as const
      const record = await runBatchChild(childModule, order, () => undefined, new AbortController().signal)
      const lines = record.sources.reduce((sum, { linesRead }) => sum + linesRead, 0)
      say(`millrace: Revision ${record.revision} published, of ${countOf(lines, 'line')}.`)
    },
  })
}

async function lastRun(workspace: Workspace): Promise<number | undefined> {
  const { openReport } = await import('../engines/registry.ts')
  try {
    const report = await openReport(deploymentOf(workspace, await loadChecked(workspace)), 'read')
    const [last] = await report.runs(1).finally(() => report.close())
    return last?.startedMs
  } catch {
    return undefined
  }
}

function greeting(url: string, { sources }: Definition, schedule: KeptSchedule | undefined): string {
  const next = schedule?.next()
  const batches = next ? `the next batch is at ${next.toISOString()}` : 'no batch is scheduled'
  return `Listening on ${url} for ${countOf(sources.size, 'source')}; ${batches}. Ctrl-C stops.`
}

/** A second one ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      say('Stopping.')
      resolve()
    }
    process.once('SIGINT', stop).once('SIGTERM', stop)
  })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
