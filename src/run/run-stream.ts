/** The use case of the stream of one source: read its lines, tally, add to the report, until told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import { finalBefore } from '../core/final-windows.ts'
import { constantLateness, type LatenessSteps } from '../core/lateness.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { RejectCounts, StagedSource } from '../ports/batch-engine.ts'
import type { Report, StreamState } from '../ports/report.ts'
import type { Reach, StreamEngine } from '../ports/stream-engine.ts'
import { judgedLateness } from './judged-lateness.ts'
import { findPlace, placeStream, requireHeld, type StreamPlace } from './place-stream.ts'
import { type LinesEnd, type LinesPlace, SourceLines, type Stretch } from './source-lines.ts'

/** Read at once: large enough to keep the engine busy when it has fallen behind, small enough for memory. */
const MOST_BYTES = 32 * 1024 * 1024
/**
 * A micro-batch begins this long after the one before it, or at once when that took longer: what one costs by itself
 * weighs least when lines are many, and a pause would only make totals older.
 */
const INTERVAL_MS = 600
/** An engine that gets lines itself is only asked how far it is. */
const REACH_INTERVAL_MS = 150
/** How often the report is looked at, and an archive for lines of a source that has no log, and its windows become final. */
const LOOK_MS = 5000

export interface StreamJob extends Omit<LinesPlace, 'source'> {
  readonly plan: SourcePlan
  readonly latenessMs: ReadonlyMap<string, number>
  readonly engine: StreamEngine
  /** Stays open as long as the stream runs. */
  readonly report: Report
  /** An empty folder that both engine and report may open; `remove` gives it up. */
  makeStagingDir(): Promise<{ readonly path: string; remove(): Promise<void> }>
  now(): number
  /** Hears, when it begins or begins again, of the offset at which its slowest metric stands. */
  onBegin?(source: string, endOffset: number): void
  onAdvance?(news: StreamNews): void
}

export interface StreamNews {
  readonly source: string
  readonly endOffset: number
  readonly lines: number
  /** Lines of the source that the report does not have yet. */
  readonly lagLines: number
  readonly tookMs: number
  /** From the time at which the oldest of the lines was observed to that at which it counted. */
  readonly freshnessMs: number | undefined
  /** The lines were to be tallied elsewhere. */
  readonly isTakenOver: boolean
  /** Absent where no line was rejected. */
  readonly rejects?: RejectCounts
  /** By metric; those without late lines are left out. */
  readonly late: readonly { readonly metric: string; readonly lines: number }[]
  /** Metrics that the others of their source are ahead of, while that is so. */
  readonly behind: readonly string[]
}

/** Goes on from where the report stands. Errors: LOG_*, ARCHIVE_*, REPORT_*, and what the engine fails by. */
export async function runStream(job: StreamJob, signal: AbortSignal): Promise<void> {
  const stream = new Stream(job)
  if (!(await stream.begin(signal))) return
  while (!signal.aborted) {
    const startedMs = job.now()
    await stream.requireWhole()
    const wasFull = await stream.step()
    if (!wasFull) await stream.rest(job.now() - startedMs, signal)
  }
}

/** Metrics of the source that stand at one offset. */
interface Group {
  readonly plan: SourcePlan
  next: number
}

/** One who calls `step` when it likes, as tests do. */
export class Stream {
  readonly #job: StreamJob
  readonly #source: string
  readonly #lines: SourceLines
  #place: StreamPlace = { incarnation: '' }
  /** Ascending by offset; one, once all have caught up. */
  #groups: Group[] = []
  /** How far the windows of each metric were final when it advanced last. */
  #final = ''
  /** By metric, of the lines to come. */
  #lateness: ReadonlyMap<string, LatenessSteps>
  /** Where the archive ends, and when that was looked at, of a source without a log. */
  #archived = { endOffset: 0, atMs: Number.NEGATIVE_INFINITY }
  /** When the archive had been looked at that windows became final after, without lines. */
  #settledMs = Number.NEGATIVE_INFINITY
  /** When the report was looked at. */
  #wholeMs = Number.NEGATIVE_INFINITY

  constructor(job: StreamJob) {
    this.#job = job
    this.#source = job.plan.source
    this.#lateness = constantLateness(job.latenessMs)
    this.#lines = new SourceLines({ ...job, source: this.#source })
  }

  /** Waits for the first line of a source; false when told to stop before it came. */
  async begin(signal: AbortSignal): Promise<boolean> {
    let end = await this.#lines.end()
    for (; end.endOffset === 0 && !signal.aborted; end = await this.#look()) await pause(INTERVAL_MS, signal)
    if (end.endOffset === 0) return false
    requireHeld(this.#source, this.#lines, end)
    const state = await this.#job.report.streamState(this.#source)
    this.#place = await findPlace(this.#source, this.#lines, { state, end })
    this.#noteArchive(end)
    this.#groups = groupsOf(this.#job.plan, state)
    await this.#agree(state)
    this.#job.onBegin?.(this.#source, this.#groups[0]!.next)
    return true
  }

  /** Tells the report by advances of no lines where the stream begins, and by which allowances it goes on. */
  async #agree(state: StreamState | undefined): Promise<void> {
    const { plan, latenessMs, report } = this.#job
    for (const group of this.#groups) {
      if (judgedLateness(state, group.plan.metrics, latenessMs)) continue
      await this.#advance(group, { batches: [], endOffset: group.next })
    }
    const judged = judgedLateness(await report.streamState(this.#source), plan.metrics, latenessMs)
    if (!judged) throw new Error(`the report did not take the allowances of ${this.#source}`)
    this.#lateness = judged
  }

  /** Somebody may have taken tables away, also while no lines come. Errors: REPORT_TABLES_LOST. */
  async requireWhole(): Promise<void> {
    const nowMs = this.#job.now()
    if (nowMs - this.#wholeMs < LOOK_MS) return
    this.#wholeMs = nowMs
    await this.#job.report.requireWhole()
  }

  /** One micro-batch; true when more waits than it took. */
  async step(): Promise<boolean> {
    const [group, ahead] = this.#groups as [Group, Group?]
    const { log } = this.#lines
    if (log && this.#place.incarnation === '') await this.#meetLog()
    const { engine } = this.#job
    if (engine.reach && !ahead && this.#lines.isInLog(group.next)) {
      const reach = await engine.reach({ plan: group.plan, lateness: this.#lateness, fromOffset: group.next })
      if (reach) await this.#advance(group, { batches: [], endOffset: reach.endOffset }, reach)
      else await this.#settle(group)
      return reach !== undefined
    }
    const stretch = await this.#lines.read(group.next, ahead?.next ?? (await this.#end()), MOST_BYTES)
    if (!stretch) {
      await this.#settle(group)
      return false
    }
    const taken = stretch.endOffset - group.next
    const { observedMs } = stretch
    await this.#advance(group, stretch, observedMs === undefined ? undefined : { observedMs })
    if (ahead?.next === group.next) this.#join()
    return this.#groups.length > 1 || stretch.batches.length === 0 || (await this.#lag(group.next)) > taken
  }

  async rest(tookMs: number, signal: AbortSignal): Promise<void> {
    const intervalMs = this.#job.engine.reach ? REACH_INTERVAL_MS : INTERVAL_MS
    await pause(Math.max(intervalMs - tookMs, 0), signal)
  }

  /** A source that lay in the archive alone has a log now. */
  async #meetLog(): Promise<void> {
    const state = await this.#job.report.streamState(this.#source)
    this.#place = placeStream(state, await this.#lines.end())
  }

  /** The first two groups have come to one offset. */
  #join(): void {
    const [first, second, ...rest] = this.#groups as [Group, Group, ...Group[]]
    const joined = [...first.plan.metrics, ...second.plan.metrics]
    this.#groups = [{ plan: planOf(this.#job.plan, joined), next: first.next }, ...rest]
  }

  /** Without lines windows still become final. */
  async #settle(group: Group): Promise<void> {
    if (this.#lines.log) {
      // Of lines that wait some may be of the windows.
      if (this.#job.log.end(this.#source).endOffset > group.next) return
    } else {
      if (this.#settledMs === this.#archived.atMs) return
      this.#settledMs = this.#archived.atMs
    }
    if (this.#finalAt(await this.#lines.clockAt(group.next)) === this.#final) return
    await this.#advance(group, { batches: [], endOffset: group.next })
  }

  async #advance(group: Group, stretch: Stretch, reach?: Omit<Reach, 'endOffset'>): Promise<void> {
    const { latenessMs, engine, report, now, onAdvance } = this.#job
    const { plan, next: fromOffset } = group
    const { batches, block, lost, clockRepairs, endOffset } = stretch
    const startedMs = now()
    const clockMs = await this.#lines.clockAt(endOffset)
    const staging = await this.#job.makeStagingDir()
    let staged: StagedSource
    try {
      staged = await engine.compute({
        // Of lost lines there is nothing to compute.
        ...{ plan, batches, fromOffset: lost ? endOffset : fromOffset, endOffset, lateness: this.#lateness },
        ...(block && { block }),
        ...(clockRepairs && { clockRepairs }),
        stagingDir: staging.path,
      })
      await report.advance({
        ...{ source: this.#source, ...this.#place, fromOffset, endOffset, ...(lost && { lost }) },
        ...{ clockMs, plans: plan.metrics, latenessMs, allowedSkewMs: plan.allowedSkewMs, staged },
      })
    } finally {
      await staging.remove()
    }
    group.next = endOffset
    this.#final = this.#finalAt(clockMs)
    onAdvance?.({
      ...{ source: this.#source, endOffset, lines: endOffset - fromOffset },
      lagLines: await this.#lag(endOffset),
      tookMs: now() - startedMs,
      freshnessMs: reach && now() - reach.observedMs,
      isTakenOver: reach?.isTakenOver === true,
      ...(staged.rejects && { rejects: staged.rejects }),
      late: lateLines(staged),
      behind: this.#behind(group),
    })
  }

  #behind(group: Group): string[] {
    const ahead = this.#groups.find((other) => other !== group && other.next > group.next)
    return ahead ? group.plan.metrics.map(({ metric }) => metric) : []
  }

  #finalAt(clockMs: number): string {
    const { plan, latenessMs } = this.#job
    const ends = plan.metrics.map(({ metric, windowMs }) =>
      finalBefore(clockMs, windowMs, latenessMs.get(metric) ?? 0),
    )
    return ends.join()
  }

  async #lag(offset: number): Promise<number> {
    return Math.max((await this.#end()) - offset, 0)
  }

  /** A log is never behind its archive. */
  async #end(): Promise<number> {
    const { log } = this.#lines
    if (log) return Math.max(log.endOffset, this.#archived.endOffset)
    await this.#look()
    return this.#archived.endOffset
  }

  /** An archive may be far away, and is not asked at each turn. */
  async #look(): Promise<LinesEnd> {
    const { log } = this.#lines
    const isOld = this.#job.now() - this.#archived.atMs >= LOOK_MS
    if (isOld || log) this.#noteArchive(await this.#lines.end())
    const endOffset = Math.max(this.#archived.endOffset, log?.endOffset ?? 0)
    return { endOffset, ...(log && { log }) }
  }

  #noteArchive({ archive }: LinesEnd): void {
    this.#archived = { endOffset: archive?.nextOffset ?? 0, atMs: this.#job.now() }
  }
}

/** Those that the report has go on where they stand; those that are new begin where the source stands. */
function groupsOf(plan: SourcePlan, state: StreamState | undefined): Group[] {
  const offsetOf = (metric: MetricPlan) => heldOf(metric, state)?.endOffset ?? state?.endOffset ?? 0
  const offsets = [...new Set(plan.metrics.map(offsetOf))].sort((a, b) => a - b)
  return offsets.map((next) => ({
    plan: planOf(
      plan,
      plan.metrics.filter((metric) => offsetOf(metric) === next),
    ),
    next,
  }))
}

function heldOf({ metric, version }: MetricPlan, state: StreamState | undefined) {
  return state?.metrics.find((one) => one.metric === metric && one.version === version)
}

/** In the order of the definition; the plan itself where it has all of them, since an engine may know it. */
function planOf(plan: SourcePlan, some: readonly MetricPlan[]): SourcePlan {
  if (some.length === plan.metrics.length) return plan
  return { ...plan, metrics: plan.metrics.filter((metric) => some.includes(metric)) }
}

function lateLines({ metrics }: StagedSource): StreamNews['late'] {
  const sums = metrics.map(({ metric, late = [] }) => {
    return { metric, lines: late.reduce((sum, { lines }) => sum + lines, 0) }
  })
  return sums.filter(({ lines }) => lines > 0)
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
