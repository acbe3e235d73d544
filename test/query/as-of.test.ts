/** Totals as they were known at a time: by the model, and by a batch run that had only the lines of then. */
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type ContextFacts, printContext } from '../../src/core/line-context.ts'
import { printCsv } from '../../src/core/print-csv.ts'
import { openArchive, openBatchEngine, openReport } from '../../src/engines/registry.ts'
import { sparkDialect } from '../../src/engines/spark/dialect.ts'
import { printJob } from '../../src/engines/spark/job.ts'
import { type QueryRequest, queryMetric } from '../../src/run/query-metric.ts'
import { type ReportAsOf, reportAsOf } from '../../src/run/report-as-of.ts'
import { acceptedWorld } from '../model/accepted-world.ts'
import { compareResults } from '../model/compare-results.ts'
import { engineResult } from '../model/engine-result.ts'
import { worldText } from '../model/random-world.ts'
import { splitLines } from '../model/read-line.ts'
import { readLines, tallyModel } from '../model/tally-model.ts'
import { bytesInput, defineText, makeScratch, Pipeline, sha256 } from '../pipeline.ts'

const SEEDS = [1, 3, 6, 7]
/** When the thirds of the lines were observed; the first two lie in one block. */
const OBSERVED_MS = [1000, 2000, 3000] as const

const pipelines: Pipeline[] = []
function newPipeline(text: string): Pipeline {
  const pipeline = new Pipeline(defineText(text))
  pipelines.push(pipeline)
  return pipeline
}
afterEach(() => {
  for (const pipeline of pipelines.splice(0)) pipeline.remove()
})

/** Whole lines, each with its end; without the mark that only files may begin with. */
function thirds(world: Buffer): Buffer[] {
  const bytes = world.indexOf('\ufeff') === 0 ? world.subarray(3) : world
  const ends = [1, 2].map((part) => bytes.indexOf(0x0a, Math.floor((bytes.length * part) / 3)) + 1)
  const [first, second] = ends.map((end) => (end === 0 ? bytes.length : end))
  const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
  return parts.map((part) => (part.at(-1) === 0x0a ? part : Buffer.concat([part, Buffer.from('\n')])))
}

/** `facts` are of the file that the lines came from. */
async function archive(
  pipeline: Pipeline,
  source: string,
  parts: readonly Uint8Array[],
  facts?: ContextFacts,
): Promise<void> {
  const opened = await openArchive(pipeline.folders)
  let next = 0
  const batches = parts.slice(0, 2).map((bytes, index) => {
    const firstOffset = next
    next += Buffer.from(bytes).toString('latin1').split('\n').length - 1
    const place = { firstOffset, endOffset: next, observedMs: OBSERVED_MS[index]! }
    return { ...place, bytes, ...(facts && { context: printContext(facts) }) }
  })
  await opened.append(
    source,
    (async function* () {
      yield* batches
    })(),
  )
  const last = { ...bytesInput(parts[2]!), ...(facts && { facts }) }
  await opened.ingest(source, [last], { now: () => OBSERVED_MS[2] })
  await opened.acknowledge(source)
}

it.each(SEEDS)('equals the model of the lines that were observed before (seed %i)', async (seed) => {
  const { world } = acceptedWorld(seed, 4)
  const parts = thirds(world.bytes)
  const pipeline = newPipeline(worldText(world))
  const { referenceMs } = world.source.time
  await archive(pipeline, 'src', parts, referenceMs === undefined ? undefined : { referenceMs })
  for (const [observedBeforeMs, known] of [
    [1000, 0],
    [1001, 1],
    [2000, 1],
    [2001, 2],
    [3000, 2],
    [3001, 3],
  ] as const) {
    const raw = splitLines(Buffer.concat(parts.slice(0, known)))
    const lines = readLines(world.source, raw)
    const [computed] = await pipeline.stage({}, { observedBeforeMs })
    expect(computed).toMatchObject({ appended: raw.length, staged: { linesRead: raw.length } })
    for (const metric of world.metrics) {
      const found = await engineResult(pipeline, metric.name)
      const differences = compareResults(tallyModel(world.source, metric, lines), found)
      expect({ observedBeforeMs, metric: metric.name, differences }).toMatchObject({ differences: [] })
    }
  }
})

const METRIC = `
sources:
  web: { format: json, time: ts, fields: { service: string, ms: decimal(3), user: string } }
metrics:
  requests:
    source: web
    window: 1m
    allowed_lateness: 1s
    dimensions: { service: service }
    measures: { n: count(), took: sum(ms), duration: quantiles(ms), users: distinct(user) }
`
const line = (minute: number, index: number) =>
  JSON.stringify({
    ts: new Date(Date.UTC(2026, 0, 1, 0, minute, index % 60)).toISOString(),
    service: index % 3 === 0 ? null : `s${index % 3}`,
    ms: (index * 7) % 1000,
    user: `u${index % 40}`,
  })
const LINES = Array.from({ length: 300 }, (_, index) => line(index % 90, index))
const PARTS = [LINES.slice(0, 100), LINES.slice(100, 200), LINES.slice(200)].map((lines) =>
  Buffer.from(`${lines.join('\n')}\n`),
)

async function asOf(pipeline: Pipeline, observedBeforeMs: number): Promise<ReportAsOf> {
  const folder = makeScratch(pipeline.folder)
  return reportAsOf({
    ...{ plans: pipeline.plans, range: {}, digest: sha256, now: Date.now, observedBeforeMs },
    engine: await openBatchEngine(pipeline.folders),
    archive: await openArchive(pipeline.folders),
    archivePlace: pipeline.folder,
    openScratchReport: () => openReport({ dataDir: folder }, 'write'),
    makeStagingDir: async () => makeScratch(folder),
  })
}

it('answers every request as a batch run would have at that time, and leaves the report alone', async () => {
  const pipeline = newPipeline(METRIC)
  await archive(pipeline, 'web', PARTS)
  await pipeline.batch()
  const file = join(pipeline.folders.dataDir, 'report.duckdb')
  const before = readFileSync(file)
  const then = newPipeline(METRIC)
  await then.ingest('web', PARTS[0]!, PARTS[1]!)
  await then.batch()
  const requests: Omit<QueryRequest, 'metric' | 'range'>[] = [
    {},
    { step: '1h', by: [], quantiles: ['0.5', '0.999'] },
    { step: '1d', timezone: 'Asia/Tokyo', by: ['service'], measures: ['users', 'took'] },
    { where: `service = 's1'` },
  ]
  for (const request of requests) {
    const job = {
      definition: pipeline.definition,
      digest: sha256,
      openReport: async () => (await asOf(pipeline, 3000)).report,
    }
    const { table, warnings } = await queryMetric(job, { metric: 'requests', range: {}, ...request })
    expect([...printCsv(table)].join('')).toBe(await then.queryCsv('requests', request))
    expect(warnings).toEqual([])
  }
  expect(readFileSync(file).equals(before)).toBe(true)
})

it('says how many lines were known, and reads none of a block that came later', async () => {
  const pipeline = newPipeline(METRIC)
  await archive(pipeline, 'web', PARTS)
  const known = async (observedBeforeMs: number) => {
    const { report, known } = await asOf(pipeline, observedBeforeMs)
    await report.close()
    return known
  }
  expect(await known(2000)).toEqual([{ source: 'web', lines: 100, archived: 300 }])
  expect(await known(9000)).toEqual([{ source: 'web', lines: 300, archived: 300 }])
  const blocks = join(pipeline.folders.dataDir, 'archive/web/blocks')
  const manifest = await (await openArchive(pipeline.folders)).manifest('web')
  for (const { name } of manifest!.blocks)
    copyFileSync(join(pipeline.folder, 'data/archive/web/manifest.json'), join(blocks, name))
  // All were observed at 1000 or later, as the manifest knows.
  expect(await known(1000)).toEqual([{ source: 'web', lines: 0, archived: 300 }])
  await expect(known(1001)).rejects.toMatchObject({ code: 'ARCHIVE_CORRUPT_BLOCK' })
})

it('passes over later lines on Spark by a filter where it reads blocks', async () => {
  const { plans } = newPipeline(METRIC)
  const request = {
    ...{ plan: plans[0]!, range: {}, stagingDir: '/staging', observedBeforeMs: 2000 },
    blocks: [
      { location: 'file:///archive/a.parquet', name: 'a.parquet', firstOffset: 0, lines: 3, rawBytes: 9 },
    ],
    shared: { uri: 'file:///shared', fetch: async () => [], remove: async () => undefined },
  }
  const [views] = printJob(sparkDialect, [request]).split('CACHE TABLE')
  await expect(views).toMatchFileSnapshot('as-of.spark.sql')
})
