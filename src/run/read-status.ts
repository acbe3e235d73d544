/** The use case of a status: what each role holds and how it fares; a role that is away does not hide the others. */

import { buildPlans } from '../compile/build-plan.ts'
import type { Digest } from '../compile/metric-version.ts'
import type { Manifest } from '../core/block.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { greatestOf, leastOf } from '../core/extremes.ts'
import { acceptedLoss, type Incident } from '../core/incident.ts'
import { linesBehind, publishedWithin } from '../core/lines-behind.ts'
import { countLost } from '../core/lost-lines.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive, StorageHealth } from '../ports/archive.ts'
import type { BatchEngine, ClusterState } from '../ports/batch-engine.ts'
import type { Report } from '../ports/report.ts'
import type { DeployedJob, StreamJobs } from '../ports/stream-jobs.ts'

export interface StatusJob {
  readonly definition: Definition
  digest: Digest
  openArchive(): Promise<Archive>
  openReport(): Promise<Report>
  openEngine(): Promise<BatchEngine>
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
   * `current`: all lines are counted; `behind`: lines came later; `changed`: the report holds totals of another
   * definition; `other archive`: of another archive; `none`: no totals; `unknown`: the archive is away.
   */
  readonly state: 'current' | 'behind' | 'changed' | 'other archive' | 'none' | 'unknown'
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
    readonly sources: readonly SourceStatus[]
  }
  /** `state` is absent where the engine is this machine, or its machines give no account. */
  readonly batch: { readonly failure?: Failure; readonly state?: ClusterState }
  /** Absent where the stream is computed here. */
  readonly jobs?: { readonly failure?: Failure; readonly sources: readonly JobStatus[] }
  readonly disk: { readonly failure?: Failure } & Partial<DiskState>
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

/** Reads what roles say of themselves, side by side; no block is opened. */
export async function readStatus(job: StatusJob): Promise<Status> {
  const { patienceMs = PATIENCE_MS } = job
  const ask = <T>(answer: Promise<T>, otherwise: (failure: Failure) => T) =>
    within(answer, patienceMs).catch((error: unknown) => otherwise(failureOf(error)))
  const archived = ask(readArchive(job), (failure) => ({ manifests: new Map(), sources: [], failure }))
  const [{ manifests, ...archive }, report, batch, disk, jobs] = await Promise.all([
    archived,
    archived.then((one) =>
      ask<Status['report']>(readReport(job, one.failure ? undefined : one.manifests), (failure) => ({
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
  return { archive: { ...archive, sources }, batch, report, disk, ...(jobs && { jobs }) }
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
  try {
    const archive = await openArchive()
    for (const source of new Set([...definition.sources.keys(), ...(await archive.sources())])) {
      const manifest = await archive.manifest(source)
      if (manifest) manifests.set(source, manifest)
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
    return { manifests, sources, ...(health && { health }) }
  } catch (error) {
    return { manifests, sources: [], failure: failureOf(error) }
  }
}

function toldLoss(manifest: Pick<Manifest, 'source' | 'lost'>): Pick<SourceStatus, 'incidents'> {
  const loss = acceptedLoss(manifest)
  return loss ? { incidents: [loss] } : {}
}

async function readReport(job: StatusJob, manifests: Manifests | undefined): Promise<Status['report']> {
  const plans = buildPlans(job.definition, job.digest).flatMap((plan) => plan.metrics)
  let report: Report
  try {
    report = await job.openReport()
  } catch (error) {
    const metrics = plans.map((plan) => ({ ...named(plan), state: 'none' as const }))
    // There is none before the first batch.
    if (error instanceof MillraceError && error.code === 'REPORT_MISSING') return { metrics }
    return { metrics: [], failure: failureOf(error) }
  }
  try {
    const runs = await report.runs(MOST_RUNS)
    const metrics: MetricStatus[] = []
    for (const plan of plans) metrics.push(await readMetric({ report, runs, manifests }, plan))
    return { metrics, ...(runs[0] && { lastRun: runs[0] }) }
  } catch (error) {
    return { metrics: [], failure: failureOf(error) }
  } finally {
    await report.close()
  }
}

interface Known {
  readonly report: Report
  readonly runs: readonly RunRecord[]
  readonly manifests: Manifests | undefined
}

async function readMetric({ report, runs, manifests }: Known, plan: MetricPlan): Promise<MetricStatus> {
  const held = await report.metricState(plan.metric, plan.version)
  if (!held) return { ...named(plan), state: 'none' }
  const { revision, coverage, firstWindowMs, lastWindowMs } = held
  const known = { ...named(plan), revision, coverage, firstWindowMs, lastWindowMs }
  if (held.version !== plan.version) return { ...known, state: 'changed' }
  const state = await report.streamState(plan.source)
  const stream = state?.metrics.find(
    ({ metric, version }) => metric === plan.metric && version === plan.version,
  )
  const published = publishedWithin(held.published, {})
  const counted = { runs, revision, published, streamedTo: stream?.endOffset, sourceTo: state?.endOffset }
  const behind = linesBehind(counted, manifests?.get(plan.source), plan.source)
  if (behind === undefined) return { ...known, state: 'unknown' }
  if (behind === 'other archive') return { ...known, state: behind }
  return behind === 0 ? { ...known, state: 'current' } : { ...known, state: 'behind', linesBehind: behind }
}

function named({ metric, source, version }: MetricPlan) {
  return { metric, source, version }
}

function failureOf(error: unknown): Failure {
  if (error instanceof MillraceError) return { code: error.code, message: error.message }
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) }
}
