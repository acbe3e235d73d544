/** The real thing for one order of operations: archive, log, stream and batches of one data folder, in this process. */
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPlans } from '../../src/compile/build-plan.ts'
import type { HeldSource } from '../../src/core/held-source.ts'
import type { MetricPlan, SourcePlan } from '../../src/core/plan.ts'
import type { TimeRange } from '../../src/core/run-record.ts'
import { DuckdbBatchEngine } from '../../src/engines/duckdb/batch.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { besideLog, FilesLog } from '../../src/engines/files/log.ts'
import type { Report } from '../../src/ports/report.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { waitingRanges } from '../../src/run/keep-restating.ts'
import { readStreams } from '../../src/run/read-streams.ts'
import { runBatch } from '../../src/run/run-batch.ts'
import { Stream } from '../../src/run/run-stream.ts'
import { type VerifiedMetric, verifyTotals } from '../../src/run/verify-totals.ts'
import { bytesInput, defineText, sha256 } from '../pipeline.ts'
import { sharedReport } from '../stream/shared-report.ts'
import { LINES, METRICS, type MetricName, type Operation } from './order-model.ts'
import { FileStore, type ReportStore } from './report-store.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Longer than a window and what it allows: what came with one operation is final for the next. */
const TICK = 10 * MINUTE
const T0 = 1_700_000_040_000
/** A segment for each batch of lines, so that there is something to trim. */
const SEGMENT_BYTES = 100
const MOST_RESTATEMENTS = 20
/** Of one metric, by turns; the other has none. */
const LATENESS = 2 * MINUTE
const PATIENCE = 5 * MINUTE

const DEFINITION = `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { id: integer } }
metrics:
  kept: { source: web, window: 1m, measures: { n: count() }, allowed_lateness: 2m }
  left: { source: web, window: 5m, measures: { n: count(), ids: sum(id) } }
`

interface Served {
  readonly log: FilesLog
  readonly report: Report
  readonly engine: DuckdbStreamEngine
  /** Undefined where the definition has no metric of the source. */
  readonly stream: Stream
  hasBegun: boolean
}

/** A report that is kept aside, and what is in it. */
interface OlderReport {
  readonly name: string
  readonly facts: unknown
}

/** The files of a moment, and what is not in them. */
export interface Kept {
  readonly name: string
  readonly nowMs: number
  readonly metrics: readonly MetricName[]
  readonly keptLatenessMs: number
  readonly older: OlderReport | undefined
}

/** As many as work side by side; one, where they would share a store of reports. */
const WORLDS = 3

/** Closes the worlds and removes what they made. */
export async function withWorlds<T>(
  act: (worlds: readonly OrderWorld[]) => Promise<T>,
  store?: ReportStore,
): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'millrace-orders-'))
  const worlds = Array.from({ length: store ? 1 : WORLDS }, () => new OrderWorld(root, store))
  try {
    return await act(worlds)
  } finally {
    for (const world of worlds) await world.close()
    rmSync(root, { recursive: true, force: true })
  }
}

export class OrderWorld {
  readonly #root: string
  readonly #dataDir: string
  readonly #store: ReportStore
  readonly #plan = buildPlans(defineText(DEFINITION), sha256)[0]!
  #keptLatenessMs = LATENESS
  #archive: FilesArchive
  #metrics: readonly MetricName[] = METRICS
  #nowMs = T0
  #older: OlderReport | undefined
  #served: Served | undefined

  /** Worlds of one root can put back what another of them kept. */
  constructor(root: string, store?: ReportStore) {
    this.#root = root
    this.#dataDir = mkdtempSync(join(root, 'data-'))
    this.#archive = new FilesArchive({ dataDir: this.#dataDir })
    this.#store = store ?? new FileStore(this.#dataDir, join(root, 'reports'))
  }

  /** Errors: those of the commands. */
  async apply(operation: Operation): Promise<void> {
    this.#nowMs += TICK
    await this.#settle()
    await this.#act(operation)
    await this.#settle()
    if (!this.#served && !this.#older) await this.#keepOlder()
  }

  async #act(operation: Operation): Promise<void> {
    switch (operation) {
      case 'serve':
        return this.#serve()
      case 'post':
        return this.#post()
      case 'stop':
        return this.#stop()
      case 'ingest':
        return this.#ingest()
      case 'batch':
        return this.#batch(this.#present(this.#metrics))
      case 'backfill':
        return this.#batch(this.#present(['kept']))
      case 'put the older report back':
        return this.#store.putBack(this.#older!.name)
      case 'leave a metric out or take it back':
        this.#metrics = this.#metrics.includes('left') ? ['kept'] : METRICS
        return
      case 'change the allowed lateness':
        this.#keptLatenessMs = this.#keptLatenessMs === LATENESS ? PATIENCE : LATENESS
    }
  }

  /** Lines in the totals of each metric that the report has. */
  async counts(): Promise<Record<string, number>> {
    return this.#reading(async (report) => {
      const counts: Record<string, number> = {}
      for (const plan of this.#plan.metrics) {
        const windows = await windowsOf(report, plan)
        if (windows) counts[plan.metric] = windows.reduce((sum, [, lines]) => sum + lines, 0)
      }
      return counts
    })
  }

  /** Of metrics of the definition. Errors: those of the command. */
  async verify(metrics: readonly MetricName[]): Promise<readonly VerifiedMetric[]> {
    const folder = makeFolder(join(this.#root, `scratch-${randomUUID()}`))
    try {
      return await this.#reading(async (report) => {
        const verified = await verifyTotals({
          ...this.#computing(folder),
          ...{ plans: [this.#present(metrics)], range: {}, isAlone: !this.#served },
          openReport: async () => sharedReport(report),
          openScratchReport: () => openDuckdbReport(folder, 'write'),
        })
        return verified.metrics
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  /** All that later operations may hang on, with instants and random names by their rank. No server runs. */
  async state(): Promise<string> {
    const log = await this.#openLog()
    const logs = log.sources()
    await log.close()
    const { incarnation, nextOffset, blocks } = (await this.#archive.manifest('web')) ?? {}
    const archive = { incarnation, nextOffset, blocks: blocks?.map(({ name }) => name) }
    const report = await this.#factsOfReport()
    const definition = [this.#metrics, this.#keptLatenessMs]
    return byRank({ logs, archive, definition, report, older: this.#older?.facts })
  }

  async keep(name: string): Promise<Kept> {
    const isReport = (path: string) => path.includes('report.duckdb')
    cpSync(this.#dataDir, join(this.#root, name), { recursive: true, filter: (path) => !isReport(path) })
    await this.#store.keep(name)
    return {
      name,
      nowMs: this.#nowMs,
      metrics: this.#metrics,
      keptLatenessMs: this.#keptLatenessMs,
      older: this.#older,
    }
  }

  async putBack({ name, nowMs, metrics, keptLatenessMs, older }: Kept): Promise<void> {
    if (this.#served) await this.#stop()
    rmSync(this.#dataDir, { recursive: true })
    cpSync(join(this.#root, name), this.#dataDir, { recursive: true })
    await this.#store.putBack(name)
    this.#archive = new FilesArchive({ dataDir: this.#dataDir })
    this.#nowMs = nowMs
    this.#metrics = metrics
    this.#keptLatenessMs = keptLatenessMs
    this.#older = older
  }

  async close(): Promise<void> {
    if (this.#served) await this.#stop()
  }

  #latenessMs(): ReadonlyMap<string, number> {
    return new Map([
      ['kept', this.#keptLatenessMs],
      ['left', 0],
    ])
  }

  #present(metrics: readonly MetricName[]): SourcePlan {
    const some = this.#plan.metrics.filter(({ metric }) => metrics.includes(metric as MetricName))
    return some.length === this.#plan.metrics.length ? this.#plan : { ...this.#plan, metrics: some }
  }

  async #serve(): Promise<void> {
    const report = await this.#store.open()
    const log = await this.#openLog()
    const stagingRoot = makeFolder(join(this.#dataDir, 'streaming'))
    const readableFolders = [join(this.#dataDir, 'archive')]
    const engine = new DuckdbStreamEngine({ stagingRoot, readableFolders })
    const stream = new Stream({
      ...{ plan: this.#present(this.#metrics), latenessMs: this.#latenessMs() },
      ...{ log, archive: this.#archive, engine, report, now: () => this.#nowMs },
      makeStagingDir: async () => {
        const path = makeFolder(join(stagingRoot, randomUUID()))
        return { path, remove: async () => rmSync(path, { recursive: true }) }
      },
    })
    this.#served = { log, report, engine, stream, hasBegun: false }
  }

  async #post(): Promise<void> {
    // None is late, so that nothing is restated, and the log stays ahead of the archive.
    const batch = { chunks: [this.#lines([0, 1, 2])], lines: LINES }
    await this.#served!.log.append('web', batch)
  }

  async #stop(): Promise<void> {
    const { log, report, engine } = this.#served!
    this.#served = undefined
    await engine.close()
    await report.close()
    await log.close()
  }

  async #ingest(): Promise<void> {
    const archived = async () => (await this.#archive.manifest('web'))?.nextOffset ?? 0
    await besideLog({ dataDir: this.#dataDir, source: 'web' }, archived, async () => {
      await this.#archive.ingest('web', [bytesInput(this.#lines([0, 4 * MINUTE, HOUR]))], {
        now: () => this.#nowMs,
      })
      await this.#archive.acknowledge('web')
    })
  }

  /** Of the present, of a time that only the larger allowance takes, or of long ago. */
  #lines(agesMs: readonly number[]): Buffer {
    const times = agesMs.map((ageMs) => this.#nowMs - ageMs)
    return Buffer.from(times.map((ts, id) => `${JSON.stringify({ ts, id })}\n`).join(''))
  }

  async #batch(plan: SourcePlan, ranges?: ReadonlyMap<string, TimeRange>): Promise<void> {
    const folder = makeFolder(join(this.#dataDir, 'staging'))
    const takesOver = { latenessMs: this.#latenessMs(), replaces: false }
    try {
      await this.#reading((report) =>
        runBatch({
          ...this.#computing(folder),
          ...{ plans: [plan], range: {}, ...(ranges && { ranges }), ...(!this.#served && { takesOver }) },
          readStreams: () => readStreams(report, [plan]),
          openReport: async () => sharedReport(report),
        }),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  #computing(folder: string) {
    return {
      ...{ archive: this.#archive, archivePlace: this.#dataDir, digest: sha256, now: () => this.#nowMs },
      engine: new DuckdbBatchEngine({ readableFolders: [join(this.#dataDir, 'archive')], threads: 1 }),
      catchUp: () => this.#catchUp(),
      makeStagingDir: async (name: string) => makeFolder(join(folder, name)),
    }
  }

  /** What the server does of itself: it counts all there is, and restates what waits. */
  async #settle(): Promise<void> {
    const served = this.#served
    if (!served) return
    await this.#catchUpStream(served)
    const plan = this.#present(this.#metrics)
    for (let turn = 0; ; turn++) {
      const ranges = await waitingRanges({ plans: plan.metrics, report: served.report })
      if (ranges.size === 0) return
      if (turn === MOST_RESTATEMENTS) throw new Error('windows wait however often they are restated')
      await this.#batch(this.#present([...ranges.keys()] as MetricName[]), ranges)
      await this.#catchUpStream(served)
    }
  }

  async #catchUpStream(served: Served): Promise<void> {
    served.hasBegun ||= await served.stream.begin(AbortSignal.abort())
    while (served.hasBegun && (await served.stream.step()));
  }

  /** By the server, if one runs. */
  async #catchUp(): Promise<HeldSource[]> {
    const log = this.#served?.log ?? (await this.#openLog())
    const counted = async (source: string) =>
      this.#served ? ((await this.#served.report.streamState(source))?.endOffset ?? 0) : 0
    for (const { source } of log.sources())
      await archiveLog({ log, archive: this.#archive, passed: counted }, source, { isUrgent: true })
    if (!this.#served) await log.close()
    return []
  }

  #openLog(): Promise<FilesLog> {
    const now = () => this.#nowMs
    return FilesLog.open({
      ...{ dataDir: this.#dataDir, segmentBytes: SEGMENT_BYTES, clocks: { now, steady: now } },
      firstOffset: async (source) => (await this.#archive.manifest(source))?.nextOffset ?? 0,
    })
  }

  async #keepOlder(): Promise<void> {
    const facts = await this.#factsOfReport()
    if (!facts) return
    const name = `older-${randomUUID()}`
    await this.#store.keep(name)
    this.#older = { name, facts }
  }

  /** Undefined where it knows nothing of the source. */
  #factsOfReport(): Promise<unknown> {
    return this.#reading(async (report) => {
      const stream = await report.streamState('web')
      if (!stream) return undefined
      const metrics: unknown[] = []
      for (const plan of this.#plan.metrics) {
        const state = await report.metricState(plan.metric, plan.version)
        if (state?.version !== plan.version) continue
        const { coverage, finalBeforeMs } = state
        const published = state.published.map(({ range, cut }) => ({ range, cut }))
        metrics.push({ coverage, finalBeforeMs, published, windows: await windowsOf(report, plan) })
      }
      return { stream, metrics, late: await report.lateRanges() }
    })
  }

  async #reading<T>(act: (report: Report) => Promise<T>): Promise<T> {
    if (this.#served) return act(this.#served.report)
    const report = await this.#store.open()
    try {
      return await act(report)
    } finally {
      await report.close()
    }
  }
}

/** Records by the start of their window; undefined where the report does not hold the version. */
async function windowsOf(report: Report, plan: MetricPlan): Promise<[number, number][] | undefined> {
  if ((await report.metricState(plan.metric, plan.version))?.version !== plan.version) return undefined
  const step = { kind: 'fixed', stepMs: plan.windowMs } as const
  const query = { plan, range: {}, step, by: [], measures: ['n'], quantiles: [] }
  const { windowMs, measures } = await report.query(query)
  const [count] = measures
  if (count?.kind !== 'exact') throw new Error('a count is exact')
  return windowMs.map((startMs, row) => [startMs, Number(count.columns[0]![row])])
}

/** States of other times and other random names are alike when these stand in the same order. */
function byRank(facts: unknown): string {
  const text = JSON.stringify(facts)
  const instants = [...new Set(text.match(/\b1[67]\d{11}\b/g) ?? [])].sort()
  const names = [...new Set(text.match(/\b[0-9a-f]{32}\b/g) ?? [])]
  const ranks = new Map([...instants, ...names].map((value, rank) => [value, `#${rank}`]))
  return text.replace(/\b(?:1[67]\d{11}|[0-9a-f]{32})\b/g, (value) => ranks.get(value)!)
}

function makeFolder(path: string): string {
  mkdirSync(path, { recursive: true })
  return path
}
