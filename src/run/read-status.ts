/** The use case of a status: what each role holds and how it fares; a role that is away does not hide the others. */
import { buildPlans, type Digest } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { linesBehind } from '../core/lines-behind.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive, StorageHealth } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'

export interface StatusJob {
  readonly definition: Definition
  digest: Digest
  openArchive(): Promise<Archive>
  openReport(): Promise<Report>
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

/** `failure` says why a role could not be asked; what it holds is then empty. */
export interface Status {
  readonly archive: {
    readonly failure?: Failure
    readonly health?: StorageHealth
    readonly sources: readonly SourceStatus[]
  }
  readonly report: {
    readonly failure?: Failure
    readonly lastRun?: RunRecord
    readonly metrics: readonly MetricStatus[]
  }
}

/** Runs looked through for those that made the totals. */
const MOST_RUNS = 1000

type Manifests = Awaited<ReturnType<typeof readArchive>>['manifests']

/** Reads what roles say of themselves; no block is opened. */
export async function readStatus(job: StatusJob): Promise<Status> {
  const { manifests, ...archive } = await readArchive(job)
  const report = await readReport(job, archive.failure ? undefined : manifests)
  return { archive, report }
}

async function readArchive({ definition, openArchive }: StatusJob) {
  const manifests = new Map<string, NonNullable<Awaited<ReturnType<Archive['manifest']>>>>()
  try {
    const archive = await openArchive()
    for (const source of new Set([...definition.sources.keys(), ...(await archive.sources())])) {
      const manifest = await archive.manifest(source)
      if (manifest) manifests.set(source, manifest)
    }
    const health = await archive.health?.()
    const sources = [...manifests].map(([source, { blocks, nextOffset }]) => ({
      source,
      isDefined: definition.sources.has(source),
      lines: nextOffset,
      rawBytes: blocks.reduce((sum, block) => sum + block.rawBytes, 0),
      storedBytes: blocks.reduce((sum, block) => sum + block.fileBytes, 0),
      blocks: blocks.length,
    }))
    return { manifests, sources, ...(health && { health }) }
  } catch (error) {
    return { manifests, sources: [], failure: failureOf(error) }
  }
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
  const run = runs.find((one) => one.revision === revision)
  const stream = held.finalBeforeMs === undefined ? undefined : await report.streamState(plan.source)
  const behind = linesBehind(run, manifests?.get(plan.source), plan.source, stream?.endOffset)
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
