/** The use case of the stream of one source: read the log, tally, add to the report, until told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../core/error.ts'
import { finalBefore } from '../core/final-windows.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { Log, StoredBatch } from '../ports/log.ts'
import type { Report } from '../ports/report.ts'
import type { Reach, StreamEngine } from '../ports/stream-engine.ts'

/** Read at once: large enough to keep the engine busy when it has fallen behind, small enough for memory. */
const MOST_BYTES = 32 * 1024 * 1024
/**
 * A micro-batch begins this long after the one before it, or at once when that took longer: what one costs by itself
 * weighs least when lines are many, and a pause would only make totals older.
 */
const INTERVAL_MS = 600
/** An engine that gets lines itself is only asked how far it is. */
const REACH_INTERVAL_MS = 150

export interface StreamJob {
  readonly plan: SourcePlan
  readonly latenessMs: ReadonlyMap<string, number>
  readonly log: Log
  readonly engine: StreamEngine
  /** Stays open as long as the stream runs. */
  readonly report: Report
  /** An empty folder that both engine and report may open; `remove` gives it up. */
  makeStagingDir(): Promise<{ readonly path: string; remove(): Promise<void> }>
  now(): number
  onAdvance?(news: StreamNews): void
}

export interface StreamNews {
  readonly source: string
  readonly endOffset: number
  readonly lines: number
  /** Lines of the log that the report does not have yet. */
  readonly lagLines: number
  readonly tookMs: number
  /** From the time at which the oldest of the lines was observed to that at which it counted. */
  readonly freshnessMs: number | undefined
  /** The lines were to be tallied elsewhere. */
  readonly isTakenOver: boolean
}

/** Goes on from where the report stands. Errors: LOG_*, REPORT_*, and what the engine fails by. */
export async function runStream(job: StreamJob, signal: AbortSignal): Promise<void> {
  const stream = new Stream(job)
  if (!(await stream.begin(signal))) return
  while (!signal.aborted) {
    const startedMs = job.now()
    const wasFull = await stream.step()
    if (!wasFull) await stream.rest(job.now() - startedMs, signal)
  }
}

class Stream {
  readonly #job: StreamJob
  readonly #source: string
  #incarnation = ''
  #next = 0
  /** How far the windows of each metric were final when it advanced last. */
  #final = ''

  constructor(job: StreamJob) {
    this.#job = job
    this.#source = job.plan.source
  }

  /** Waits for the first line of a source; false when told to stop before it came. */
  async begin(signal: AbortSignal): Promise<boolean> {
    let held = this.#held()
    for (; !held && !signal.aborted; held = this.#held()) await pause(INTERVAL_MS, signal)
    if (!held) return false
    this.#incarnation = held.incarnation
    const state = await this.#job.report.streamState(this.#source)
    // Without an advance of no lines a report that knows nothing of the source could not tell where it begins.
    this.#next = state?.endOffset ?? held.startOffset
    if (!state) await this.#advance([], held.startOffset)
    return true
  }

  /** One micro-batch; true when more waits than it took. */
  async step(): Promise<boolean> {
    const { plan, latenessMs, engine } = this.#job
    if (engine.reach) {
      const reach = await engine.reach({ plan, latenessMs, fromOffset: this.#next })
      if (reach) await this.#advance([], reach.endOffset, reach)
      else await this.#settle()
      return reach !== undefined
    }
    const batches = await this.#job.log.read(this.#source, this.#next, MOST_BYTES)
    const last = batches.at(-1)
    if (last) {
      const taken = last.endOffset - this.#next
      await this.#advance(batches, last.endOffset, { observedMs: batches[0]!.observedMs })
      return this.#lagBehind(last.endOffset) > taken
    }
    await this.#settle()
    return false
  }

  /** Without lines windows still become final. */
  async #settle(): Promise<void> {
    // Of lines that wait some may be of the windows.
    const { clockMs, endOffset } = this.#job.log.end(this.#source)
    if (endOffset <= this.#next && this.#finalAt(clockMs) !== this.#final) await this.#advance([], this.#next)
  }

  async rest(tookMs: number, signal: AbortSignal): Promise<void> {
    const intervalMs = this.#job.engine.reach ? REACH_INTERVAL_MS : INTERVAL_MS
    await pause(Math.max(intervalMs - tookMs, 0), signal)
  }

  async #advance(
    batches: readonly StoredBatch[],
    endOffset: number,
    reach?: Omit<Reach, 'endOffset'>,
  ): Promise<void> {
    const { plan, latenessMs, engine, report, now, onAdvance } = this.#job
    const startedMs = now()
    const fromOffset = this.#next
    const clockMs = await this.#clockAt(endOffset)
    const staging = await this.#job.makeStagingDir()
    try {
      const staged = await engine.compute({
        ...{ plan, batches, fromOffset, endOffset, latenessMs },
        stagingDir: staging.path,
      })
      await report.advance({
        ...{ source: this.#source, incarnation: this.#incarnation, fromOffset, endOffset },
        ...{ clockMs, plans: plan.metrics, latenessMs, allowedSkewMs: plan.allowedSkewMs, staged },
      })
    } finally {
      await staging.remove()
    }
    this.#next = endOffset
    this.#final = this.#finalAt(clockMs)
    onAdvance?.({
      ...{ source: this.#source, endOffset, lines: endOffset - fromOffset },
      lagLines: this.#lagBehind(endOffset),
      tookMs: now() - startedMs,
      freshnessMs: reach && now() - reach.observedMs,
      isTakenOver: reach?.isTakenOver === true,
    })
  }

  /** Everything observed before it lies below the offset: the clock of what comes next, or of now. */
  async #clockAt(offset: number): Promise<number> {
    // In this order: what is appended after the clock was read is stamped with it or later.
    const { clockMs, endOffset } = this.#job.log.end(this.#source)
    if (endOffset <= offset) return clockMs
    const [following] = await this.#job.log.read(this.#source, offset, 1)
    if (following) return following.observedMs
    throw new MillraceError('LOG_TRIMMED', { source: this.#source, offset, held: endOffset })
  }

  #finalAt(clockMs: number): string {
    const { plan, latenessMs } = this.#job
    const ends = plan.metrics.map(({ metric, windowMs }) =>
      finalBefore(clockMs, windowMs, latenessMs.get(metric) ?? 0),
    )
    return ends.join()
  }

  #lagBehind(offset: number): number {
    return (this.#held()?.endOffset ?? offset) - offset
  }

  #held() {
    return this.#job.log.sources().find(({ source }) => source === this.#source)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
