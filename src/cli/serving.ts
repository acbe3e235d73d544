/** A server at work: the door, streams, archiving, restatements and scheduled batches beside one another. */
import { setMaxListeners } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { MillraceError } from '../core/error.ts'
import { type Health, judgeHealth } from '../core/health.ts'
import { type HeldSource, holdSource } from '../core/held-source.ts'
import { type SourcePlan, versionsOf } from '../core/plan.ts'
import type { RunRecord } from '../core/run-record.ts'
import { type Ask, offerLink } from '../link/offer-link.ts'
import { reportMethods } from '../link/served-report.ts'
import type { Publication } from '../ports/report.ts'
import type { DeployedJob } from '../ports/stream-jobs.ts'
import { acceptLoss } from '../run/accept-loss.ts'
import type { FarBehind } from '../run/far-behind.ts'
import { findLoss, type LossPlace } from '../run/find-loss.ts'
import { findStreamStart } from '../run/find-stream-start.ts'
import { HealthWatch } from '../run/health-watch.ts'
import { Archiver } from '../run/keep-archiving.ts'
import { keepRestating } from '../run/keep-restating.ts'
import { type KeptSchedule, keepSchedule } from '../run/keep-schedule.ts'
import { keepStreaming } from '../run/keep-streaming.ts'
import { keepWatchingJobs } from '../run/keep-watching-jobs.ts'
import type { StreamNews } from '../run/run-stream.ts'
import { Counters } from '../server/counters.ts'
import { RejectWatch } from '../server/reject-watch.ts'
import { type RunningServer, startServer } from '../server/server.ts'
import { serverStatus } from '../server/server-status.ts'
import { StreamWatch } from '../server/stream-watch.ts'
import type { BatchOrder } from './batch-child.ts'
import { breakOff, tellLeft } from './break-off.ts'
import { tellChanges } from './definition-changes.ts'
import { describeMostRejected, describeRejectNews } from './describe-rejects.ts'
import { reportError, ToldError } from './exit.ts'
import { healthLimits } from './health-limits.ts'
import { say } from './output.ts'
import { reloadDefinition, type Served } from './reload-definition.ts'
import type { ServeRoles } from './serve-roles.ts'
import { type ReloadSignal, stopSignal } from './serve-signals.ts'
import { sha256 } from './sha256.ts'
import { healthTeller } from './tell-health.ts'
import { lagTeller } from './tell-lag.ts'
import { countOf, formatCount } from './text-table.ts'
import type { Workspace } from './workspace.ts'

/** How often it is looked whether there is something to tell. */
const LOOK_MS = 500
/** Within which requests that are under way are answered. */
const GRACE_MS = 1500

/** Runs until it is told to stop. */
export class Serving {
  readonly #workspace: Workspace
  #served: Served
  readonly #roles: ServeRoles
  readonly #childModule: URL
  #plans: readonly SourcePlan[]
  readonly #watch = new StreamWatch()
  readonly #health: HealthWatch
  readonly #tellLag = lagTeller(Date.now)
  readonly #rejects = new RejectWatch()
  readonly #archiver: Archiver
  readonly #stop = new AbortController()
  /** Of what goes by the definition, until that is read again. */
  #round = new AbortController()
  #work: readonly Promise<void>[] = []
  #schedule: KeptSchedule | undefined
  #lastReload: Promise<void> = Promise.resolve()
  /** Batches of the schedule and of restatement take turns. */
  #lastBatch: Promise<unknown> = Promise.resolve()

  constructor(workspace: Workspace, served: Served, roles: ServeRoles, childModule: URL) {
    this.#workspace = workspace
    this.#served = served
    this.#roles = roles
    this.#plans = buildPlans(served.definition, sha256)
    this.#childModule = childModule
    // Each source has some; Node would warn of more than ten.
    setMaxListeners(0, this.#stop.signal)
    const { log, archive, report } = roles
    this.#health = new HealthWatch({ log, archive, report, now: Date.now })
    roles.onArchiveWait((trouble) => this.#health.archiveWaits(trouble))
    this.#archiver = new Archiver(
      { log, archive, passed: async (source) => this.#passed(source) },
      {
        onArchived: (source, endOffset) => this.#health.archived(source, endOffset),
        onFailure: (source, error) => this.#health.archiveFailed(source, error),
      },
    )
  }

  /** As everything tells it that watches over this server. */
  #judge(): Health {
    return judgeHealth(this.#health.facts(), healthLimits(this.#definition), Date.now())
  }

  get #definition(): Definition {
    return this.#served.definition
  }

  async run(reloads: ReloadSignal): Promise<void> {
    const { log, report } = this.#roles
    const parts = { log, streams: this.#watch, health: () => this.#judge() }
    const served = () => this.#served
    // From the moment when the door opens lines may be acked, which a signal must not cut short.
    const stopped = stopSignal(() =>
      tellLeft(this.#judge(), 'Something still does not answer, and the server ends without it.'),
    )
    const server = await startServer({
      ...{ ...parts, counters: new Counters() },
      get settings() {
        return served().settings
      },
      get sources() {
        return served().definition.sources
      },
      onFailure: (error) => say(`millrace: ${textOf(error)}`),
    })
    const methods = reportMethods(report)
    const link = await offerLink(this.#workspace.dataDir, {
      ...methods,
      publish: (args, ask) => {
        this.#requireServed(args as unknown as readonly [Pick<Publication, 'sources'>])
        return methods['publish']!(args, ask)
      },
      archive: (_: readonly never[], ask) => this.#archiveAll(ask),
      findLoss: ([source, deleted]: readonly never[]) => findLoss(this.#lossPlace(source!, deleted!)),
      acceptLoss: ([source, deleted, shown, by]: readonly never[]) =>
        this.#archiver.inTurn(source!, () =>
          acceptLoss({ ...this.#lossPlace(source!, deleted!), shown: shown!, by: by!, now: Date.now }),
        ),
      versions: async () => [...versionsOf(this.#plans)],
      streamStart: async ([source, chunkMs]: readonly never[]) => {
        const { positions, ...start } = await findStreamStart(log, report, source!, Number(chunkMs))
        return { ...start, positions: [...positions] }
      },
      status: async () => serverStatus(server.url, log, this.#judge()),
    })
    const { signal } = this.#stop
    const lasting = [this.#archiver.run(signal), this.#health.keep(signal), this.#tellHealth()]
    const begun = this.#begin().then(() => {
      say(greeting(server.url, this.#definition, this.#schedule))
      reloads.onEach(() => {
        this.#lastReload = this.#lastReload.then(() => this.#reload(server))
      })
    })
    // What does not answer may keep a server from beginning, or a reload from ending; that does not keep it from stopping.
    await Promise.race([begun.then(() => stopped), stopped])
    await server.stop(GRACE_MS)
    this.#stop.abort()
    this.#round.abort()
    const ended = begun.then(() => this.#lastReload).then(() => Promise.all([...lasting, this.#end()]))
    await breakOff(this.#roles, () => this.#judge(), ended)
    await link.close()
  }

  /** All that goes by the definition. */
  async #begin(): Promise<void> {
    this.#round = new AbortController()
    setMaxListeners(0, this.#round.signal)
    // To tell of them is no condition of counting.
    await tellChanges(this.#definition, this.#plans, this.#roles).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) say(`millrace: ${textOf(error)}`)
    })
    this.#health.serve(this.#plans)
    this.#work = [this.#stream(), this.#restate(), this.#watchJobs()]
    this.#schedule = await this.#planBatches()
  }

  async #end(): Promise<void> {
    this.#round.abort()
    await Promise.all([...this.#work, this.#schedule?.stop()])
    this.#schedule = undefined
  }

  /** The door stays open; streams go on from the offsets that the report holds. */
  async #reload(server: RunningServer): Promise<void> {
    const served = await reloadDefinition(this.#workspace, this.#served).catch(async (error: unknown) => {
      await reportError(error, { json: false })
      say('millrace: The server goes on with the definition that it has.')
    })
    if (!served) return
    await this.#end()
    this.#served = served
    this.#plans = buildPlans(served.definition, sha256)
    const fed = this.#plans.filter(({ metrics }) => metrics.length > 0)
    this.#watch.keep(new Set(fed.map(({ source }) => source)))
    server.update(served.settings)
    await this.#begin()
    say(`millrace: The definition was read again. ${greeting(server.url, served.definition, this.#schedule)}`)
  }

  /** A batch that began before the definition was read again. Errors: SERVE_OTHER_DEFINITION. */
  #requireServed([{ sources }]: readonly [Pick<Publication, 'sources'>]): void {
    const served = versionsOf(this.#plans)
    const plans = sources.flatMap((source) => source.plans)
    const other = plans.find(({ metric, version }) => served.has(metric) && served.get(metric) !== version)
    if (!other) return
    const { config: file } = this.#workspace
    throw new MillraceError('SERVE_OTHER_DEFINITION', { metric: other.metric, file })
  }

  /** Lines that a stream has not counted must stay in the log. */
  #passed(source: string): number | undefined {
    const feeds = [...this.#definition.metrics.values()].some((metric) => metric.source === source)
    return feeds ? (this.#health.streamedTo(source) ?? 0) : undefined
  }

  #lossPlace(source: string, deleted: readonly string[]): LossPlace {
    const { log, archive, report } = this.#roles
    return { source, log, archive, report, deleted, isAlone: false }
  }

  /** The command that asks hears what is waited for. */
  async #archiveAll(ask: Ask): Promise<HeldSource[]> {
    const stop = new AbortController()
    const telling = this.#tellWaits(ask, stop.signal)
    const failures = await this.#archiver.archiveAll(true).finally(() => stop.abort())
    await telling
    return [...failures].map(([source, error]) => {
      if (error instanceof MillraceError) return holdSource(source, error)
      return holdSource(source, new MillraceError('SERVE_NOT_ARCHIVED', { source, why: textOf(error) }))
    })
  }

  /** A command that does not listen any more hears nothing. */
  async #tellWaits(ask: Ask, signal: AbortSignal): Promise<void> {
    let told: string | undefined
    while (!signal.aborted) {
      const why = this.#health.archiveTrouble?.message
      if (why !== undefined && why !== told) await ask(why).catch(() => undefined)
      told = why
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  #stream(): Promise<void> {
    const { log, archive, engine, report, makeStagingDir } = this.#roles
    const metrics = [...this.#definition.metrics.values()]
    const latenessMs = new Map(metrics.map(({ name, allowedLatenessMs }) => [name, allowedLatenessMs]))
    return keepStreaming(
      {
        ...{ plans: this.#plans, latenessMs, log, archive, engine, report, makeStagingDir },
        now: Date.now,
        leap: (source, behind) => this.#leap(source, behind),
        onBegin: (source, endOffset) => this.#health.streamed(source, endOffset),
        onAdvance: (news) => this.#note(news),
        onFailure: (source, error) => this.#health.streamFailed(source, error),
      },
      this.#round.signal,
    )
  }

  /** Streams that have nothing to do at the moment do not notice it themselves. */
  #failAll(error: unknown): void {
    for (const { source, metrics } of this.#plans)
      if (metrics.length > 0) this.#health.streamFailed(source, error)
  }

  #note(news: StreamNews): void {
    this.#watch.note(news)
    this.#health.streamed(news.source, news.endOffset)
    this.#tellLag(news)
    for (const told of this.#rejects.note(news.source, news.lines, news.rejects))
      say(`millrace: ${describeRejectNews(told)}`)
  }

  async #leap(source: string, { metrics, lines }: FarBehind): Promise<void> {
    const names = metrics.join(', ')
    say(
      `millrace: ${countOf(lines, 'line')} of ${source} are not in the totals of ${names}. A batch counts them first.`,
    )
    const { revision, sources } = await this.#batch({ range: {}, metrics, takesOver: true })
    const cut = formatCount(sources[0]?.cut ?? 0)
    say(`millrace: Revision ${revision} has ${names} up to offset ${cut}, and the stream goes on from there.`)
  }

  async #watchJobs(): Promise<void> {
    const { jobs } = this.#roles
    if (!jobs) return
    const known = this.#watch.jobs
    const watch = {
      onState: (source: string, deployed?: DeployedJob) =>
        deployed ? known.set(source, deployed.job) : known.delete(source),
      onSilence: (source: string) => known.has(source) && known.set(source, undefined),
    }
    const sources = this.#plans.map(({ source }) => source)
    await keepWatchingJobs(jobs, sources, watch, this.#round.signal)
  }

  /** What is at fault, when it begins and when it is over. */
  async #tellHealth(): Promise<void> {
    const { log, report } = this.#roles
    const { signal } = this.#stop
    const news = healthTeller()
    while (!signal.aborted) {
      // What it finds is judged below; a disk that does not answer is noticed when lines come.
      await log.look?.().catch(() => undefined)
      await report.look?.().catch((error) => this.#failAll(error))
      for (const told of news(this.#judge(), Date.now())) say(`millrace: ${told}`)
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #restate(): Promise<void> {
    if (this.#definition.serve.restate !== 'at_once') return
    const plans = this.#plans.flatMap((plan) => plan.metrics)
    const told = new Set<string>()
    await keepRestating(
      {
        ...{ plans, report: this.#roles.report, archive: this.#roles.archive, now: Date.now },
        restate: async (ranges) => {
          const metrics = [...ranges.keys()]
          const record = await this.#batch({ range: {}, ranges: [...ranges], metrics })
          const restated = record.metrics.map(({ metric }) => metric)
          say(
            `millrace: Revision ${record.revision} restates windows of ${restated.join(', ')}, which had waited.`,
          )
          this.#tellHeld(record)
        },
        onHeld: ({ message }) => {
          if (!told.has(message)) say(`millrace: Warning: Late lines are not counted. ${message}`)
          told.add(message)
        },
        onLook: () => this.#health.restated(),
        onFailure: (error) => this.#health.restated(error),
      },
      this.#round.signal,
    )
  }

  /** Undefined where the definition has no schedule. */
  async #planBatches(): Promise<KeptSchedule | undefined> {
    const { schedule } = this.#definition.batch
    if (!schedule) return undefined
    const { report } = this.#roles
    return keepSchedule({
      ...{ schedule, now: Date.now },
      lastRunMs: async () => (await report.runs(1).catch(() => []))[0]?.startedMs,
      // No later batch can count what is lost, so that waiting would not end such a fault.
      onFailure: (error) => {
        const isLost = error instanceof ToldError && error.code === 'REPORT_HOLDS_LOST'
        if (isLost) say(`millrace: Warning: ${error.message}`)
        this.#health.batched(isLost ? undefined : error)
      },
      run: async () => {
        const record = await this.#batch({ range: {} })
        const { revision, sources, ledger } = record
        this.#health.batched()
        const lines = sources.reduce((sum, { linesRead }) => sum + linesRead, 0)
        say(`millrace: Revision ${revision} published, of ${countOf(lines, 'line')}.`)
        for (const warning of describeMostRejected(ledger)) say(`millrace: Warning: ${warning}`)
        this.#tellHeld(record)
      },
    })
  }

  #tellHeld({ held = [] }: RunRecord): void {
    for (const { source, message } of held)
      say(`millrace: Source ${source} was left as it is by the run. ${message}`)
  }

  /** In a process of its own, which publishes through this one. */
  #batch(what: Pick<BatchOrder, 'range' | 'ranges' | 'metrics' | 'takesOver'>): Promise<RunRecord> {
    const ran = this.#lastBatch.then(async () => {
      const { runBatchChild } = await import('./batch-process.ts')
      const { config, dataDir } = this.#workspace
      const order: BatchOrder = { type: 'start', config: resolve(config), dataDir, ...what }
      return runBatchChild(this.#childModule, order, () => undefined, this.#round.signal)
    })
    this.#lastBatch = ran.catch(() => undefined)
    return ran
  }
}

function greeting(url: string, { sources }: Definition, schedule: KeptSchedule | undefined): string {
  const next = schedule?.next()
  const batches = next ? `the next batch is at ${next.toISOString()}` : 'no batch is scheduled'
  return `Listening on ${url} for ${countOf(sources.size, 'source')}; ${batches}. Ctrl-C stops.`
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
