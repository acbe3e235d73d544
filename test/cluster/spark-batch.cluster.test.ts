/**
 * Batches on a standalone Spark: what goes wrong is told in one message, the report stays as it was, and nothing is
 * left of an application. MILLRACE_KILLS sets how often an executor is killed, MILLRACE_SEED the moments; drivers are
 * killed in whole-job-spark-faults.
 */
import { writeFileSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SparkBatchEngine, type SparkBatchOptions } from '../../src/engines/spark/batch.ts'
import type { BatchEngine } from '../../src/ports/batch-engine.ts'
import type { BatchProgress } from '../../src/run/run-batch.ts'
import { millrace } from '../cli/run-cli.ts'
import { Random } from '../model/random.ts'
import { defineText, type OpenEngine, Pipeline } from '../pipeline.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { smallSpark } from './small-spark.ts'
import {
  activeApplications,
  allExecutors,
  executorsOf,
  kill,
  processesOf,
  waitUntil,
} from './spark-processes.ts'

const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)
const SEED = Number(process.env.MILLRACE_SEED ?? 1)
const random = new Random(SEED)
const LINES = 6000
const { master, home, javaHome, ui } = clusterAddress('spark')
const DEFINITION = `
sources:
  web: { format: json, time: ts, fields: { service: string, ms: decimal(3) } }
  edge: { format: logfmt, time: ts, fields: { bytes: integer } }
metrics:
  requests: { source: web, window: 1m, dimensions: { service: service }, measures: { n: count(), took: sum(ms) } }
  bytes: { source: edge, window: 1h, measures: { sent: sum(bytes) } }
`
const BAD = ['', 'no json', '{"ts":"2026-01-01T00:00:00Z","ms":"x"}']
const FIRST_HALF = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 1, 0, 3) }

let settings: Partial<SparkBatchOptions> = {}
/** What a test does to the requests before Spark gets them. */
let spoil: ((engine: BatchEngine) => BatchEngine) | undefined

const openSpark: OpenEngine = async ({ dataDir }) => {
  const conf = { ...smallSpark(), ...settings.conf }
  const places = { workDir: join(dataDir, 'tmp'), logDir: join(dataDir, 'logs') }
  const engine = new SparkBatchEngine({ master, memory: '1g', home, ...places, ...settings, conf })
  return spoil?.(engine) ?? engine
}

const tested = new Pipeline(defineText(DEFINITION), {}, openSpark)
const oracle = new Pipeline(defineText(DEFINITION))
const { dataDir } = tested.folders
let held: unknown

beforeAll(async () => {
  process.env.JAVA_HOME ??= javaHome
  const lines = Array.from({ length: LINES }, (_, index) => webLine(index))
  // The source `edge` has no lines at all.
  for (const pipeline of [tested, oracle]) {
    await pipeline.ingest('web', [...BAD, ...lines.slice(0, LINES / 2)].join('\n'))
    await pipeline.ingest('web', lines.slice(LINES / 2).join('\n'))
  }
})

afterEach(async () => {
  settings = {}
  spoil = undefined
  await expectNothingLeft()
})

afterAll(() => {
  tested.remove()
  oracle.remove()
})

async function expectNothingLeft(): Promise<void> {
  expect(await processesOf(dataDir)).toEqual([])
  expect(await readdir(join(dataDir, 'tmp')).catch(() => [])).toEqual([])
  expect(await readdir(join(dataDir, 'shared')).catch(() => [])).toEqual([])
  await waitUntil(
    async () => (await activeApplications(ui)).length === 0,
    'the master to forget the application',
  )
  await waitUntil(async () => (await allExecutors(ui)).length === 0, 'executors to end')
}

/** The error of a run that must fail, and must leave the report alone. */
async function failureOf(run: Promise<unknown> = tested.batch()): Promise<Error & { code: string }> {
  const error = await run.then(
    () => expect.unreachable('the run should have failed'),
    (caught: Error & { code: string }) => caught,
  )
  if (held) expect(await readTotals(tested)).toEqual(held)
  expect(error.message.split('\n')).toHaveLength(1)
  return error
}

describe('totals', () => {
  it('of a range, with a source that has no lines', async () => {
    await oracle.batch(FIRST_HALF)
    await tested.batch(FIRST_HALF)
    expect(await readTotals(tested)).toEqual(await readTotals(oracle))
  })

  it('of all, and how far it is on the way', async () => {
    const news: BatchProgress[] = []
    await oracle.batch()
    await tested.batch({}, { onProgress: (one) => void news.push(one) })
    held = await readTotals(tested)
    expect(held).toEqual(await readTotals(oracle))
    const read = news.flatMap((one) =>
      one.phase === 'compute' && one.source === 'web' ? [one.linesRead] : [],
    )
    expect(read).toEqual([...read].sort((a, b) => a - b))
    expect(read.at(-1)).toBe(LINES + BAD.length)
    // The driver's pages were asked: the last one is told by what was staged.
    expect(read.length).toBeGreaterThan(1)
    expect(await readdir(join(dataDir, 'logs'))).toEqual([])
  })
})

describe('a run that cannot start', () => {
  it('says that nothing listens at the address', async () => {
    settings = { master: 'spark://127.0.0.1:1' }
    expect(await failureOf()).toMatchObject({
      code: 'BATCH_MASTER_UNREACHABLE',
      message: expect.stringContaining('spark://127.0.0.1:1'),
    })
  })

  it('says that Spark or Java is missing, and where it looked', async () => {
    settings = { home: '/nowhere' }
    expect(await failureOf()).toMatchObject({
      code: 'BATCH_ENGINE_MISSING',
      message: expect.stringContaining('/nowhere'),
    })
    settings = {}
    const before = process.env.JAVA_HOME
    process.env.JAVA_HOME = '/no-java'
    const error = await failureOf()
    process.env.JAVA_HOME = before
    expect(error).toMatchObject({
      code: 'BATCH_JAVA_MISSING',
      message: expect.stringContaining('/no-java'),
    })
  })

  it('says that no worker has as much memory', async () => {
    settings = {
      patienceMs: 2000,
      conf: { 'spark.executor.memory': '900g', 'spark.starvation.timeout': '1s' },
    }
    expect(await failureOf()).toMatchObject({ code: 'BATCH_NO_RESOURCES' })
  })
})

describe('a run that fails', () => {
  /** Spark gets other blocks than the archive has checked. */
  const withBlock = (location: string) => (engine: BatchEngine) => ({
    name: engine.name,
    reads: engine.reads,
    close: () => engine.close(),
    compute: (
      requests: Parameters<BatchEngine['compute']>[0],
      options: Parameters<BatchEngine['compute']>[1],
    ) => {
      const web = requests.filter(({ plan }) => plan.source === 'web')
      const spoilt = web.map((request) => {
        const blocks = request.blocks.map((block, index) => (index === 0 ? { ...block, location } : block))
        return { ...request, blocks }
      })
      return engine.compute(spoilt, options)
    },
  })

  it('names a block that Spark cannot read, and keeps the log', async () => {
    const path = join(tested.folder, 'no-block.parquet')
    writeFileSync(path, 'PAR1 no PAR1')
    spoil = withBlock(pathToFileURL(path).href)
    const error = await failureOf()
    expect(error).toMatchObject({ code: 'ARCHIVE_CORRUPT_BLOCK' })
    const log = /its log is (\S+\.log)/.exec(error.message)?.[1]
    expect(await readFile(log!, 'utf8')).toContain('no-block.parquet')
  })

  it('says that HDFS refuses its connection', async () => {
    spoil = withBlock('hdfs://127.0.0.1:1/web/0.parquet')
    expect(await failureOf()).toMatchObject({
      code: 'BATCH_STORAGE_REFUSED',
      message: expect.stringContaining('Connection refused'),
    })
  })

  it('says that executors end as soon as they start', async () => {
    // Two garbage collectors at once: no JVM starts with these. Spark goes on trying without a word.
    const conf = {
      'spark.executor.extraJavaOptions': '-XX:+UseSerialGC -XX:+UseParallelGC',
      'spark.starvation.timeout': '1s',
    }
    settings = { patienceMs: 5000, conf }
    expect(await failureOf()).toMatchObject({
      code: 'BATCH_NO_RESOURCES',
      message: expect.stringContaining('ended as soon as it had started'),
    })
  })

  it('keeps the logs of the last few only', async () => {
    const logs = join(dataDir, 'logs')
    expect((await readdir(logs)).length).toBeGreaterThan(2)
    for (let old = 0; old < 9; old++) writeFileSync(join(logs, `spark-2020-01-0${old}.log`), '')
    settings = { master: 'local[1]', conf: { 'spark.driver.memory': '10m' } }
    expect(await failureOf()).toMatchObject({ code: 'BATCH_OUT_OF_MEMORY' })
    expect(await readdir(logs)).toHaveLength(5)
  })
})

describe('a run that is stopped', () => {
  beforeAll(async () => {
    if (held) return
    await tested.batch()
    held = await readTotals(tested)
  })

  const application = () => waitUntil(async () => (await activeApplications(ui))[0], 'an application')

  it('by a cancel ends its application', async () => {
    const stop = new AbortController()
    const failure = failureOf(tested.batch({}, { signal: stop.signal }))
    expect(await application()).toMatchObject({ name: 'millrace web edge' })
    stop.abort()
    expect(await failure).toMatchObject({ code: 'BATCH_CANCELLED' })
  })

  it('by kill -9 of the command takes Spark with it, and the next run clears away what it left', async () => {
    const config = join(tested.folder, 'millrace.yaml')
    await writeConfig(config)
    const ended = millrace(['--config', config, '--data', dataDir, 'batch'], {
      cwd: tested.folder,
      onStart: (child) => void application().then(() => child.kill('SIGKILL')),
    })
    expect(await ended).toMatchObject({ signal: 'SIGKILL' })
    await waitUntil(async () => (await processesOf(dataDir)).length === 0, 'the driver to end')
    expect(await readTotals(tested)).toEqual(held)
    const left = [...(await readdir(join(dataDir, 'tmp'))), ...(await readdir(join(dataDir, 'shared')))]
    expect(left.length).toBeGreaterThan(0)
    await tested.batch()
    expect(await readTotals(tested)).toEqual(held)
  })

  it(
    `by kill -9 of an executor, ${KILLS} times (seed ${SEED}), goes on and is right`,
    async () => {
      const running = tested.batch()
      const { id } = await application()
      for (let index = 0; index < KILLS; index++) {
        const executor = await waitUntil(async () => (await executorsOf(id))[0], 'an executor')
        await pause(500 + random.next() * 1500)
        await kill(executor)
      }
      await running
      expect(await readTotals(tested)).toEqual(held)
    },
    60_000 + KILLS * 60_000,
  )
})

function webLine(index: number): string {
  const ts = new Date(Date.UTC(2026, 0, 1, 0, index % 7, index % 60, index % 1000)).toISOString()
  return JSON.stringify({ ts, service: `s${index % 5}`, ms: (index * 7919) % 100_000 })
}

async function readTotals(pipeline: Pipeline): Promise<unknown> {
  const totals = [await pipeline.queryCsv('requests'), await pipeline.queryCsv('bytes')]
  return [...totals, await pipeline.rejects('web')]
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The same definition as a file, with the master of the cluster. */
async function writeConfig(path: string): Promise<void> {
  await mkdir(tested.folder, { recursive: true })
  const conf = Object.entries(smallSpark()).map(([key, value]) => `${key}: '${value}'`)
  const batch = `batch: { spark: '${master}', memory: 1g, home: '${home}', conf: { ${conf.join(', ')} } }\n`
  writeFileSync(path, `${DEFINITION}${batch}`)
}
