/** The batch engine on Spark: one call is one application, which ends by itself and leaves nothing behind. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError } from '../../core/error.ts'
import type {
  BatchEngine,
  BatchOptions,
  BatchRequest,
  ClusterState,
  StagedSource,
} from '../../ports/batch-engine.ts'
import { applicationName } from './application-name.ts'
import { sparkDialect } from './dialect.ts'
import { type DriverSettings, driverArguments, driverEnvironment } from './driver-arguments.ts'
import { driverFailure } from './driver-failure.ts'
import { makeDriverLog } from './driver-log.ts'
import { checkJava } from './find-java.ts'
import { findSparkSql } from './find-spark.ts'
import { printJob } from './job.ts'
import { reachMaster } from './reach-master.ts'
import { readMaster } from './read-master.ts'
import { type DriverEnd, runDriver } from './run-driver.ts'
import { makeRunFolder } from './run-folder.ts'
import { fetchStaged } from './staged-files.ts'

const MEMORY = '2g'
const PATIENCE_MS = 60_000

export interface SparkBatchOptions {
  /** `local[2]`, `spark://host:port`, `yarn` or `k8s://…`. */
  readonly master: string
  /** Of the driver and of each executor, as Spark writes it; default `2g`. */
  readonly memory?: string
  /** Of all executors together. */
  readonly cores?: number
  readonly home?: string
  /** The address of a standalone master's page; default port 8080 of its host. */
  readonly page?: string
  /** Entries win over all that is set here, save what the dialect's meaning depends on. */
  readonly conf?: Readonly<Record<string, string>>
  readonly jars?: readonly string[]
  /** The name under which HDFS knows this user. */
  readonly user?: string
  /** How long an application may wait for its first executor; default one minute. */
  readonly patienceMs?: number
  /** For the job and scratch files while it runs. */
  readonly workDir: string
  /** For the logs of failed drivers. */
  readonly logDir: string
}

export class SparkBatchEngine implements BatchEngine {
  readonly name = 'spark'
  readonly reads = 'uris'
  readonly #options: SparkBatchOptions
  readonly #settings: DriverSettings

  constructor(options: SparkBatchOptions) {
    this.#options = options
    this.#settings = { ...options, memory: options.memory ?? MEMORY }
  }

  /** Errors: BATCH_ENGINE_MISSING, BATCH_JAVA_MISSING, BATCH_CANCELLED, and what a driver fails by. */
  async compute(requests: readonly BatchRequest[], options: BatchOptions = {}): Promise<StagedSource[]> {
    if (requests.length === 0) return []
    const program = findSparkSql(this.#options.home)
    checkJava()
    await reachMaster(this.#options.master)
    await this.#run(program, requests, options)
    const staged: StagedSource[] = []
    for (const request of requests) {
      const one = await fetchStaged(request)
      options.onProgress?.({ source: one.source, linesRead: one.linesRead })
      staged.push(one)
    }
    return staged
  }

  state(): Promise<ClusterState | undefined> {
    return readMaster(this.#options.master, this.#options.page)
  }

  async close(): Promise<void> {}

  /** The log of a driver that did its work, or was to stop, is of no use. */
  async #run(program: string, requests: readonly BatchRequest[], options: BatchOptions): Promise<void> {
    const { workDir, logDir, master, patienceMs = PATIENCE_MS } = this.#options
    const folder = await makeRunFolder(workDir)
    const logPath = await makeDriverLog(logDir, new Date())
    let isFailed = false
    try {
      const job = join(folder, 'job.sql')
      await writeFile(job, printJob(sparkDialect, requests))
      const end = await runDriver({
        ...{ ...options, master, patienceMs, requests, program, folder, logPath },
        args: driverArguments(this.#settings, { name: applicationName(requests), folder, job }),
        env: driverEnvironment(this.#settings, folder, process.env),
      })
      isFailed = end.outcome !== 0
      if (isFailed) throw this.#failure(end, requests, await readFile(logPath, 'utf8'), logPath)
    } finally {
      await rm(folder, { recursive: true, force: true })
      if (!isFailed) await rm(logPath, { force: true })
    }
  }

  #failure(
    { outcome, hopeless }: DriverEnd,
    requests: readonly BatchRequest[],
    log: string,
    logPath: string,
  ): MillraceError {
    const { master, patienceMs = PATIENCE_MS } = this.#options
    if (!hopeless) return driverFailure({ log, logPath, outcome, requests, master })
    const { memory } = this.#settings
    return new MillraceError(hopeless.code, {
      ...{ master, memory, seconds: Math.round(patienceMs / 1000) },
      why: `${hopeless.why}; its log is ${logPath}`,
    })
  }
}
