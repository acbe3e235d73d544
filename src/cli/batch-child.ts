/** The process a batch runs in: it computes, publishes, answers its parent, and is gone. */
import { createHash } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { refusalOf } from '../archive/unreadable.ts'
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { type SourcePlan, versionsOf } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import { isWholeRange } from '../core/time-coverage.ts'
import { loadDefinition } from '../define/load-definition.ts'
import {
  archivePlace,
  checkReport,
  type Deployment,
  lockData,
  openArchive,
  openBatchEngine,
  openLink,
  openReport,
} from '../engines/registry.ts'
import type { Report } from '../ports/report.ts'
import { findOtherSources } from '../run/find-other-sources.ts'
import { readCountedRuns } from '../run/held-lost.ts'
import { readStreams } from '../run/read-streams.ts'
import { type BatchProgress, runBatch } from '../run/run-batch.ts'
import { catchUp } from './catch-up.ts'
import { settleNames } from './settle-names.ts'
import { waitForLock } from './wait-for-lock.ts'
import { deploymentOf } from './workspace.ts'

/** What the parent sends first. Paths are absolute. */
export interface BatchOrder {
  readonly type: 'start'
  readonly config: string
  readonly dataDir: string
  readonly range: TimeRange
  /** By metric, where it is another one. */
  readonly ranges?: readonly (readonly [string, TimeRange])[]
  /** All metrics when absent. */
  readonly metrics?: readonly string[]
  /** Sources whose streams begin again. */
  readonly restarts?: readonly string[]
  /** Totals of lines that the archive holds no longer may give way. */
  readonly replaces?: boolean
  /** The server that orders it does not stream these metrics meanwhile. */
  readonly takesOver?: boolean
}

/** What the parent may send later. */
export interface BatchCancel {
  readonly type: 'cancel'
}

/** What the child answers; `done` or `error` is the last. */
export type BatchAnswer =
  | { readonly type: 'progress'; readonly progress: BatchProgress }
  | { readonly type: 'done'; readonly record: RunRecord }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly exitCode: number }

const cancel = new AbortController()

async function obey(order: BatchOrder): Promise<RunRecord> {
  const { definition } = await loadDefinition(order.config)
  if (!definition) throw new MillraceError('BATCH_DEFINITION_CHANGED', { file: order.config })
  const deployment = deploymentOf(order, definition)
  const staging = join(order.dataDir, 'staging')
  const release = await waitForLock(() => lockData(deployment, 'batch'), { signal: cancel.signal })
  try {
    await rm(staging, { recursive: true, force: true })
    const asking = { ...deployment, signal: cancel.signal }
    await settleNames(asking, { asksReport: true, holds: ['batch'] })
    return await computeAndPublish(order, definition, staging)
  } finally {
    await rm(staging, { recursive: true, force: true })
    await release()
  }
}

async function computeAndPublish(
  order: BatchOrder,
  definition: Definition,
  staging: string,
): Promise<RunRecord> {
  const deployment = deploymentOf(order, definition)
  // What is being published is waited for, so that its outcome is known.
  const asking = { ...deployment, signal: cancel.signal }
  // A report on another machine may be held by others, who are not waited for then.
  const publishing = deployment.report?.adapter ? asking : deployment
  const plans = buildPlans(definition, sha256, order.metrics)
  const isServed = await requireServed(asking, plans, order)
  await requireSameSources(asking, plans, order)
  const metrics = [...definition.metrics.values()]
  const latenessMs = new Map(metrics.map(({ name, allowedLatenessMs }) => [name, allowedLatenessMs]))
  const isAlone = !isServed || order.takesOver === true
  const read = async <T>(task: (report: Report) => Promise<T>) => {
    const report = await openPresentReport(asking)
    return report && task(report).finally(() => report.close())
  }
  const engine = await openBatchEngine(deployment)
  const archive = await openArchive(asking)
  try {
    return await runBatch({
      ...{ plans, range: order.range, ranges: new Map(order.ranges), archive, engine },
      ...(order.restarts && { restarts: order.restarts }),
      ...(isAlone && { takesOver: { latenessMs, replaces: order.replaces === true } }),
      readStreams: async () => (await read((report) => readStreams(report, plans))) ?? new Map(),
      readRuns: async () => (await read((report) => readCountedRuns(report, plans))) ?? new Map(),
      // Who restarts a source holds its log, and has archived it before.
      ...(!order.restarts && { catchUp: (streams) => catchUp(asking, archive, streams) }),
      checkReport: () => checkReport(publishing),
      openReport: () => openReport(publishing, 'write'),
      archivePlace: archivePlace(deployment),
      makeStagingDir: async (name) => makeFolder(join(staging, name)),
      digest: sha256,
      now: Date.now,
      onProgress: (progress) => answer({ type: 'progress', progress }),
      signal: cancel.signal,
    })
  } finally {
    await engine.close()
  }
}

/**
 * A server goes on adding to the versions that it began with: one published in their place would lose what it adds.
 * False where none runs. Errors: SERVE_OTHER_DEFINITION, SERVE_MUST_STOP, SERVE_RUNS_ALREADY, SERVE_UNREACHABLE.
 */
async function requireServed(
  deployment: Deployment,
  plans: readonly SourcePlan[],
  order: BatchOrder,
): Promise<boolean> {
  const link = await openLink(deployment)
  if (!link) return false
  // A stream that is at work cannot begin again.
  if (order.restarts || order.replaces) link.close()
  if (order.restarts) throw new MillraceError('SERVE_RUNS_ALREADY', { path: deployment.dataDir })
  if (order.replaces) throw new MillraceError('SERVE_MUST_STOP', {})
  const versions = (await link.call('versions', []).finally(() => link.close())) as [string, string][]
  const served = new Map(versions)
  const planned = versionsOf(plans)
  // A metric that was asked for may be gone.
  const other = [...(order.metrics ?? planned.keys())].find(
    (metric) => served.has(metric) && served.get(metric) !== planned.get(metric),
  )
  if (other !== undefined)
    throw new MillraceError('SERVE_OTHER_DEFINITION', { metric: other, file: order.config })
  return true
}

/** Errors: METRIC_OTHER_SOURCE. */
async function requireSameSources(
  deployment: Deployment,
  plans: readonly SourcePlan[],
  { range, ranges, replaces, restarts, takesOver }: BatchOrder,
): Promise<void> {
  // What is computed for a server that must go on, or of some windows, takes the place of no other version.
  if (replaces || restarts || takesOver || ranges || !isWholeRange(range)) return
  const report = await openPresentReport(deployment)
  if (!report) return
  const [other] = await findOtherSources(plans, report).finally(() => report.close())
  if (other) throw new MillraceError('METRIC_OTHER_SOURCE', { ...other })
}

/** There is none before the first batch. One of an older format is brought up to date, and lost tables are made again. */
function openPresentReport(deployment: Deployment): Promise<Report | undefined> {
  return openWhole(deployment).catch((error: unknown) => {
    const code = error instanceof MillraceError ? error.code : undefined
    if (code === 'REPORT_MISSING') return undefined
    if (code === 'REPORT_OLDER_FORMAT' || code === 'REPORT_INCOMPLETE') return openReport(deployment, 'write')
    throw error
  })
}

async function openWhole(deployment: Deployment): Promise<Report> {
  const report = await openReport(deployment, 'read')
  try {
    await report.requireWhole()
    return report
  } catch (error) {
    await report.close()
    throw error
  }
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true })
  return path
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function answer(message: BatchAnswer): void {
  if (process.connected) process.send?.(message)
}

function describe(error: unknown): BatchAnswer {
  const cause = cancel.signal.aborted ? new MillraceError('BATCH_CANCELLED') : (refusalOf(error) ?? error)
  if (cause instanceof MillraceError) {
    return { type: 'error', code: cause.code, message: cause.message, exitCode: cause.exitCode }
  }
  const message = cause instanceof Error ? cause.message : String(cause)
  return { type: 'error', code: 'UNEXPECTED', message, exitCode: 1 }
}

function listen(message: BatchOrder | BatchCancel): void {
  if (message.type === 'cancel') cancel.abort()
  else start(message)
}

function start(order: BatchOrder): void {
  obey(order)
    .then((record): BatchAnswer => ({ type: 'done', record }), describe)
    .then((last) => process.send?.(last, () => process.exit(last.type === 'done' ? 0 : 1)))
}

process.on('message', listen)
// It ends with its parent, which a closed terminal may leave alone.
process.on('SIGHUP', () => undefined)
process.on('SIGINT', () => cancel.abort())
/** A parent that died cannot be told anything: stop at once; the report is as it was. */
process.on('disconnect', () => process.exit(1))
