/** Jobs of the sources: deployed, looked at, stopped, put in the place of one another. */
import { randomUUID } from 'node:crypto'
import { MillraceError } from '../../core/error.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { DeployedJob, StreamJobs, StreamStart } from '../../ports/stream-jobs.ts'
import type { Deployments, FlinkDeployment } from './deployment.ts'
import { GatewaySession } from './gateway.ts'
import { isAlive, JobManager } from './job-manager.ts'
import { meaningOf, printJob, requireExact } from './print-job.ts'

export interface FlinkSettings {
  /** Of the SQL gateway, and of the JobManager. */
  readonly gateway: string
  readonly rest: string
  readonly parallelism: number
  readonly chunkMs: number
  /** How long Flink keeps the state of a group that gets no records. */
  readonly stateMs: number
  readonly checkpointMs: number
  /** Kafka's client options, as Flink's machines need them. */
  readonly kafka: Readonly<Record<string, string>>
}

export interface JobSource {
  readonly plan: SourcePlan
  readonly latenessMs: ReadonlyMap<string, number>
  /** Where the report stands. */
  start(chunkMs: number): Promise<StreamStart>
}

export interface Deployed {
  readonly source: string
  readonly jobId: string
  /** Whether it goes on with the state of a savepoint, and if not why. */
  readonly from: 'savepoint' | 'offsets'
  readonly why: string
  /** Jobs that wrote to its topic of rows for a data folder that was lost, and were canceled; absent where none did. */
  readonly canceled?: readonly string[]
}

export interface JobTopics {
  /** Sees to the topic of a source's rows, and names it. */
  makeTopic(source: string): Promise<string>
  countPartitions(topic: string): Promise<number>
}

/** Rows stay together for so long before they are written. */
const MINI_BATCH_MS = 100
const MINI_BATCH_ROWS = 20_000
const LONGEST_START_MS = 300_000

interface Beginning {
  readonly positions: ReadonlyMap<number, number>
  readonly savepoint?: string
}

/** Its job has been started. */
type Started = FlinkDeployment & { readonly jobId: string }

export class FlinkJobs implements StreamJobs {
  readonly #settings: FlinkSettings
  readonly #deployments: Deployments
  readonly #manager: JobManager
  readonly #topics: JobTopics

  constructor(settings: FlinkSettings, deployments: Deployments, topics: JobTopics) {
    this.#settings = settings
    this.#deployments = deployments
    this.#manager = new JobManager(settings.rest)
    this.#topics = topics
  }

  async state(source: string): Promise<DeployedJob | undefined> {
    const known = await this.#known(source)
    return known && { jobId: known.jobId, job: await this.#manager.job(known.jobId) }
  }

  /** Errors: FLINK_*. */
  async deploy(source: JobSource): Promise<Deployed> {
    const name = source.plan.source
    requireExact(source.plan)
    const known = await this.#known(name)
    const { state = 'GONE' } = known ? await this.#manager.job(known.jobId) : {}
    if (known && isAlive(state)) {
      await this.#deployments.write(name, known)
      throw new MillraceError('JOBS_RUN_ALREADY', { source: name, state, job: known.jobId })
    }
    const { chunkMs } = this.#settings
    const meaning = meaningOf({ ...source, chunkMs })
    const isSame = known?.meaning === meaning && known.chunkMs === chunkMs
    if (known?.savepoint && isSame) {
      const { savepoint, jobId: _, ...again } = known
      const jobId = await this.#start(source, again, { positions: new Map([[0, 0]]), savepoint }, known)
      return { source: name, jobId, from: 'savepoint', why: 'the definition is that of the savepoint' }
    }
    // First, since lines of brokers that are away look like none.
    const partialsTopic = await this.#topics.makeTopic(name)
    const start = await source.start(chunkMs)
    const canceled = await this.#cancelStrays(partialsTopic)
    const fresh = {
      ...{ id: randomUUID(), meaning, chunkMs, sinceChunk: start.sinceChunk },
      ...{ topic: start.topic, partialsTopic },
    }
    const jobId = await this.#start(source, fresh, { positions: await this.#positions(start) }, known)
    const deployed = { source: name, jobId, from: 'offsets' as const, why: whyOffsets(known, isSame) }
    return { ...deployed, ...(canceled.length > 0 && { canceled }) }
  }

  /** The topic is this data folder's: a job that it does not know would only keep slots that the next one needs. */
  async #cancelStrays(partialsTopic: string): Promise<readonly string[]> {
    const strays = await this.#manager.find(
      (name) => name.startsWith('millrace ') && name.endsWith(` ${partialsTopic}`),
    )
    for (const job of strays) await this.#manager.cancel(job)
    return strays
  }

  /** Gives the savepoint, if it is stopped with one. */
  async stop(source: string, cancels: boolean): Promise<string | undefined> {
    const known = await this.#require(source)
    const { state } = await this.#manager.job(known.jobId)
    if (!isAlive(state)) return known.savepoint
    if (cancels) {
      await this.#manager.cancel(known.jobId)
      return undefined
    }
    const savepoint = await this.#manager.stopWithSavepoint(known.jobId)
    await this.#deployments.write(source, { ...known, savepoint })
    return savepoint
  }

  /** What is changed reads again what the report does not have; what is not goes on where it was. */
  async upgrade(source: JobSource): Promise<Deployed> {
    requireExact(source.plan)
    await this.stop(source.plan.source, false)
    return this.deploy(source)
  }

  /** Flink cannot begin where a partition has no place, as one has none before its first line. */
  async #positions({ topic, positions }: StreamStart): Promise<Map<number, number>> {
    const count = await this.#topics.countPartitions(topic)
    const first = Array.from({ length: count }, (_, partition): [number, number] => [partition, 0])
    return new Map([...first, ...positions])
  }

  async #require(source: string): Promise<Started> {
    const known = await this.#known(source)
    if (known) return known
    throw new MillraceError('JOBS_NOT_DEPLOYED', { source })
  }

  /**
   * A start that was cut off may have led to a job all the same, which is found by its name. Servers look all the time, so
   * this is written only when no other process can still be about to.
   */
  async #known(source: string): Promise<Started | undefined> {
    const found = await this.#deployments.read(source)
    if (!found) return undefined
    const jobId = found.jobId ?? (await this.#findStarted(source, found.id))
    if (jobId === undefined) return undefined
    const known = { ...found, jobId }
    const isCutOff = found.jobId === undefined && Date.now() - found.deployedMs > LONGEST_START_MS
    if (isCutOff) await this.#deployments.write(source, known)
    return known
  }

  async #findStarted(source: string, id: string): Promise<string | undefined> {
    const [job] = await this.#manager.find((name) => name.startsWith(jobName(source, id)))
    return job
  }

  /** Remembers the job before it is started, since whoever starts it may die before it has its id. */
  async #start(
    source: JobSource,
    place: Omit<FlinkDeployment, 'deployedMs'>,
    beginning: Beginning,
    before: FlinkDeployment | undefined,
  ): Promise<string> {
    const name = source.plan.source
    const deployment = { ...place, deployedMs: Date.now() }
    await this.#deployments.write(name, deployment)
    try {
      const jobId = await this.#submit(source, place, beginning)
      await this.#deployments.write(name, { ...deployment, jobId })
      return jobId
    } catch (error) {
      // What was cut off may run all the same; while nobody can say so, its name is kept.
      const isNone = await this.#findStarted(name, place.id).then(
        (found) => found === undefined,
        () => false,
      )
      if (isNone) await this.#deployments.write(name, before)
      throw error
    }
  }

  #submit(
    { plan, latenessMs }: JobSource,
    { id, topic, partialsTopic }: Pick<FlinkDeployment, 'id' | 'topic' | 'partialsTopic'>,
    { positions, savepoint }: Beginning,
  ): Promise<string> {
    const { gateway, chunkMs, kafka } = this.#settings
    const statements = printJob({ plan, latenessMs, chunkMs, id, topic, partialsTopic, positions, kafka })
    return GatewaySession.use(
      gateway,
      this.#properties(`${jobName(plan.source, id)} ${partialsTopic}`, savepoint),
      async (session) => {
        let jobId: string | undefined
        for (const { title, sql } of statements) {
          const outcome = await session.run(sql, `begin the job of source ${plan.source} (${title})`)
          jobId = outcome.jobId ?? jobId
        }
        if (!jobId) throw new Error('the gateway named no job')
        return jobId
      },
    )
  }

  #properties(name: string, savepoint?: string): Record<string, string> {
    const { parallelism, stateMs, checkpointMs } = this.#settings
    return {
      'pipeline.name': name,
      'execution.runtime-mode': 'streaming',
      'parallelism.default': String(parallelism),
      'table.local-time-zone': 'UTC',
      'table.exec.state.ttl': `${stateMs} ms`,
      'table.exec.mini-batch.enabled': 'true',
      'table.exec.mini-batch.allow-latency': `${MINI_BATCH_MS} ms`,
      'table.exec.mini-batch.size': String(MINI_BATCH_ROWS),
      // No operator of ours keeps a row that it passes on.
      'pipeline.object-reuse': 'true',
      // Of rows with one key the furthest counts, so their order is of no matter.
      'table.exec.sink.upsert-materialize': 'NONE',
      'execution.checkpointing.interval': `${checkpointMs} ms`,
      ...(savepoint !== undefined && { 'execution.state-recovery.path': savepoint }),
    }
  }
}

function whyOffsets(known: FlinkDeployment | undefined, isSame: boolean): string {
  if (!known) return 'it is the first one'
  return isSame ? 'the job before left no savepoint' : 'the definition has changed since the job before'
}

/** By which a job is found whose id nobody wrote down; its topic of rows follows, by which one of a lost data folder is. */
function jobName(source: string, deployment: string): string {
  return `millrace ${source} ${deployment}`
}
