/** The use case of a status: what each role holds and how it fares; a role that is away does not hide the others. */

import { buildPlans } from '../compile/build-plan.ts'
import type { Digest } from '../compile/metric-version.ts'
import type { Manifest } from '../core/block.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { greatestOf, leastOf } from '../core/extremes.ts'
import { type Health, isStanding, judgeHealth } from '../core/health.ts'
import { causeOf, type HealthLimits } from '../core/health-facts.ts'
import { acceptedLoss, type Incident } from '../core/incident.ts'
import { linesBehind, publishedWithin } from '../core/lines-behind.ts'
import { countLost } from '../core/lost-lines.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive, ArchiveFinding, StorageHealth } from '../ports/archive.ts'
import type { BatchEngine, ClusterState } from '../ports/batch-engine.ts'
import type { LogEnds } from '../ports/log.ts'
import type { Report, StreamState } from '../ports/report.ts'
import type { DeployedJob, StreamJobs } from '../ports/stream-jobs.ts'
import { heldLines, sourceFacts } from './source-facts.ts'

export interface StatusJob {
  readonly definition: Definition
  digest: Digest
  openArchive(): Promise<Archive>
  openReport(): Promise<Report>
  openEngine(): Promise<BatchEngine>
  /** How far logs are that no server has open. */
  logEnds(): Promise<readonly LogEnds[]>
  readonly limits: HealthLimits
  now(): number
  /** As the server tells it that runs here: it knows its log, and what it last tried. An error: why it does not tell. */
  readonly served?: Health | Error
  /** Where an engine of its own tallies the stream. */
  openJobs?(): Promise<StreamJobs>
  /** Of the drive that holds the data folder. */
  disk(): Promise<DiskState>
  /** How long each role may take; default 10 s. */
  readonly patienceMs?: number
}

export interface DiskState {
  readonly freeBytes: number
  readonly sizeBytes: number
}

export interface SourceStatus {
  readonly source: string
  /** False for lines of a source that the definition no longer has. */
  readonly isDefined: boolean
  readonly lines: number
  /** Of raw lines, and of the files that hold them. */
  readonly rawBytes: number
  readonly storedBytes: number
  readonly blocks: number
  /** When lines were taken; the first is not known of archives that an earlier version began. */
  readonly firstObservedMs?: number
  readonly lastObservedMs?: number
  /** From the first window that holds a record to the end of the last, by the totals of the source's metrics. */
  readonly firstEventMs?: number
  readonly endEventMs?: number
  /** Absent where there is none. */
  readonly incidents?: readonly Incident[]
}

export interface MetricStatus {
  readonly metric: string
  readonly source: string
  readonly version: string
  /**
   * `current`: all lines are counted, or a server counts them in time; `behind`: lines came later; `ahead`: it has counted
   * lines that are neither in the archive nor in the log; `changed`: the report holds totals of another definition; `other
   * archive`: of another archive; `none`: no totals; `unknown`: the archive is away.
   */
  readonly state: 'current' | 'behind' | 'ahead' | 'changed' | 'other archive' | 'none' | 'unknown'
  /** Lines of the source that came later, when `behind`. */
  readonly linesBehind?: number
  readonly revision?: number
  /** Ranges of windows that were computed; one with open ends for the whole archive. */
  readonly coverage?: readonly TimeRange[]
  readonly firstWindowMs?: number | null
  readonly lastWindowMs?: number | null
}

export interface Failure {
  readonly code: string
  readonly message: string
}

/** `job` is absent where none is deployed. */
export type JobStatus = { readonly source: string } & Partial<DeployedJob>

/** `failure` says why a role could not be asked; what it holds is then empty. */
export interface Status {
  readonly archive: {
    readonly failure?: Failure
    readonly health?: StorageHealth
    /** What is not as manifests say, by names alone. */
    readonly findings: readonly ({ readonly source: string } & ArchiveFinding)[]
    readonly sources: readonly SourceStatus[]
  }
  /** `state` is absent where the engine is this machine, or its machines give no account. */
  readonly batch: { readonly failure?: Failure; readonly state?: ClusterState }
  /** Absent where the stream is computed here. */
  readonly jobs?: { readonly failure?: Failure; readonly sources: readonly JobStatus[] }
  readonly disk: { readonly failure?: Failure } & Partial<DiskState>
  /** Logs that no server has open. */
  readonly logs: readonly LogEnds[]
  /** Of what was found here, or of the server that runs here. */
  readonly health: Health
  readonly report: {
    readonly failure?: Failure
    readonly lastRun?: RunRecord
    readonly metrics: readonly MetricStatus[]
  }
}

/** Runs looked through for those that made the totals. */
const MOST_RUNS = 1000

const PATIENCE_MS = 10_000

type Manifests = Map<string, Manifest>
type ArchiveAnswer = Status['archive'] & { readonly manifests: Manifests }
type ReportAnswer = Status['report'] & { readonly states?: ReadonlyMap<string, StreamState> }

/** Reads what roles say of themselves, side by side; no block is opened. */
export async function readStatus(job: StatusJob): Promise<Status> {
  const { patienceMs = PATIENCE_MS } = job
  const ask = <T>(answer: Promise<T>, otherwise: (failure: Failure) => T) =>
    within(answer, patienceMs).catch((error: unknown) => otherwise(failureOf(error)))
  const logs: LogAnswer = await ask<LogAnswer>(readLogs(job), (failure) => ({ ends: [], failure }))
  const archived = ask(readArchive(job), (failure) => ({
    manifests: new Map(),
    findings: [],
    sources: [],
    failure,
  }))
  const [{ manifests, ...archive }, { states, ...report }, batch, disk, jobs] = await Promise.all([
    archived,
    archived.then((one) =>
      ask<ReportAnswer>(readReport({ ...one, job, logs: logs.ends }), (failure) => ({
        metrics: [],
        failure,
      })),
    ),
    ask(readEngine(job), (failure) => ({ failure })),
    ask<Status['disk']>(job.disk(), (failure) => ({ failure })),
    ask<Status['jobs']>(readJobs(job), (failure) => ({ sources: [], failure })),
  ])
  const sources = archive.sources.map((one) => ({
    ...one,
    ...eventsOf(one.source, report.metrics, job.definition),
  }))
  const known = { archive, manifests, report, logs: logs.ends, states: states ?? new Map() }
  const facts = {
    sources: factsOf(job, known),
    ...(logs.failure && { logTrouble: logs.failure }),
    ...(job.served instanceof Error && { serverFailure: causeOf(job.served) }),
  }
  const health = healthOf(job) ?? judgeHealth(facts, job.limits, job.now())
  const roles = { archive: { ...archive, sources }, batch, report, disk, ...(jobs && { jobs }) }
  return { ...roles, logs: logs.ends, health }
}

interface LogAnswer {
  readonly ends: readonly LogEnds[]
  readonly failure?: Failure
}

/** A server tells what its log holds by its own account. */
async function readLogs({ served, logEnds }: StatusJob): Promise<LogAnswer> {
  return { ends: served ? [] : await logEnds() }
}

function healthOf({ served }: StatusJob): Health | undefined {
  return served instanceof Error ? undefined : served
}

interface Found extends Pick<Status, 'archive' | 'report' | 'logs'> {
  readonly manifests: Manifests
  readonly states: ReadonlyMap<string, StreamState>
}

/** Of each source of the definition. */
function factsOf({ definition }: StatusJob, { archive, report, logs, manifests, states }: Found) {
  return [...definition.sources.keys()].map((source) => {
    const own = report.metrics.filter((one) => one.source === source)
    return sourceFacts({
      source,
      log: logs.find((one) => one.source === source),
      manifest: manifests.get(source),
      archiveFailure: archive.failure,
      reportFailure: report.failure,
      state: states.get(source),
      behind: own.map(({ linesBehind }) => linesBehind),
    })
  })
}

/** What does not answer must not keep the rest waiting. */
async function within<T>(answer: Promise<T>, patienceMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    const seconds = Math.round(patienceMs / 1000)
    timer = setTimeout(() => reject(new MillraceError('STATUS_NO_ANSWER', { seconds })), patienceMs)
  })
  return Promise.race([answer, silence]).finally(() => clearTimeout(timer))
}

async function readJobs({ openJobs, definition, digest }: StatusJob): Promise<Status['jobs']> {
  if (!openJobs) return undefined
  const jobs = await openJobs()
  const names = buildPlans(definition, digest).map(({ source }) => source)
  const states = names.map(async (source) => ({ source, ...(await jobs.state(source)) }))
  return { sources: await Promise.all(states) }
}

async function readEngine({ openEngine }: StatusJob): Promise<Status['batch']> {
  const engine = await openEngine()
  try {
    const state = await engine.state?.()
    return state ? { state } : {}
  } finally {
    await engine.close()
  }
}

function eventsOf(
  source: string,
  metrics: readonly MetricStatus[],
  definition: Definition,
): Pick<SourceStatus, 'firstEventMs' | 'endEventMs'> {
  const own = metrics.filter((metric) => metric.source === source)
  const firsts = own.flatMap(({ firstWindowMs }) => firstWindowMs ?? [])
  const ends = own.flatMap(({ metric, lastWindowMs }) => {
    const windowMs = definition.metrics.get(metric)?.windowMs
    return typeof lastWindowMs === 'number' && windowMs ? lastWindowMs + windowMs : []
  })
  if (firsts.length === 0 || ends.length === 0) return {}
  return { firstEventMs: leastOf(firsts), endEventMs: greatestOf(ends) }
}

async function readArchive({ definition, openArchive }: StatusJob): Promise<ArchiveAnswer> {
  const manifests: Manifests = new Map()
  const findings: ({ source: string } & ArchiveFinding)[] = []
  try {
    const archive = await openArchive()
    for (const source of new Set([...definition.sources.keys(), ...(await archive.sources())])) {
      const manifest = await archive.manifest(source)
      if (manifest) manifests.set(source, manifest)
      for (const found of await archive.inspect(source)) findings.push({ source, ...found })
    }
    const health = await archive.health?.()
    const sources = [...manifests].map(
      ([source, { blocks, nextOffset, firstObservedMs, lastObservedMs, lost }]) => ({
        source,
        isDefined: definition.sources.has(source),
        lines: nextOffset - countLost(lost, { fromOffset: 0, endOffset: nextOffset }),
        rawBytes: blocks.reduce((sum, block) => sum + block.rawBytes, 0),
        storedBytes: blocks.reduce((sum, block) => sum + block.fileBytes, 0),
        blocks: blocks.length,
        ...(firstObservedMs !== undefined && { firstObservedMs }),
        ...(lastObservedMs && { lastObservedMs }),
        ...toldLoss({ source, ...(lost && { lost }) }),
      }),
    )
    return { manifests, findings, sources, ...(health && { health }) }
  } catch (error) {
    return { manifests, findings, sources: [], failure: failureOf(error) }
  }
}

function toldLoss(manifest: Pick<Manifest, 'source' | 'lost'>): Pick<SourceStatus, 'incidents'> {
  const loss = acceptedLoss(manifest)
  return loss ? { incidents: [loss] } : {}
}

type Lines = Pick<ArchiveAnswer, 'failure' | 'manifests'> & Pick<Status, 'logs'> & { readonly job: StatusJob }

async function readReport(lines: Lines): Promise<ReportAnswer> {
  const { job } = lines
  const plans = buildPlans(job.definition, job.digest).flatMap((plan) => plan.metrics)
  let report: Report
  try {
    report = await job.openReport()
  } catch (error) {
    const metrics = plans.map((plan) => ({ ...named(plan), ...noTotals(lines, plan.source) }))
    // There is none before the first batch.
    if (error instanceof MillraceError && error.code === 'REPORT_MISSING') return { metrics }
    return { metrics: [], failure: failureOf(error) }
  }
  try {
    const runs = await report.runs(MOST_RUNS)
    const states = new Map<string, StreamState>()
    for (const source of new Set(plans.map((plan) => plan.source))) {
      const state = await report.streamState(source)
      if (state) states.set(source, state)
    }
    const metrics: MetricStatus[] = []
    for (const plan of plans) metrics.push(await readMetric({ ...lines, report, runs, states }, plan))
    return { metrics, states, ...(runs[0] && { lastRun: runs[0] }) }
  } catch (error) {
    return { metrics: [], failure: failureOf(error) }
  } finally {
    await report.close()
  }
}

interface Known extends Lines {
  readonly report: Report
  readonly runs: readonly RunRecord[]
  readonly states: ReadonlyMap<string, StreamState>
}

async function readMetric(known: Known, plan: MetricPlan): Promise<MetricStatus> {
  const { report, runs, states } = known
  const held = await report.metricState(plan.metric, plan.version)
  if (!held) return { ...named(plan), ...noTotals(known, plan.source) }
  const { revision, coverage, firstWindowMs, lastWindowMs } = held
  const found = { ...named(plan), revision, coverage, firstWindowMs, lastWindowMs }
  if (held.version !== plan.version) return { ...found, state: 'changed' }
  const state = states.get(plan.source)
  const stream = state?.metrics.find(
    ({ metric, version }) => metric === plan.metric && version === plan.version,
  )
  const published = publishedWithin(held.published, {})
  const counted = { runs, revision, published, streamedTo: stream?.endOffset, sourceTo: state?.endOffset }
  const behind = linesBehind(counted, heldOf(known, plan.source), plan.source)
  return { ...found, ...stateOf(known.job, plan.source, behind) }
}

/** Beside a server its word counts on where the log ends. */
function heldOf({ manifests, failure, logs, job }: Lines, source: string) {
  const health = healthOf(job)?.sources.find((one) => one.source === source)
  const log = health ? { endOffset: health.endOffset ?? 0 } : logs.find((one) => one.source === source)
  return heldLines({ log, manifest: manifests.get(source), archiveFailure: failure })
}

function noTotals(lines: Lines, source: string): Pick<MetricStatus, 'state' | 'linesBehind'> {
  const end = heldOf(lines, source)?.endOffset
  return { state: 'none', ...(end !== undefined && { linesBehind: end }) }
}

/** What a server counts in time is as good as counted, and it may have counted since it told where the log ends. */
function stateOf(
  job: StatusJob,
  source: string,
  behind: ReturnType<typeof linesBehind>,
): Pick<MetricStatus, 'state' | 'linesBehind'> {
  const health = healthOf(job)?.sources.find((one) => one.source === source)
  if (behind === undefined) return { state: 'unknown' }
  if (behind === 'other archive') return { state: behind }
  if (health && behind === 'ahead') return { state: isStanding(health) ? 'ahead' : 'current' }
  if (health?.faults.length === 0) return { state: 'current' }
  if (behind === 'ahead') return { state: behind }
  return { state: behind === 0 ? 'current' : 'behind', linesBehind: behind }
}

function named({ metric, source, version }: MetricPlan) {
  return { metric, source, version }
}

function failureOf(error: unknown): Failure {
  if (error instanceof MillraceError) return { code: error.code, message: error.message }
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) }
}
