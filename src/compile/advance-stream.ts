/** A micro-batch of a stream: what it changes in any report, in the one transaction that its store has begun. */

import { checkLedger } from '../core/check-ledger.ts'
import { MillraceError } from '../core/error.ts'
import { greatestOf, leastOf } from '../core/extremes.ts'
import { finalBefore } from '../core/final-windows.ts'
import type { OffsetRange } from '../core/lost-lines.ts'
import { holdsWindow, type PublishedRange } from '../core/metric-ranges.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'
import { windowStart } from '../core/window.ts'
import type { StagedSource } from '../ports/batch-engine.ts'
import type { StreamAdvance } from '../ports/report.ts'
import { type CountedOffsets, ledgerLines, metricLedger } from './ledger-lines.ts'
import { describeMetric, type StoredValue, type StoredVersion } from './publish-run.ts'
import type { MetricTables } from './report-tables.ts'
import type {
  MetricProgress,
  StoredMetric,
  StoredStream,
  StreamTables,
  WindowLines,
} from './stream-tables.ts'
import { versionKey } from './version-key.ts'

/** How a database does the parts. Everything happens inside one transaction. */
export interface AdvanceStore {
  readonly streams: StreamTables
  insert(table: string, row: Readonly<Record<string, StoredValue>>): Promise<void>
  forget(table: 'metrics' | 'measures' | 'coverage', metric: string, version: string): Promise<void>
  versions(metric: string): Promise<StoredVersion[]>
  tables(plan: MetricPlan): MetricTables
  replaceView(plan: MetricPlan): Promise<void>
  /** Makes the tables that are missing. */
  createTables(plan: MetricPlan): Promise<void>
  /** Versions that only batch runs have counted so far have no tables for what a stream adds. */
  withoutLive(plans: readonly MetricPlan[]): Promise<MetricPlan[]>
  /** Records of the staged base tally by window; asked before its partials are added. */
  stagedWindows(plan: MetricPlan, staged: StagedSource['metrics'][number]): Promise<WindowLines[]>
  /** Appends the partials of all windows but those in `dropped`, which are few however many windows there are. */
  addPartials(
    plan: MetricPlan,
    staged: StagedSource['metrics'][number],
    dropped: readonly Required<TimeRange>[],
  ): Promise<void>
  /** Merges live partials of the windows that start before the instant into the ordinary tables. */
  settle(plan: MetricPlan, beforeMs: number): Promise<void>
  /** Merges live partials when they have grown. */
  mergeGrown(plan: MetricPlan): Promise<void>
  /** Those that are listed already are left out: by a batch run, or for metrics that came there before. */
  addRejects(staged: StagedSource, offsets: OffsetRange): Promise<void>
}

type StagedMetric = StagedSource['metrics'][number]

interface MetricStep {
  readonly plan: MetricPlan
  readonly progress: MetricProgress
}

export class StreamAdvancer {
  readonly #store: AdvanceStore
  readonly #streams: StreamTables
  readonly #advance: StreamAdvance
  readonly #appended: number
  /** By `versionKey`, as it was when the advance began. */
  #metrics: ReadonlyMap<string, StoredMetric> = new Map()
  /** By `versionKey`, of metrics that have joined before. */
  #published: ReadonlyMap<string, PublishedRange[]> = new Map()

  constructor(store: AdvanceStore, advance: StreamAdvance) {
    this.#store = store
    this.#streams = store.streams
    this.#advance = advance
    this.#appended = advance.endOffset - advance.fromOffset
  }

  /** Errors: REPORT_STREAM_MOVED, REPORT_LATENESS_MOVED, LEDGER_MISMATCH, after which the store must roll back. */
  async advance(): Promise<void> {
    const { source, incarnation, archive, endOffset, clockMs, staged, plans } = this.#advance
    const stored = await this.#streams.readStream(source)
    this.#metrics = await this.#streams.readMetrics(plans)
    if (stored) this.#requireHere(stored)
    for (const line of ledgerLines({ staged, ...this.#offsets })) checkLedger(line)
    const joined = plans.filter((plan) => this.#known(plan))
    this.#published = hasRecords(staged) ? await this.#streams.publishedOf(joined) : new Map()
    for (const plan of await this.#store.withoutLive(joined)) {
      await this.#store.createTables(plan)
      await this.#store.replaceView(plan)
    }
    const steps: MetricStep[] = []
    for (const plan of plans) steps.push(await this.#advanceMetric(plan, stored?.clockMs ?? clockMs))
    await this.#streams.addProgress(steps)
    if (staged.rejected > 0 || staged.metrics.some(({ rejected }) => rejected > 0))
      await this.#store.addRejects(staged, this.#advance)
    const stream = {
      ...{ incarnation, archive: archive ?? stored?.archive ?? null },
      endOffset: Math.max(endOffset, stored?.endOffset ?? endOffset),
      clockMs: Math.max(clockMs, stored?.clockMs ?? clockMs),
    }
    await this.#streams.writeStream(source, stream, !stored)
  }

  /** Each metric goes on where it stands, and a new one begins where the source does. */
  #requireHere({ incarnation, archive, endOffset }: StoredStream): void {
    const { source, incarnation: givenLog, archive: givenArchive, fromOffset: given, plans } = this.#advance
    const isLog = incarnation === givenLog || incarnation === this.#advance.follows
    const isArchive = archive === null || givenArchive === undefined || archive === givenArchive
    const offsets = plans.map((plan) => this.#known(plan)?.endOffset ?? endOffset)
    const other = offsets.find((offset) => offset !== given)
    if (isLog && isArchive && other === undefined) return
    const params = { source, held: other ?? endOffset, heldLog: incarnation, given, givenLog }
    throw new MillraceError('REPORT_STREAM_MOVED', params)
  }

  /** `sourceClockMs` is of the metric that was furthest before. */
  async #advanceMetric(plan: MetricPlan, sourceClockMs: number): Promise<MetricStep> {
    const { fromOffset, endOffset, staged: source } = this.#advance
    const staged = source.metrics.find(({ metric }) => metric === plan.metric)
    if (!staged) throw new Error(`metric ${plan.metric} was not staged`)
    const latenessMs = this.#latenessOf(plan)
    const known = this.#known(plan)
    await this.#keepLateness(plan, known)
    if (!known) {
      await this.#join(plan, sourceClockMs)
      const start = { startOffset: fromOffset, startClockMs: sourceClockMs + this.#aheadMs }
      await this.#streams.beginMetric(plan, start)
    }
    const finalMs = known?.finalBeforeMs ?? finalBefore(sourceClockMs, plan.windowMs, latenessMs)
    const windows = await this.#addPartials(plan, staged, finalMs)
    // Of a metric that catches up, and not of its source: what comes next may be of windows that others have behind them.
    const clockMs = Math.max(this.#advance.clockMs, known?.clockMs ?? sourceClockMs)
    const {
      counted,
      filtered,
      late = 0,
      rejected,
      appended,
      lost = 0,
    } = metricLedger(plan.source, staged, this.#offsets)
    const ledger = { appended, counted, filtered, late, rejected, lost }
    await this.#widenBounds(plan, windows)
    // An allowance that has grown opens no window that was final.
    const finalBeforeMs = Math.max(finalBefore(clockMs, plan.windowMs, latenessMs), finalMs)
    if (!known || finalBeforeMs > finalMs) await this.#store.settle(plan, finalBeforeMs)
    return { plan, progress: { endOffset, clockMs, latenessMs, finalBeforeMs, ...ledger } }
  }

  /** Lines below the offset stay judged as they were; those of this advance were judged before the report could say. */
  async #keepLateness(plan: MetricPlan, known: StoredMetric | undefined): Promise<void> {
    const { source, fromOffset } = this.#advance
    const latenessMs = this.#latenessOf(plan)
    if (known?.latenessMs === latenessMs) return
    if (known && this.#appended > 0) {
      const { metric } = plan
      const judged = { held: known.latenessMs, given: latenessMs }
      throw new MillraceError('REPORT_LATENESS_MOVED', { source, metric, offset: fromOffset, ...judged })
    }
    const final = known && { finalBeforeMs: known.finalBeforeMs }
    await this.#streams.addLateness(plan, { fromOffset, latenessMs, ...final })
  }

  #known({ metric, version }: MetricPlan): StoredMetric | undefined {
    return this.#metrics.get(versionKey(metric, version))
  }

  async #widenBounds(plan: MetricPlan, windows: readonly WindowLines[]): Promise<void> {
    if (windows.length === 0) return
    const starts = windows.map(({ windowMs }) => windowMs)
    const [firstMs, lastMs] = [leastOf(starts), greatestOf(starts)]
    const bounds = this.#known(plan)?.bounds
    if (!bounds || firstMs < bounds.firstMs || lastMs > bounds.lastMs)
      await this.#streams.widenBounds(plan, firstMs, lastMs)
  }

  /** Records that were there before the stream may be of windows that begin later than it. */
  get #aheadMs(): number {
    const { fromOffset, allowedSkewMs = 0 } = this.#advance
    return fromOffset === 0 ? 0 : allowedSkewMs
  }

  get #offsets(): CountedOffsets {
    return { appended: this.#appended, lost: this.#advance.lost }
  }

  #latenessOf({ metric }: MetricPlan): number {
    return this.#advance.latenessMs.get(metric) ?? 0
  }

  /** From here on the stream counts; windows that began earlier may have records below, which are a batch's. */
  async #join(plan: MetricPlan, startClockMs: number): Promise<void> {
    await this.#store.createTables(plan)
    const versions = await this.#store.versions(plan.metric)
    if (!versions.some(({ version }) => version === plan.version))
      await describeMetric(this.#store, plan, 0, { first: { ms: null }, last: { ms: null } })
    // The view of an older version stays until a batch run has made the new one whole.
    if (versions.every(({ version }) => version === plan.version)) await this.#store.replaceView(plan)
    const fromMs = finalBefore(startClockMs, plan.windowMs, this.#latenessOf(plan))
    const { fromOffset } = this.#advance
    const published = await this.#streams.published(plan)
    // Lines between a run's cut and the stream may be of any window, and nobody has counted them.
    if (published.some(({ cut }) => cut < fromOffset)) await this.#streams.forgetPublished(plan)
    else if (published.every(({ cut }) => cut === fromOffset)) await this.#streams.endCoverage(plan, fromMs)
    if (fromOffset === 0) return
    await this.#streams.noteWindows(
      plan,
      { fromMs, toMs: windowStart(startClockMs + this.#aheadMs, plan.windowMs) },
      fromOffset,
    )
  }

  /** The windows that were added to; those before `finalMs` were final when the advance began. */
  async #addPartials(plan: MetricPlan, staged: StagedMetric, finalMs: number): Promise<WindowLines[]> {
    const { fromOffset, endOffset } = this.#advance
    const windows = staged.counted > 0 ? await this.#store.stagedWindows(plan, staged) : []
    const counted = windows.reduce((sum, { lines }) => sum + lines, 0)
    checkLedger(metricLedger(plan.source, { ...staged, counted }, this.#offsets))
    const late = staged.late ?? []
    if (windows.length === 0 && late.length === 0) return []
    const published = await this.#publishedOf(plan)
    const cutOf = ({ windowMs }: WindowLines) =>
      published.find(({ range }) => holdsWindow(range, windowMs))?.cut
    // A run that read beyond this advance's beginning has counted all that is not late, and what is final stays so.
    const isTaken = (window: WindowLines) => {
      const cut = cutOf(window)
      return cut !== undefined && (cut > fromOffset || window.windowMs < finalMs)
    }
    const dropped = windows.filter(isTaken)
    const kept = windows.filter((window) => !isTaken(window))
    if (kept.length > 0) {
      await this.#store.addPartials(plan, staged, runsOf(windows, isTaken, plan.windowMs))
      await this.#store.mergeGrown(plan)
    }
    // What a published batch has counted already needs no other run.
    const notes = [...late, ...dropped].filter((window) => (cutOf(window) ?? -1) < endOffset)
    if (notes.length > 0) await this.#streams.noteLate(plan, notes, endOffset)
    return kept
  }

  /** To join may have ended some. */
  async #publishedOf(plan: MetricPlan): Promise<PublishedRange[]> {
    if (!this.#known(plan)) return this.#streams.published(plan)
    return this.#published.get(versionKey(plan.metric, plan.version)) ?? []
  }
}

/** Ranges that hold the windows of which something is true, and none of the others; the windows are ascending. */
function runsOf(
  windows: readonly WindowLines[],
  isTrue: (window: WindowLines) => boolean,
  widthMs: number,
): Required<TimeRange>[] {
  const runs: { fromMs: number; toMs: number }[] = []
  let isRunning = false
  for (const window of windows) {
    const [wasRunning, toMs] = [isRunning, window.windowMs + widthMs]
    isRunning = isTrue(window)
    if (isRunning && wasRunning) runs.at(-1)!.toMs = toMs
    else if (isRunning) runs.push({ fromMs: window.windowMs, toMs })
  }
  return runs
}

/** Only then does it matter what was published. */
function hasRecords({ metrics }: StagedSource): boolean {
  return metrics.some(({ counted, late = [] }) => counted > 0 || late.length > 0)
}
