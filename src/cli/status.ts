/** `millrace status`: what each role holds, how far the totals are, and whether all is well. */
import type { Command } from 'commander'
import { MillraceError } from '../core/error.ts'
import { ZONE_RELEASE } from '../core/time-zone/zone-data.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { Deployment } from '../engines/registry.ts'
import type { MetricStatus, Status } from '../run/read-status.ts'
import type { ServerStatus } from '../server/server-status.ts'
import { describeBatch } from './describe-batch.ts'
import { describeDisk } from './describe-disk.ts'
import { describeHealth } from './describe-health.ts'
import { describeJob, isJobWell } from './describe-job.ts'
import { describeRange } from './describe-range.ts'
import { writeJson, writeOut } from './output.ts'
import { readDisk } from './read-disk.ts'
import { sha256 } from './sha256.ts'
import { countOf, formatBytes, formatCount, formatSeconds, textTable } from './text-table.ts'
import { deploymentOf, loadChecked, type Workspace, workspaceOf } from './workspace.ts'

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show what is kept, how far the totals are, and whether all is well')
    .action((_options: unknown, command: Command) => status(workspaceOf(command)))
}

interface Places {
  readonly data: string
  readonly archive: string
  readonly batch: string
  readonly report: string
}

/** Exit status 1 when a role cannot be asked, its storage has lost blocks, or a server cannot go on. */
async function status(workspace: Workspace): Promise<void> {
  const definition = await loadChecked(workspace)
  const deployment = deploymentOf(workspace, definition)
  const registry = await import('../engines/registry.ts')
  const { archivePlace, batchPlace, openArchive, openBatchEngine, openReport, reportPlace } = registry
  const hasty = { ...deployment, patienceMs: PATIENCE_MS }
  const server = await askServer(hasty)
  const { readStatus } = await import('../run/read-status.ts')
  const found = await readStatus({
    definition,
    digest: sha256,
    openArchive: () => openArchive(hasty),
    openReport: async () => {
      // Whoever did not answer once is not waited for again.
      if (server instanceof MillraceError && !deployment.report?.adapter) throw server
      return openReport(hasty, 'read')
    },
    openEngine: () => openBatchEngine(hasty),
    ...(deployment.stream?.adapter && { openJobs: () => registry.openStreamJobs(deployment) }),
    disk: () => readDisk(workspace.dataDir),
  })
  const places = {
    archive: archivePlace(deployment),
    batch: batchPlace(deployment),
    report: reportPlace(deployment),
    data: workspace.dataDir,
  }
  if (!isWell(found) || !isServing(server)) process.exitCode = 1
  await show(workspace, { places, found, server })
  // What was not waited for any longer would keep the process alive.
  if (isSilent(found)) process.exit()
}

/** Undefined where none runs; an error tells why one that runs cannot be asked. */
async function askServer(deployment: Deployment): Promise<ServerStatus | MillraceError | undefined> {
  const { openLink } = await import('../engines/registry.ts')
  try {
    const link = await openLink(deployment)
    return link && ((await link.call('status', []).finally(() => link.close())) as ServerStatus)
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
}

interface Shown {
  readonly places: Places
  readonly found: Status
  readonly server: ServerStatus | MillraceError | undefined
}

async function show(workspace: Workspace, { places, found, server }: Shown): Promise<void> {
  const timeZones = { release: ZONE_RELEASE }
  if (workspace.json) {
    const told = server instanceof MillraceError ? { failure: server.message } : server
    return writeJson({ places, ...found, timeZones, ...(told && { server: told }) })
  }
  const parts = [describeArchive(places, found), describeBatch(places, found), describeReport(places, found)]
  const last = `${describeDisk(places.data, found.disk)}\nTime zones: IANA database ${ZONE_RELEASE}.\n`
  await writeOut(
    [...parts, ...describeJobs(found), ...(server ? [describeServer(server)] : []), last].join('\n'),
  )
}

function isSilent({ archive, batch, report, disk, jobs }: Status): boolean {
  return [archive, batch, report, disk, jobs].some((role) => role?.failure?.code === 'STATUS_NO_ANSWER')
}

/** Long enough for a busy server, short enough for somebody who waits. */
const PATIENCE_MS = 5000

function isWell({ archive, batch, report, jobs }: Status): boolean {
  const lost = (archive.health?.missingBlocks ?? 0) + (archive.health?.corruptBlocks ?? 0)
  const isTallying = !jobs?.failure && (jobs?.sources ?? []).every(isJobWell)
  return !archive.failure && !batch.failure && !report.failure && lost === 0 && isTallying
}

function describeJobs({ jobs }: Status): string[] {
  if (!jobs) return []
  if (jobs.failure) return [`Jobs:\n  cannot be asked: ${jobs.failure.message}\n`]
  return [`Jobs:\n${jobs.sources.map(({ source, ...deployed }) => describeJob(source, deployed)).join('')}`]
}

/** None is as well as one that is. */
function isServing(server: Shown['server']): boolean {
  if (server instanceof MillraceError) return false
  return !server?.failure && !server?.trouble && !server?.sources.some(({ failure }) => failure)
}

function describeServer(server: ServerStatus | MillraceError): string {
  if (server instanceof MillraceError) return `Server:\n  cannot be asked: ${server.message}\n`
  const { url, failure, trouble, sources } = server
  const waits = trouble === undefined ? '' : `  waits: ${trouble}\n`
  const title = `Server: ${url}\n${waits}`
  if (failure) return `${title}  cannot take lines: ${failure}\n`
  if (sources.length === 0) return `${title}No lines have come yet.\n`
  const rows = sources.map((one) => [
    one.source,
    formatCount(one.logLines),
    formatBytes(one.logBytes),
    formatCount(one.unarchivedLines),
    formatCount(one.uncountedLines),
    one.failure ? `cannot go on: ${one.failure}` : 'well',
  ])
  return `${title}${textTable(['source', 'in the log', 'size', 'not archived', 'not counted', 'stream'], rows)}`
}

function describeArchive(places: Places, { archive: { failure, sources, health } }: Status): string {
  const title = `Archive: ${places.archive}\n`
  if (failure) return `${title}  cannot be asked: ${failure.message}\n`
  const storage = health ? `${describeHealth(health)}\n` : ''
  const mode = health?.isSafeMode ? 'It is in safe mode, and nothing can be written to it.\n' : ''
  if (sources.length === 0)
    return `${title}${storage}${mode}No raw lines yet. Next: millrace ingest SOURCE FILE…\n`
  const rows = sources.map((one) => [
    one.isDefined ? one.source : `${one.source} (not in the definition)`,
    formatCount(one.lines),
    formatCount(one.blocks),
    formatBytes(one.rawBytes),
    formatBytes(one.storedBytes),
    secondOf(one.firstObservedMs),
    secondOf(one.lastObservedMs),
    secondOf(one.firstEventMs),
    secondOf(one.endEventMs),
  ])
  const observed = ['first observed', 'last observed', 'events from', 'events to']
  const table = textTable(['source', 'lines', 'blocks', 'raw', 'stored', ...observed], rows)
  const told = sources.flatMap(({ incidents = [] }) => incidents.map(({ message }) => `${message}\n`))
  return `${title}${storage}${mode}${table}${told.join('')}`
}

function describeReport(places: Places, { report: { failure, lastRun, metrics } }: Status): string {
  const title = `Report: ${places.report}\n`
  if (failure) return `${title}  the report cannot be asked: ${failure.message}\n`
  const rows = metrics.map((metric) => [
    metric.metric,
    String(metric.revision ?? '-'),
    boundOf(metric.firstWindowMs),
    boundOf(metric.lastWindowMs),
    (metric.coverage ?? []).map(describeRange).join(', ') || '-',
    describeState(metric),
  ])
  const table = textTable(['metric', 'revision', 'first window', 'last window', 'computed', 'totals'], rows)
  if (!lastRun) return `${title}${table}No batch run was published yet. Next: millrace batch\n`
  const { revision, engine, startedMs, finishedMs, sources } = lastRun
  const sum = (count: (one: (typeof sources)[number]) => number) =>
    sources.reduce((total, one) => total + count(one), 0)
  const lines = `${countOf(
    sum(({ linesRead }) => linesRead),
    'line',
  )}, ${formatCount(sum(({ rejected }) => rejected))} rejected`
  const seconds = formatSeconds(finishedMs - startedMs)
  return `${title}${table}Last run: revision ${revision} of ${formatInstant(startedMs)} by ${engine}, ${lines}, took ${seconds}.\n`
}

function describeState({ state, linesBehind }: MetricStatus): string {
  switch (state) {
    case 'current':
      return 'up to date'
    case 'behind':
      return `${countOf(linesBehind ?? 0, 'line')} behind; run \`millrace batch\``
    case 'changed':
      return 'of an older definition; run `millrace batch`'
    case 'other archive':
      return 'of another archive; run `millrace batch`'
    case 'none':
      return 'none yet; run `millrace batch`'
    case 'unknown':
      return 'the archive does not say how far it is'
  }
}

/** Whole seconds tell when lines came well enough. */
function secondOf(ms: number | undefined): string {
  return ms === undefined ? '-' : formatInstant(Math.floor(ms / 1000) * 1000)
}

function boundOf(ms: number | null | undefined): string {
  return typeof ms === 'number' ? formatInstant(ms) : '-'
}
