/** The batch engine on Spark: one call is one application, which ends by itself and leaves nothing behind. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { MillraceError } from '../../core/error.ts'
import type { BatchEngine, BatchOptions, BatchRequest, StagedSource } from '../../ports/batch-engine.ts'
import { sparkConf, sparkDialect } from './dialect.ts'
import { driverFailure } from './driver-failure.ts'
import { checkJava, findSparkSql } from './find-spark.ts'
import { COUNTS, printJob, REJECTS, tallyFolder } from './job.ts'
import { submit } from './submit.ts'

export interface SparkBatchOptions {
  /** `local[2]`, `spark://host:port`, `yarn` or `k8s://…`. */
  readonly master: string
  /** Of the driver and of each executor, as Spark writes it: `2g`. */
  readonly memory?: string
  /** Of all executors together. */
  readonly cores?: number
  readonly home?: string
  /** Entries win over all that is set here, save what the dialect's meaning depends on. */
  readonly conf?: Readonly<Record<string, string>>
  readonly jars?: readonly string[]
  /** The name under which HDFS knows this user. */
  readonly user?: string
  /** For the job, the driver's log and scratch files. */
  readonly workDir: string
}

export class SparkBatchEngine implements BatchEngine {
  readonly name = 'spark'
  readonly reads = 'uris'
  readonly #options: SparkBatchOptions

  constructor(options: SparkBatchOptions) {
    this.#options = options
  }

  /** Errors: BATCH_LATENESS_UNSUPPORTED, BATCH_ENGINE_MISSING, BATCH_JAVA_MISSING, BATCH_CANCELLED, and what a driver fails by. */
  async compute(requests: readonly BatchRequest[], options: BatchOptions = {}): Promise<StagedSource[]> {
    if (requests.length === 0) return []
    for (const { latenessMs, plan } of requests) {
      if (latenessMs)
        throw new MillraceError('BATCH_LATENESS_UNSUPPORTED', { engine: this.name, source: plan.source })
    }
    const program = findSparkSql(this.#options.home)
    checkJava()
    await mkdir(this.#options.workDir, { recursive: true })
    const folder = await mkdtemp(join(resolve(this.#options.workDir), 'spark-'))
    try {
      await this.#run(program, folder, requests, options)
      const staged: StagedSource[] = []
      for (const request of requests) staged.push(await fetchSource(request))
      for (const { source, linesRead } of staged) options.onProgress?.({ source, linesRead })
      return staged
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  async close(): Promise<void> {}

  async #run(
    program: string,
    folder: string,
    requests: readonly BatchRequest[],
    { signal }: BatchOptions,
  ): Promise<void> {
    const job = join(folder, 'job.sql')
    const logPath = join(folder, 'driver.log')
    await writeFile(job, printJob(sparkDialect, requests))
    const args = [...this.#arguments(folder), '-f', job]
    const user = this.#options.user
    const env = {
      ...process.env,
      ...(isNear(this.#options.master) && { SPARK_LOCAL_IP: '127.0.0.1' }),
      ...(user && { HADOOP_USER_NAME: user }),
    }
    const outcome = await submit({ program, args, env, folder, logPath, signal })
    if (outcome === 0) return
    const sources = requests.map(({ plan }) => plan.source).join(', ')
    throw driverFailure(await readFile(logPath, 'utf8'), outcome, sources)
  }

  #arguments(folder: string): string[] {
    const { master, memory, cores, jars, conf } = this.#options
    const all: Record<string, string> = {
      'spark.ui.enabled': 'false',
      'spark.sql.catalogImplementation': 'in-memory',
      'spark.sql.warehouse.dir': join(folder, 'warehouse'),
      'spark.sql.adaptive.enabled': 'true',
      'spark.sql.variable.substitute': 'false',
      ...(isNear(master) && { 'spark.driver.host': '127.0.0.1', 'spark.driver.bindAddress': '127.0.0.1' }),
      ...(memory && { 'spark.driver.memory': memory, 'spark.executor.memory': memory }),
      ...(cores && { 'spark.cores.max': String(cores) }),
      ...conf,
      'spark.sql.session.timeZone': 'UTC',
      'spark.sql.ansi.enabled': 'true',
      'spark.sql.ansi.doubleQuotedIdentifiers': 'true',
      ...sparkConf,
    }
    const confs = Object.entries(all).flatMap(([key, value]) => ['--conf', `${key}=${value}`])
    return ['--master', master, ...(jars?.length ? ['--jars', jars.join(',')] : []), ...confs]
  }
}

/** Is the master on this machine, so that nobody else has to reach the driver? */
function isNear(master: string): boolean {
  return /^local\b|^spark:\/\/(127\.0\.0\.1|localhost):/.test(master)
}

async function fetchSource(request: BatchRequest): Promise<StagedSource> {
  const { plan } = request
  const counts = JSON.parse(await readFile(await fetchFile(request, COUNTS, '.json'), 'utf8'))
  const expected = request.blocks.reduce((sum, block) => sum + block.lines, 0)
  if (counts.lines !== expected) {
    const why = `its blocks hold ${expected} lines, but ${counts.lines} were read; a block is missing or cut`
    throw new MillraceError('BATCH_ENGINE_FAILED', { source: plan.source, why })
  }
  const metrics: StagedSource['metrics'][number][] = []
  for (const [index, { metric, tallies }] of plan.metrics.entries()) {
    const paths: { id: string; path: string }[] = []
    for (const tally of tallies)
      paths.push({ id: tally.id, path: await fetchFile(request, tallyFolder(index, tally), '.parquet') })
    metrics.push({
      metric,
      counted: counts[`counted${index}`],
      filtered: counts[`filtered${index}`] + counts.headers,
      rejected: counts[`rejected${index}`] + counts.rejected,
      tallies: paths,
    })
  }
  const { lines, parsed, headers, rejected } = counts
  const rejectsPath = await fetchFile(request, REJECTS, '.parquet')
  return { source: plan.source, linesRead: lines, parsed, headers, rejected, rejectsPath, metrics }
}

/** Spark writes one data file into each folder, beside marks of its own. */
async function fetchFile(request: BatchRequest, name: string, ending: string): Promise<string> {
  const paths = await request.shared!.fetch(name, join(request.stagingDir, name))
  const files = paths.filter((path) => path.endsWith(ending))
  if (files.length === 1) return files[0]!
  const why = `the staged folder ${name} holds ${files.length} files in place of one`
  throw new MillraceError('BATCH_ENGINE_FAILED', { source: request.plan.source, why })
}
