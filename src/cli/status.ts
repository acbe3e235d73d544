/** `millrace status`: what each role holds, how far the totals are, and whether all is well. */
import type { Command } from 'commander'
import { MillraceError } from '../core/error.ts'
import { faultsOf, formatAge, type Health } from '../core/health.ts'
import { ZONE_RELEASE } from '../core/time-zone/zone-data.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { Deployment } from '../engines/registry.ts'
import type { MetricStatus, Status } from '../run/read-status.ts'
import type { ServerStatus } from '../server/server-status.ts'
import { describeBatch } from './describe-batch.ts'
import { describeDisk } from './describe-disk.ts'
import { describeFinding } from './describe-finding.ts'
import { describeHealth } from './describe-health.ts'
import { describeJob, isJobWell } from './describe-job.ts'
import { describeRange } from './describe-range.ts'
import { limitsOfFiles } from './health-limits.ts'
import { writeJson, writeOut } from './output.ts'
import { readDisk } from './read-disk.ts'
import { servedStatus } from './served-status.ts'
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

/** Exit status 1 when a role cannot be asked, its storage has lost blocks, or something is at fault by the model of health. */
async function status(workspace: Workspace): Promise<void> {
  const definition = await loadChecked(workspace)
  const deployment = deploymentOf(workspace, definition)
  const registry = await import('../engines/registry.ts')
  const { openStreamJobs } = await import('../engines/stream-registry.ts')
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
    ...(deployment.stream?.adapter && { openJobs: () => openStreamJobs(deployment) }),
    disk: () => readDisk(workspace.dataDir),
    logEnds: () => registry.readLogEnds(deployment),
    limits: limitsOfFiles(definition),
    now: Date.now,
    ...(server && { served: server instanceof MillraceError ? server : server.health }),
  })
  const places = {
    archive: archivePlace(deployment),
    batch: batchPlace(deployment),
    report: reportPlace(deployment),
    data: workspace.dataDir,
  }
  if (!isWell(found)) process.exitCode = 1
  await show(workspace, { places, found, server })
  // What was not waited for any longer would keep the process alive.
  if (isSilent(found)) process.exit()
}

/** Undefined where none runs; an error tells why one that runs cannot be asked. */
async function askServer(deployment: Deployment): Promise<ServerStatus | MillraceError | undefined> {
  return servedStatus(deployment).catch((error: unknown) => {
    if (error instanceof MillraceError) return error
    throw error
  })
}

interface Shown {
  readonly places: Places
  readonly found: Status
  readonly server: ServerStatus | MillraceError | undefined
}

async function show(workspace: Workspace, { places, found, server }: Shown): Promise<void> {
  const timeZones = { release: ZONE_RELEASE }
  if (workspace.json) {
    const { health: _, ...known } =
      server && !(server instanceof MillraceError) ? server : { health: undefined }
    const told = server instanceof MillraceError ? { failure: server.message } : known
    return writeJson({ places, ...found, timeZones, ...(server && { server: told }) })
  }
  const parts = [describeArchive(places, found), describeBatch(places, found), describeReport(places, found)]
  const last = `${describeDisk(places.data, found.disk)}\nTime zones: IANA database ${ZONE_RELEASE}.\n`
  await writeOut(
    [...parts, ...describeJobs(found), ...describeLogs(found, server), describeFaults(found), last].join(
      '\n',
    ),
  )
}

function isSilent({ archive, batch, report, disk, jobs }: Status): boolean {
  return [archive, batch, report, disk, jobs].some((role) => role?.failure?.code === 'STATUS_NO_ANSWER')
}

/** Long enough for a busy server, short enough for somebody who waits. */
const PATIENCE_MS = 5000

function isWell({ archive, batch, report, jobs, health }: Status): boolean {
  const isDamaged = archive.findings.some(({ fault }) => fault !== 'unnamed')
  const isAhead = report.metrics.some(({ state }) => state === 'ahead')
  if (health.faults.length > 0 || isAhead || isDamaged) return false
  const lost = (archive.health?.missingBlocks ?? 0) + (archive.health?.corruptBlocks ?? 0)
  const isTallying = !jobs?.failure && (jobs?.sources ?? []).every(isJobWell)
  return !archive.failure && !batch.failure && !report.failure && lost === 0 && isTallying
}

function describeJobs({ jobs }: Status): string[] {
  if (!jobs) return []
  if (jobs.failure) return [`Jobs:\n  cannot be asked: ${jobs.failure.message}\n`]
  return [`Jobs:\n${jobs.sources.map(({ source, ...deployed }) => describeJob(source, deployed)).join('')}`]
}

/** Of the server that runs here, or as the files tell while none does. */
function describeLogs({ logs, health }: Status, server: Shown['server']): string[] {
  if (server instanceof MillraceError) return [`Server:\n  cannot be asked: ${server.message}\n`]
  if (!server && logs.length === 0) return []
  const title = server ? `Server: ${server.url}\n` : 'Log: no server runs here.\n'
  if (health.sources.length === 0) return [`${title}No lines have come yet.\n`]
  const held = server
    ? new Map(server.logs.map(({ source, lines, bytes }) => [source, [lines, bytes] as const]))
    : new Map(logs.map((one) => [one.source, [one.endOffset - one.startOffset, undefined] as const]))
  const rows = health.sources.map((one) => {
    const [lines, bytes] = held.get(one.source) ?? [0, 0]
    return [
      one.source,
      formatCount(lines),
      bytes === undefined ? '-' : formatBytes(bytes),
      describeWaiting(one.unarchivedLines, one.unarchivedMs),
      describeWaiting(one.uncountedLines, one.uncountedMs),
      one.faults.length === 0 ? 'well' : one.faults.map(({ code }) => code).join(', '),
    ]
  })
  return [
    `${title}${textTable(['source', 'in the log', 'size', 'not archived', 'not counted', 'state'], rows)}`,
  ]
}

/** How long the oldest has waited is told of such as take long. */
function describeWaiting(lines: number | undefined, ageMs: number | undefined): string {
  if (lines === undefined) return '-'
  const isLong = lines > 0 && ageMs !== undefined && ageMs >= LONG_MS
  return `${formatCount(lines)}${isLong ? ` for ${formatAge(ageMs)}` : ''}`
}

const LONG_MS = 10_000

/** Each in full: what it is, why, and what to do. */
function describeFaults({ health: { faults } }: Status): string {
  if (faults.length === 0) return 'Health: no fault is known.\n'
  return `Health: ${countOf(faults.length, 'fault')}.\n${faults.map(({ code, message }) => `  ${code}: ${message}\n`).join('')}`
}

function describeArchive(places: Places, found: Status): string {
  const { failure, sources, health, findings } = found.archive
  const title = `Archive: ${places.archive}\n`
  if (failure) return `${title}  cannot be asked: ${failure.message}\n`
  const storage = health ? `${describeHealth(health)}\n` : ''
  const mode = health?.isSafeMode ? 'It is in safe mode, and nothing can be written to it.\n' : ''
  if (sources.length === 0) return `${title}${storage}${mode}${describeNoLines(found)}\n`
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
  return `${title}${storage}${mode}${table}${told.join('')}${findings.map(describeFinding).join('')}`
}

/** An archive without lines is no news before any have come, and a reason to look where some had. */
function describeNoLines({ health, report }: Status): string {
  const unarchived = health.sources.filter(({ unarchivedLines = 0 }) => unarchivedLines > 0)
  const [first] = unarchived
  if (first)
    return `It has no lines yet; those of ${unarchived.map(({ source }) => source).join(', ')} are in the log, and \`millrace batch\` brings them here.`
  const counted = report.metrics.filter(({ coverage }) => coverage !== undefined).map(({ metric }) => metric)
  if (counted.length > 0)
    return `It has no lines, though the report has counted some for ${counted.join(', ')}.`
  return 'No raw lines yet. Next: millrace ingest SOURCE FILE…'
}

function describeReport(places: Places, { report: { failure, lastRun, metrics }, health }: Status): string {
  const title = `Report: ${places.report}\n`
  if (failure) return `${title}  the report cannot be asked: ${failure.message}\n`
  const rows = metrics.map((metric) => [
    metric.metric,
    String(metric.revision ?? '-'),
    boundOf(metric.firstWindowMs),
    boundOf(metric.lastWindowMs),
    (metric.coverage ?? []).map(describeRange).join(', ') || '-',
    describeState(metric, health),
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

function describeState({ state, linesBehind, source }: MetricStatus, health: Health): string {
  switch (state) {
    case 'current': {
      const codes = faultsOf(health, source).map(({ code }) => code)
      return codes.length === 0 ? 'up to date' : `all lines that are known, but: ${codes.join(', ')}`
    }
    case 'behind':
      return `${countOf(linesBehind ?? 0, 'line')} behind; run \`millrace batch\``
    case 'ahead':
      return 'of more lines than archive and log hold'
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
