/** Publishing: what a batch run changes in any report, in the one transaction that its store has begun. */
import { checkLedger } from '../core/check-ledger.ts'
import { MillraceError } from '../core/error.ts'
import { finalBefore } from '../core/final-windows.ts'
import { rangeOf } from '../core/metric-ranges.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import { addRange, isWholeRange } from '../core/time-coverage.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { StagedSource } from '../ports/batch-engine.ts'
import type { Publication } from '../ports/report.ts'
import { ledgerLines, metricLedger } from './ledger-lines.ts'
import type { MetricTables } from './report-tables.ts'
import type { StoredMetric, StreamTables } from './stream-tables.ts'
import { versionKey } from './version-key.ts'

/** A place in a row of millrace's own tables; `ms` are milliseconds since the epoch, null an open end. */
export type StoredValue = string | number | null | readonly string[] | { readonly ms: number | null }

/** Rows of the base tally that were loaded, the records they count, and the bounds of the windows now held. */
export interface Loaded {
  readonly rows: number
  readonly records: number
  readonly first: StoredValue
  readonly last: StoredValue
}

export interface StoredVersion {
  readonly version: string
  readonly plan: MetricPlan
  /** A stream may have begun that has counted nothing yet. */
  readonly hasTotals: boolean
}

export interface LoadJob {
  readonly plan: MetricPlan
  readonly staged: StagedSource['metrics'][number]
  readonly range: TimeRange
  readonly revision: number
}

/** How a database does the parts. Everything happens inside one transaction. */
export interface PublishStore {
  nextRevision(): Promise<number>
  /** Columns by name, without `tenant`. */
  insert(table: string, row: Readonly<Record<string, StoredValue>>): Promise<void>
  forget(table: 'metrics' | 'measures' | 'coverage', metric: string, version: string): Promise<void>
  coverage(metric: string, version: string): Promise<TimeRange[]>
  versions(metric: string): Promise<StoredVersion[]>
  tables(plan: MetricPlan): MetricTables
  /** Those of a stream too. */
  dropTables(plan: MetricPlan): Promise<void>
  /** An open range replaces the tables; any other replaces the windows that start in it. */
  load(job: LoadJob): Promise<Loaded>
  replaceView(plan: MetricPlan): Promise<void>
  /** Of the source as a whole and of these metrics; those that the stream found from the cut on stay. */
  replaceRejects(
    staged: StagedSource,
    metrics: readonly string[],
    place: { readonly revision: number; readonly cut: number },
  ): Promise<void>
  readonly streams: StreamTables
  /** Takes away the live partials of windows that start in the range. */
  clearLive(plan: MetricPlan, range: TimeRange): Promise<void>
}

type PublishedSource = Publication['sources'][number]

export class RunPublisher {
  readonly #store: PublishStore
  readonly #publication: Publication
  /** What may keep readers out comes when all that takes long is done. */
  readonly #last: (() => Promise<void>)[] = []

  constructor(store: PublishStore, publication: Publication) {
    this.#store = store
    this.#publication = publication
  }

  /** Errors: LEDGER_MISMATCH, after which the store must roll back. */
  async publish(): Promise<RunRecord> {
    const revision = await this.#store.nextRevision()
    const rows = new Map<string, number>()
    for (const source of this.#publication.restarts ?? []) await this.#forgetStreams(source)
    for (const source of this.#publication.sources) {
      await this.#addLedger(revision, source)
      const moved = source.plans.filter((plan) => this.#moves(source, plan))
      if (moved.length > 0) await this.#requireStanding(source, moved)
      for (const plan of source.plans)
        rows.set(plan.metric, await this.#publishMetric(revision, source, plan))
      if (moved.length > 0) await this.#moveStream(source)
      // A run reads every line, so it knows all rejects of its source; those of metrics it left out stay.
      const metrics = source.plans.map(({ metric }) => metric)
      const cut = source.advance?.replaces ? Number.MAX_SAFE_INTEGER : source.appended
      await this.#store.replaceRejects(source.staged, metrics, { revision, cut })
    }
    const record = await this.#publication.record(revision, rows)
    await this.#store.insert('runs', {
      revision,
      started: { ms: record.startedMs },
      finished: { ms: record.finishedMs },
      engine: record.engine,
      record: JSON.stringify(record),
    })
    for (const act of this.#last) await act()
    return record
  }

  /** Also of metrics that the definition no longer has: they come back as new ones. */
  async #forgetStreams(source: string): Promise<void> {
    const { streams } = this.#store
    for (const plan of await streams.plansOf(source)) {
      await streams.forgetStream(plan)
      await this.#store.clearLive(plan, {})
      await this.#store.forget('coverage', plan.metric, plan.version)
    }
    await streams.forgetSource(source)
  }

  async #addLedger(revision: number, { staged, appended, lost: missing }: PublishedSource): Promise<void> {
    const source = staged.source
    for (const line of ledgerLines({ staged, appended, lost: missing })) {
      checkLedger(line)
      const { metric = null, counted, filtered, late = null, rejected, outside = null, lost = null } = line
      const row = { revision, source, metric, appended, counted, filtered, late, rejected, outside, lost }
      await this.#store.insert('ledger', row)
    }
  }

  async #publishMetric(revision: number, source: PublishedSource, plan: MetricPlan): Promise<number> {
    const range = rangeOf(this.#publication, plan.metric)
    const staged = source.staged.metrics.find(({ metric }) => metric === plan.metric)
    if (!staged) throw new Error(`metric ${plan.metric} was not staged`)
    const stream = await this.#store.streams.readMetric(plan)
    const isMoved = this.#moves(source, plan)
    // All that the stream has said of the version is below the cut.
    if (isMoved) await this.#store.streams.forgetStream(plan)
    else if (stream) requireFinal(plan, range, stream, source.advance?.clockMs)
    await this.#store.streams.takeOver(plan, range, { revision, cut: source.appended })
    await this.#store.clearLive(plan, range)
    const loaded = await this.#store.load({ plan, staged, range, revision })
    checkStored(source, staged, loaded.records)
    if (isMoved) await this.#moveMetric(plan, source, stream)
    const coverage = await this.#replaceCoverage(plan, range)
    await describeMetric(this.#store, plan, revision, loaded)
    if (!isWholeRange(range) && !isWholeBeside(range, stream)) {
      const isAlone = (await this.#store.versions(plan.metric)).length === 1
      // A new version of which only ranges exist must not take the place of the whole totals others may be reading.
      if (isAlone || coverage.some(isWholeRange)) this.#last.push(() => this.#store.replaceView(plan))
      return loaded.rows
    }
    const versions = await this.#store.versions(plan.metric)
    // Those are of other lines: they give way by consent alone, and the view stays with them.
    const isOther = versions.some((one) => one.hasTotals && one.plan.source !== plan.source)
    if (isOther && !source.advance?.replaces) return loaded.rows
    // The view goes over to the new tables before the old ones are dropped, which it may depend on.
    this.#last.push(
      () => this.#store.replaceView(plan),
      () => this.#dropOtherVersions(plan, versions),
    )
    return loaded.rows
  }

  /** The run has counted all windows and nobody streams, so one cut is the version's end. */
  #moves({ advance }: PublishedSource, { metric }: MetricPlan): boolean {
    return advance !== undefined && isWholeRange(rangeOf(this.#publication, metric))
  }

  /** Nobody has counted since the run began. */
  async #requireStanding({ advance, staged }: PublishedSource, plans: readonly MetricPlan[]) {
    const { from, archive, replaces } = advance!
    const stream = await this.#store.streams.readStream(staged.source)
    const isOther = stream?.archive != null && stream.archive !== archive
    if (isOther && !replaces)
      throw new MillraceError('REPORT_OTHER_ARCHIVE', {
        ...{ source: staged.source, held: stream.archive!, found: archive },
      })
    const metrics = await this.#store.streams.readMetrics(plans)
    for (const { metric, version } of plans) {
      const held = metrics.get(versionKey(metric, version))?.endOffset
      if (held === from.get(metric)) continue
      throw new MillraceError('REPORT_MOVED', { metric, given: from.get(metric) ?? 0, held: held ?? 0 })
    }
  }

  /** The version has all windows up to the cut, and its stream goes on from there. */
  async #moveMetric(
    plan: MetricPlan,
    source: PublishedSource,
    before: StoredMetric | undefined,
  ): Promise<void> {
    const staged = source.staged.metrics.find(({ metric }) => metric === plan.metric)!
    const ledger = metricLedger(plan.source, staged, source)
    const { appended, counted, filtered, rejected, lost = 0 } = ledger
    const { clockMs, replaces } = source.advance!
    const latenessMs = source.advance!.latenessMs.get(plan.metric) ?? 0
    // What was final stays so, whatever is allowed now.
    const wasFinal = replaces ? undefined : before?.finalBeforeMs
    const final = finalBefore(clockMs, plan.windowMs, latenessMs)
    const finalBeforeMs = Math.max(final, wasFinal ?? final)
    await this.#store.streams.addLateness(plan, { fromOffset: appended, latenessMs, finalBeforeMs })
    await this.#store.streams.beginMetric(plan, { startOffset: 0, startClockMs: 0 })
    const place = { endOffset: appended, clockMs, latenessMs, finalBeforeMs }
    const progress = { ...place, appended, counted, filtered, late: 0, rejected, lost }
    await this.#store.streams.addProgress([{ plan, progress }])
  }

  /** Lines below the cut are the archive's, whatever log they came through. */
  async #moveStream({ staged, appended, advance }: PublishedSource): Promise<void> {
    const { source } = staged
    const { archive, clockMs, replaces } = advance!
    const stored = await this.#store.streams.readStream(source)
    if (replaces) await this.#store.streams.forgetBeyond(source, appended)
    const held = replaces ? undefined : stored
    const stream = {
      ...{ incarnation: '', archive },
      endOffset: Math.max(appended, held?.endOffset ?? appended),
      clockMs: Math.max(clockMs, held?.clockMs ?? clockMs),
    }
    await this.#store.streams.writeStream(source, stream, !stored)
  }

  async #replaceCoverage({ metric, version }: MetricPlan, range: TimeRange): Promise<TimeRange[]> {
    const coverage = addRange(await this.#store.coverage(metric, version), range)
    await this.#store.forget('coverage', metric, version)
    for (const { fromMs = null, toMs = null } of coverage)
      await this.#store.insert('coverage', {
        metric,
        version,
        from_time: { ms: fromMs },
        to_time: { ms: toMs },
      })
    return coverage
  }

  async #dropOtherVersions({ metric, version }: MetricPlan, versions: readonly StoredVersion[]) {
    for (const other of versions) {
      if (other.version === version) continue
      await this.#store.streams.forgetStream(other.plan)
      await this.#store.dropTables(other.plan)
      for (const table of ['metrics', 'measures', 'coverage'] as const)
        await this.#store.forget(table, metric, other.version)
    }
  }
}

/** What the report says of a version; the numbers of its windows are null while there are none. */
export async function describeMetric(
  store: Pick<PublishStore, 'insert' | 'forget' | 'tables'>,
  plan: MetricPlan,
  revision: number,
  { first, last }: Pick<Loaded, 'first' | 'last'>,
): Promise<void> {
  const { metric, version } = plan
  const tables = store.tables(plan)
  for (const table of ['metrics', 'measures'] as const) await store.forget(table, metric, version)
  await store.insert('metrics', {
    metric,
    version,
    revision,
    source: plan.source,
    window_ms: plan.windowMs,
    first_window: first,
    last_window: last,
    totals_table: tables.totals,
    series_table: tables.series,
    plan: JSON.stringify(plan),
  })
  for (const { measure, tally, columns, scale } of plan.measures) {
    const isKeyed = plan.tallies.some(({ id, key }) => id === tally && key)
    await store.insert('measures', {
      metric,
      version,
      measure: measure.name,
      aggregate: measure.call.aggregate,
      unit: measure.unit ?? null,
      scale,
      table_name: isKeyed ? tables.sketch(tally) : tables.totals,
      columns,
    })
  }
}

/** Until the stream's clock, or the one at a cut beyond it, says otherwise a window is the stream's. */
function requireFinal(
  plan: MetricPlan,
  { toMs }: TimeRange,
  { finalBeforeMs, latenessMs }: StoredMetric,
  cutClockMs?: number,
): void {
  const atCut = cutClockMs === undefined ? finalBeforeMs : finalBefore(cutClockMs, plan.windowMs, latenessMs)
  const final = Math.max(finalBeforeMs, atCut)
  if (toMs !== undefined && toMs <= final) return
  throw new MillraceError('REPORT_STREAM_OWNS', { metric: plan.metric, from: formatInstant(final) })
}

/** Beside a stream a run has done all there is to do when it ends where the stream began, or later. */
function isWholeBeside({ fromMs, toMs }: TimeRange, stream: StoredMetric | undefined): boolean {
  return stream !== undefined && fromMs === undefined && toMs !== undefined && toMs >= stream.startClockMs
}

/** What the engine says it counted must be what its rows hold. */
function checkStored(
  source: PublishedSource,
  staged: StagedSource['metrics'][number],
  records: number,
): void {
  checkLedger(metricLedger(source.staged.source, { ...staged, counted: records }, source))
}
