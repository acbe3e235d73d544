/** What a running server hears of its log, archive and streams, kept as the facts from which its health is judged. */
import { setTimeout as sleep } from 'node:timers/promises'
import { leastOf } from '../core/extremes.ts'
import { type Cause, causeOf, type HealthFacts, type SourceFacts } from '../core/health-facts.ts'
import type { MetricPlan, SourcePlan } from '../core/plan.ts'
import type { Archive } from '../ports/archive.ts'
import type { Log, LogSource } from '../ports/log.ts'
import type { Report, StreamState } from '../ports/report.ts'

const LOOK_MS = 1000
/** How often an archive is asked for a source that has no log, which nobody else asks; of others once, at the start. */
const ASK_MS = 5000

export interface HealthPlace {
  readonly log: Log
  readonly archive: Pick<Archive, 'manifest'>
  readonly report: Pick<Report, 'streamState'>
  readonly now: () => number
}

interface StreamNews {
  /** Where its slowest metric stands; undefined until it began. */
  endOffset?: number
  failure?: Cause
}

interface ArchiveNews {
  endOffset?: number
  failure?: Cause
  askedMs?: number
}

/** When the line at an offset was observed. */
interface Stamp {
  readonly offset: number
  readonly sinceMs: number
}

export class HealthWatch {
  readonly #place: HealthPlace
  #plans: readonly SourcePlan[] = []
  readonly #streams = new Map<string, StreamNews>()
  readonly #archives = new Map<string, ArchiveNews>()
  /** By source, while its stream has not begun: how far the report is, or why it does not say. */
  readonly #reports = new Map<string, StreamState | Cause | undefined>()
  readonly #uncounted = new Map<string, Stamp>()
  readonly #unarchived = new Map<string, Stamp>()
  #archiveTrouble: Cause | undefined
  #restateFailure: Cause | undefined
  #batchFailure: Cause | undefined

  constructor(place: HealthPlace) {
    this.#place = place
  }

  /** Sources are those of the definition as it is now; streams begin again. */
  serve(plans: readonly SourcePlan[]): void {
    this.#plans = plans
    this.#streams.clear()
    this.#restateFailure = undefined
    this.#batchFailure = undefined
  }

  /** Where the slowest metric of a source stands, as often as that changes. */
  streamed(source: string, endOffset: number): void {
    this.#streams.set(source, { endOffset })
  }

  /** It begins again from where the report stands. */
  streamFailed(source: string, error: unknown): void {
    this.#streams.set(source, { failure: causeOf(error) })
  }

  /** Undefined while nobody knows. */
  streamedTo(source: string): number | undefined {
    return this.#streams.get(source)?.endOffset
  }

  archived(source: string, endOffset: number): void {
    this.#archives.set(source, { endOffset, askedMs: this.#place.now() })
  }

  archiveFailed(source: string, error: unknown): void {
    const { endOffset } = this.#archives.get(source) ?? {}
    this.#archives.set(source, { ...(endOffset !== undefined && { endOffset }), failure: causeOf(error) })
  }

  /** While it is asked again and again: why. */
  archiveWaits(trouble: Cause | undefined): void {
    this.#archiveTrouble = trouble
  }

  get archiveTrouble(): Cause | undefined {
    return this.#archiveTrouble
  }

  restated(error?: unknown): void {
    this.#restateFailure = error === undefined ? undefined : causeOf(error)
  }

  batched(error?: unknown): void {
    this.#batchFailure = error === undefined ? undefined : causeOf(error)
  }

  /** Looks at times and at what nobody tells, until it is told to stop. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look()
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Of sources side by side: what one has to wait for is no other's affair. */
  async look(): Promise<void> {
    await Promise.all(this.#names().map((source) => this.#lookAtSource(source)))
  }

  async #lookAtSource(source: string): Promise<void> {
    await this.#askArchive(source)
    await this.#askReport(source)
    const { countedTo, archive } = this.#sourceFacts(source)
    await this.#lookAt(this.#uncounted, source, countedTo)
    // Of lines that neither has, and of all before the archive was asked, nobody knows the age.
    const isKnown = archive && archive.endOffset >= (this.#log(source)?.startOffset ?? 0)
    await this.#lookAt(this.#unarchived, source, isKnown ? archive.endOffset : undefined)
  }

  facts(): HealthFacts {
    const { failure, trouble } = this.#place.log
    return {
      sources: this.#names().map((source) => this.#sourceFacts(source)),
      ...(failure && { logFailure: causeOf(failure) }),
      ...(trouble && { logTrouble: causeOf(trouble) }),
      ...(this.#restateFailure && { restateFailure: this.#restateFailure }),
      ...(this.#batchFailure && { batchFailure: this.#batchFailure }),
    }
  }

  #names(): string[] {
    const planned = this.#plans.map(({ source }) => source)
    return [...new Set([...this.#place.log.sources().map(({ source }) => source), ...planned])]
  }

  #log(source: string): LogSource | undefined {
    return this.#place.log.sources().find((one) => one.source === source)
  }

  #sourceFacts(source: string): SourceFacts {
    const log = this.#log(source)
    const { endOffset: archived, failure = this.#archiveTrouble } = this.#archives.get(source) ?? {}
    const stream = this.#streams.get(source)
    const metrics = this.#metrics(source)
    const isKnown = metrics.length > 0 && (stream?.endOffset !== undefined || this.#reports.has(source))
    const report = isKnown ? reportFacts(metrics, stream, this.#reports.get(source)) : {}
    const [uncounted, unarchived] = [this.#uncounted.get(source), this.#unarchived.get(source)]
    return {
      source,
      ...(log && { log }),
      ...(archived !== undefined && { archive: { endOffset: archived } }),
      ...(failure && { archiveFailure: failure }),
      ...(metrics.length === 0 && { isUncounted: true }),
      ...report,
      ...(stream?.failure && { streamFailure: stream.failure }),
      ...(uncounted && { uncountedSinceMs: uncounted.sinceMs }),
      ...(unarchived && { unarchivedSinceMs: unarchived.sinceMs }),
    }
  }

  #metrics(source: string): readonly MetricPlan[] {
    return this.#plans.find((plan) => plan.source === source)?.metrics ?? []
  }

  /** Once of a source without lines, whose stream does not begin. */
  async #askReport(source: string): Promise<void> {
    if (this.#metrics(source).length === 0) return
    if (this.#streams.get(source)?.endOffset !== undefined) this.#reports.delete(source)
    else if (this.#endOf(source) > 0 || !this.#reports.has(source))
      this.#reports.set(source, await this.#place.report.streamState(source).catch(causeOf))
  }

  #endOf(source: string): number {
    return Math.max(this.#log(source)?.endOffset ?? 0, this.#archives.get(source)?.endOffset ?? 0)
  }

  async #askArchive(source: string): Promise<void> {
    const known = this.#archives.get(source)
    if (known && this.#log(source)) return
    if (this.#place.now() - (known?.askedMs ?? Number.NEGATIVE_INFINITY) < ASK_MS) return
    await this.#place.archive.manifest(source).then(
      (manifest) => {
        // Who archives may have told more meanwhile.
        if (this.#archives.get(source) !== known) return
        if (manifest || this.#log(source)) this.archived(source, manifest?.nextOffset ?? 0)
      },
      (error: unknown) => this.archiveFailed(source, error),
    )
  }

  /** Only where a line waits at another offset than before: its time does not change. */
  async #lookAt(stamps: Map<string, Stamp>, source: string, offset: number | undefined): Promise<void> {
    if (offset === undefined || offset >= this.#endOf(source)) stamps.delete(source)
    else if (stamps.get(source)?.offset !== offset) {
      // What cannot be read now is as old as it was known to be.
      const sinceMs = await this.#observedAt(source, offset).catch(() => undefined)
      if (sinceMs !== undefined) stamps.set(source, { offset, sinceMs })
    }
  }

  /** Of a line that the log has given up: when the last line of the archive was observed, which is no earlier. */
  async #observedAt(source: string, offset: number): Promise<number | undefined> {
    const log = this.#log(source)
    if (!log || offset < log.startOffset) {
      const manifest = await this.#place.archive.manifest(source)
      return manifest?.lastObservedMs
    }
    const [batch] = await this.#place.log.read(source, offset, 1)
    return batch?.observedMs
  }
}

/** By its stream, and until that has begun by what the report says. */
function reportFacts(
  metrics: readonly MetricPlan[],
  stream: StreamNews | undefined,
  report: StreamState | Cause | undefined,
): Pick<SourceFacts, 'countedTo' | 'reportEnd' | 'reportFailure'> {
  if (stream?.endOffset !== undefined) return { countedTo: stream.endOffset }
  if (report === undefined) return { countedTo: 0 }
  if ('message' in report) return { reportFailure: report }
  return { countedTo: countedTo(metrics, report), reportEnd: report.endOffset }
}

/** A metric that the report does not know yet begins where its source stands. */
export function countedTo(metrics: readonly MetricPlan[], state: StreamState): number {
  const ends = metrics.map(({ metric, version }) => {
    const held = state.metrics.find((one) => one.metric === metric && one.version === version)
    return held?.endOffset ?? state.endOffset
  })
  return leastOf([state.endOffset, ...ends])
}
