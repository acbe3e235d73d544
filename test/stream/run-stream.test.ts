/** The loop of a source's stream on a real log: it follows, goes on after a stop, and makes windows final without lines. */
import { mkdirSync } from 'node:fs'
import { cp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { SourcePlan } from '../../src/core/plan.ts'
import { DuckdbBatchEngine } from '../../src/engines/duckdb/batch.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { besideLog, FilesLog } from '../../src/engines/files/log.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import type { FarBehind } from '../../src/run/far-behind.ts'
import { keepStreaming } from '../../src/run/keep-streaming.ts'
import { readStreams } from '../../src/run/read-streams.ts'
import { runBatch } from '../../src/run/run-batch.ts'
import { runStream, Stream, type StreamNews } from '../../src/run/run-stream.ts'
import { SourceLines } from '../../src/run/source-lines.ts'
import { batchOf, readAll } from '../contract/log.contract.ts'
import { bytesInput, defineText, sha256 } from '../pipeline.ts'
import { sharedReport } from './shared-report.ts'
import { type Line, StreamWorld } from './stream-world.ts'

const DEFINITION = `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { service: string, ms: integer } }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), total: sum(ms), took: quantiles(ms) }
    allowed_lateness: 1s
  volume: { source: web, window: 1m, measures: { n: count() } }
`

let world: StreamWorld
let log: FilesLog
let archive: FilesArchive
let engine: DuckdbStreamEngine
let folders = 0
/** How far the clocks are ahead of the real ones. */
let aheadMs = 0
beforeEach(async () => {
  aheadMs = 0
  world = new StreamWorld(defineText(DEFINITION))
  archive = new FilesArchive({ dataDir: world.dataDir })
  log = await openLog()
  const readableFolders = [join(world.dataDir, 'archive')]
  engine = new DuckdbStreamEngine({ stagingRoot: join(world.dataDir, 'staging'), readableFolders })
})
afterEach(async () => {
  await engine.close()
  await log.close()
  await world.close()
})

async function openLog(): Promise<FilesLog> {
  const firstOffset = async () => (await archive.manifest('web'))?.nextOffset ?? 0
  const clocks = { now: () => Date.now() + aheadMs, steady: () => performance.now() + aheadMs }
  return FilesLog.open({ dataDir: world.dataDir, firstOffset, clocks })
}

/** Runs the stream while `act` goes on, then stops it; gives what it told. */
async function streaming(
  act: (news: readonly StreamNews[]) => Promise<void>,
  plan = world.plan,
): Promise<void> {
  const news: StreamNews[] = []
  const stop = new AbortController()
  const running = runStream(
    {
      ...{ plan, latenessMs: world.latenessMs, log, archive, engine },
      report: await world.reopen(),
      makeStagingDir: async () => {
        const path = join(world.dataDir, 'staging', `run${folders++}`)
        mkdirSync(path)
        return { path, remove: () => rm(path, { recursive: true }) }
      },
      now: Date.now,
      onAdvance: (one) => void news.push(one),
    },
    stop.signal,
  )
  try {
    await act(news)
  } finally {
    stop.abort()
    await running
  }
}

/** Each second line is of some seconds ago, and so perhaps late. */
async function append(from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index += 5) {
    const lines = Array.from({ length: 5 }, (_, place) => {
      const number = index + place
      const ts = Date.now() - (number % 2) * (number % 7) * 1000
      return JSON.stringify({ ts, service: `s${number % 3}`, ms: number })
    })
    await log.append('web', batchOf(`${lines.join('\n')}\n`))
  }
}

/** As `millrace batch` and `millrace ingest` do while no server runs; then the log is opened again. */
async function ingest(from: number, count: number): Promise<void> {
  await archiveLog({ log, archive, passed: async () => 0 }, 'web', { isUrgent: true })
  await log.close()
  const lines = Array.from({ length: count }, (_, place) => {
    return `${JSON.stringify({ ts: Date.now(), service: 'file', ms: from + place })}\n`
  })
  await archive.ingest('web', [bytesInput(Buffer.from(lines.join('')))])
  await archive.acknowledge('web')
  log = await openLog()
}

async function linesOfLog(): Promise<Line[]> {
  const batches = await readAll(log, 'web', 0)
  return batches.flatMap(({ observedMs, bytes }) =>
    Buffer.from(bytes)
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((text) => ({ observedMs, text })),
  )
}

const caughtUp = (news: readonly StreamNews[], end: number) =>
  expect.poll(() => news.at(-1)?.endOffset, { timeout: 20_000, interval: 50 }).toBe(end)

it('follows the log, goes on after a stop, and ends with the totals of a batch with the same lateness', async () => {
  await streaming(async (news) => {
    await append(0, 100)
    await caughtUp(news, 100)
    await append(100, 50)
    await caughtUp(news, 150)
    const counted = news.filter(({ lines }) => lines > 0)
    expect(counted.reduce((sum, { lines }) => sum + lines, 0)).toBe(150)
    for (const { freshnessMs } of counted) expect(freshnessMs).toBeGreaterThanOrEqual(0)
  })
  await append(150, 30)
  await streaming((news) => caughtUp(news, 180))
  const expected = await world.expected(await linesOfLog(), true)
  expect(await world.totals(await world.report())).toEqual(expected)
})

it('tells which lines could not be used, and which came late', async () => {
  const line = (ms: string, secondsAgo = 0) =>
    `{"ts":${Date.now() - secondsAgo * 1000},"service":"s","ms":${ms}}\n`
  await streaming(async (news) => {
    await log.append('web', batchOf(`${line('1')}no JSON\n{"ms":1}\n${line('"x"')}${line('1', 7200)}`))
    await caughtUp(news, 5)
    const { rejects, late } = news.find(({ lines }) => lines === 5)!
    expect(rejects?.lines).toBe(3)
    expect(new Map(rejects?.reasons.map(({ reason, lines }) => [reason, lines]))).toEqual(
      new Map(Object.entries({ invalid_json: 1, missing_time: 1, invalid_field: 1 })),
    )
    expect(late).toEqual([
      { metric: 'requests', lines: 1 },
      { metric: 'volume', lines: 1 },
    ])
    await log.append('web', batchOf(line('1')))
    await caughtUp(news, 6)
    expect(news.at(-1)).toMatchObject({ late: [] })
    expect(news.at(-1)!.rejects).toBeUndefined()
  })
})

it('makes windows final while no line comes', async () => {
  await streaming(async (news) => {
    await append(0, 10)
    await caughtUp(news, 10)
    const appendedMs = Date.now()
    const finalBefore = async () => (await (await world.report()).metricState('requests'))?.finalBeforeMs ?? 0
    await expect.poll(finalBefore, { timeout: 20_000, interval: 200 }).toBeGreaterThan(appendedMs)
  })
})

it('makes windows of a source without a log final, but not while files are ingested', async () => {
  await ingest(0, 5)
  const { plan, latenessMs } = world
  await batch({ ...plan, metrics: [plan.metrics[0]!] }, true)
  const stream = new Stream({
    ...{ plan, latenessMs, log, archive, engine, report: await world.reopen() },
    makeStagingDir: async () => ({ path: world.stagingDir(), remove: async () => undefined }),
    now: () => Date.now() + aheadMs,
  })
  expect(await stream.begin(AbortSignal.abort())).toBe(true)
  const finalMinute = async (): Promise<number> => {
    while (await stream.step());
    return (await (await world.report()).metricState('volume'))!.finalBeforeMs!
  }
  const before = await finalMinute()
  aheadMs = 600_000
  const place = { dataDir: world.dataDir, source: 'web' }
  await besideLog(
    place,
    async () => 0,
    async () => expect(await finalMinute()).toBe(before),
  )
  aheadMs += 60_000
  expect(await finalMinute()).toBeGreaterThan(before + 600_000)
  // A metric that joined after the lines came has them by a batch, beside the server too.
  await batch(plan, false)
  const { volume } = await world.totals(await world.report())
  expect(volume).toMatch(/,5\n$/)
})

const ledgers = async () => {
  const { metrics } = (await (await world.report()).streamState('web'))!
  return Object.fromEntries(
    metrics.map(({ metric, startOffset, endOffset, ledger }) => {
      const { counted, late = 0 } = ledger
      return [metric, [startOffset, endOffset, counted + late]]
    }),
  )
}

it('goes on in the archive where the log no longer has the lines, and in the log after it', async () => {
  await append(0, 20)
  await streaming((news) => caughtUp(news, 20))
  await ingest(20, 40)
  await append(60, 5)
  expect(log.sources()[0]).toMatchObject({ startOffset: 60, endOffset: 65 })
  await streaming(async (news) => {
    await caughtUp(news, 65)
    expect(news.map(({ endOffset }) => endOffset).slice(0, 2)).toEqual([60, 65])
    expect(news[0]!.lagLines).toBe(5)
  })
  expect(await ledgers()).toEqual({ requests: [0, 65, 65], volume: [0, 65, 65] })
})

it('reads in the archive what the log gave up after it was looked at', async () => {
  await append(0, 20)
  const looked = log.sources()
  await ingest(20, 10)
  await append(30, 5)
  const place = {
    sources: () => looked,
    read: (...at: Parameters<FilesLog['read']>) => log.read(...at),
  }
  await expect(place.read('web', 0, 1_000_000)).rejects.toMatchObject({ code: 'LOG_TRIMMED' })
  const lines = new SourceLines({ source: 'web', log: place as FilesLog, archive })
  const stretch = await lines.read(0, 20, 1_000_000)
  expect(stretch).toMatchObject({ batches: [], endOffset: 20, block: { lines: 20 } })
})

it('reads no line of a batch beyond the offset that is asked for', async () => {
  await append(0, 10)
  const lines = new SourceLines({ source: 'web', log, archive })
  const stretch = (await lines.read(0, 8, 1_000_000))!
  expect(stretch.endOffset).toBe(8)
  expect(stretch.batches.map(({ firstOffset, endOffset }) => [firstOffset, endOffset])).toEqual([
    [0, 5],
    [5, 8],
  ])
  const [last] = await log.read('web', 5, 1_000_000)
  const cut = Buffer.from(stretch.batches[1]!.bytes).toString()
  expect(cut.match(/\n/g)).toHaveLength(3)
  expect(Buffer.from(last!.bytes).toString().startsWith(cut)).toBe(true)
})

it('counts a source from its first line for a report that knows nothing of it, without any log too', async () => {
  await ingest(0, 30)
  await streaming(async (news) => {
    await caughtUp(news, 30)
    await append(30, 5)
    await caughtUp(news, 35)
  })
  expect(await ledgers()).toEqual({ requests: [0, 35, 35], volume: [0, 35, 35] })
})

it('lets a metric that was left out for a while catch up with the others, and none count twice', async () => {
  await append(0, 10)
  await streaming((news) => caughtUp(news, 10))
  const [requests] = world.plan.metrics
  await streaming(
    async (news) => {
      await append(10, 20)
      await caughtUp(news, 30)
    },
    { ...world.plan, metrics: [requests!] },
  )
  expect(await ledgers()).toEqual({ requests: [0, 30, 30], volume: [0, 10, 10] })
  await ingest(30, 10)
  await streaming(async (news) => {
    await caughtUp(news, 40)
    const caught = news.filter(({ behind }) => behind.length > 0)
    expect(caught.map(({ behind }) => behind)).toEqual([['volume'], []].slice(0, caught.length))
    await append(40, 5)
    await caughtUp(news, 45)
  })
  expect(await ledgers()).toEqual({ requests: [0, 45, 45], volume: [0, 45, 45] })
  expect((await (await world.report()).rejects('web', 1)).total).toBe(0)
})

it('refuses a report that is ahead of log and archive, or of other ones', async () => {
  await append(0, 10)
  await streaming((news) => caughtUp(news, 10))
  await log.close()
  await rm(join(world.dataDir, 'log'), { recursive: true })
  await ingest0()
  await expect(streaming(async () => undefined)).rejects.toMatchObject({ code: 'REPORT_AHEAD' })
  await append(5, 10)
  await expect(streaming(async () => undefined)).rejects.toMatchObject({ code: 'REPORT_OTHER_LOG' })
  expect(await ledgers()).toEqual({ requests: [0, 10, 10], volume: [0, 10, 10] })
})

it('refuses lines that took the place of counted ones, in an older folder that was put back', async () => {
  const [folder, older] = [join(world.dataDir, 'log'), join(world.dataDir, 'older')]
  await append(0, 5)
  await log.close()
  await cp(folder, older, { recursive: true })
  log = await openLog()
  await append(5, 5)
  await streaming((news) => caughtUp(news, 10))
  await log.close()
  await rm(folder, { recursive: true })
  await rename(older, folder)
  aheadMs = 60_000
  log = await openLog()
  await append(5, 20)
  await expect(streaming(async () => undefined)).rejects.toMatchObject({ code: 'REPORT_OTHER_LINES' })
  expect(await ledgers()).toEqual({ requests: [0, 10, 10], volume: [0, 10, 10] })
})

it('says at once that no archive has what the log begins after', async () => {
  await ingest(0, 10)
  await append(10, 5)
  await rm(join(world.dataDir, 'archive'), { recursive: true })
  const missing = { code: 'LOG_LINES_MISSING', params: { lines: 10, offsets: '0..10' } }
  await expect(streaming(async () => undefined)).rejects.toMatchObject(missing)
})

/** Five lines in an archive of their own, and a log that begins after them. */
async function ingest0(): Promise<void> {
  const lines = Array.from({ length: 5 }, (_, ms) => `${JSON.stringify({ ts: Date.now(), ms })}\n`)
  await archive.ingest('web', [bytesInput(Buffer.from(lines.join('')))])
  await archive.acknowledge('web')
  log = await openLog()
}

it('lets a batch count first what is far behind, and the stream go on from its cut', async () => {
  await ingest(0, 30)
  const report = await world.reopen()
  const leaps: FarBehind[] = []
  const stop = new AbortController()
  const { plan, latenessMs } = world
  const kept = keepStreaming(
    {
      ...{ plans: [plan], latenessMs, log, archive, engine, report, now: Date.now, mostLines: 29 },
      makeStagingDir: async () => ({ path: world.stagingDir(), remove: async () => undefined }),
      onFailure: (_, error) => {
        throw error
      },
      leap: async (_, behind) => {
        leaps.push(behind)
        await batch(plan, true)
      },
    },
    stop.signal,
  )
  const stands = async () => (await report.streamState('web'))?.endOffset
  await expect.poll(stands, { timeout: 20_000, interval: 50 }).toBe(30)
  await append(30, 5)
  await expect.poll(stands, { timeout: 20_000, interval: 50 }).toBe(35)
  stop.abort()
  await kept
  expect(leaps).toEqual([{ metrics: ['requests', 'volume'], lines: 30 }])
  expect(await ledgers()).toEqual({ requests: [0, 35, 35], volume: [0, 35, 35] })
})

it('gives windows that are not final to a batch that takes over, and none of their lines counts twice', async () => {
  await append(0, 10)
  await streaming((news) => caughtUp(news, 10))
  await archiveLog({ log, archive, passed: async () => 10 }, 'web', { isUrgent: true })
  await batch(world.plan, true)
  const { volume } = await world.totals(await world.report())
  const rows = volume!.trim().split('\n').slice(1)
  expect(rows.reduce((sum, row) => sum + Number(row.split(',').at(-1)), 0)).toBe(10)
})

/** As long as no stream runs it takes over. */
async function batch(plan: SourcePlan, takesOver: boolean): Promise<void> {
  const report = await world.report()
  const { latenessMs } = world
  await runBatch({
    ...{ plans: [plan], range: {}, archive, archivePlace: '', digest: sha256, now: Date.now },
    engine: new DuckdbBatchEngine({ readableFolders: [join(world.dataDir, 'archive')] }),
    readStreams: () => readStreams(report, [plan]),
    openReport: async () => sharedReport(report),
    makeStagingDir: async () => world.stagingDir(),
    ...(takesOver && { takesOver: { latenessMs, replaces: false } }),
  })
}
