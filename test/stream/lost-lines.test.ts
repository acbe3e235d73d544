/** Lines that are lost for good: nothing is taken for lost without a proof, and once accepted every reader skips and counts them alike. */
import { mkdirSync } from 'node:fs'
import { cp, readdir, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { buildPlans } from '../../src/compile/build-plan.ts'
import { MillraceError } from '../../src/core/error.ts'
import { holdSource } from '../../src/core/held-source.ts'
import { DuckdbBatchEngine } from '../../src/engines/duckdb/batch.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { acceptLoss } from '../../src/run/accept-loss.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { findLoss } from '../../src/run/find-loss.ts'
import { readCountedRuns } from '../../src/run/held-lost.ts'
import { keepRestating } from '../../src/run/keep-restating.ts'
import { readStreams } from '../../src/run/read-streams.ts'
import { type BatchJob, runBatch } from '../../src/run/run-batch.ts'
import { Stream } from '../../src/run/run-stream.ts'
import { verifyTotals } from '../../src/run/verify-totals.ts'
import { inputOf } from '../contract/archive-lines.ts'
import { batchOf } from '../contract/log.contract.ts'
import { defineText, sha256 } from '../pipeline.ts'
import { sharedReport } from './shared-report.ts'
import { StreamWorld } from './stream-world.ts'

const DEFINITION = `
sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { ms: integer } }
  app: { format: json, time: { field: ts, layout: epoch_ms } }
metrics:
  volume: { source: web, window: 1m, measures: { n: count() } }
  other: { source: app, window: 1m, measures: { n: count() } }
`
/** Of the first line's minute; all lines are of it. */
const T0 = Date.UTC(2026, 0, 5)

let world: StreamWorld
let log: FilesLog
let archive: FilesArchive
let engine: DuckdbStreamEngine
let nowMs = T0
let folders = 0
beforeEach(async () => {
  nowMs = T0
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

/** As a server does. Each batch has a segment of its own. */
async function openLog(): Promise<FilesLog> {
  const clocks = { now: () => nowMs, steady: () => nowMs }
  return FilesLog.open({
    ...{ dataDir: world.dataDir, clocks, segmentBytes: 1 },
    firstOffset: async (source) => (await archive.manifest(source))?.nextOffset ?? 0,
    countedTo: async (source) => (await (await world.report()).streamState(source))?.endOffset ?? 0,
  })
}

const folderOf = (name: string) => join(world.dataDir, name, 'web')

async function append(count: number, source = 'web'): Promise<void> {
  nowMs += 1000
  const lines = Array.from({ length: count }, (_, ms) => `${JSON.stringify({ ts: T0, ms })}\n`)
  await log.append(source, batchOf(lines.join('')))
}

const archiveAll = (source = 'web') =>
  archiveLog({ log, archive, passed: async () => 0 }, source, { isUrgent: true })

/** A server's stream, to the end of what there is. */
async function stream(): Promise<void> {
  const made = new Stream({
    ...{ plan: world.plan, latenessMs: world.latenessMs, log, archive, engine },
    ...{ report: await world.report(), now: () => nowMs },
    makeStagingDir: async () => {
      const path = join(world.dataDir, 'staging', `run${folders++}`)
      mkdirSync(path)
      return { path, remove: () => rm(path, { recursive: true }) }
    },
  })
  await made.begin(new AbortController().signal)
  while (await made.step());
}

async function lossPlace(deleted: readonly string[] = []) {
  return { source: 'web', log, archive, report: await world.report(), deleted, isAlone: true }
}

async function accept(deleted: readonly string[] = []) {
  const place = await lossPlace(deleted)
  const { ranges: shown } = await findLoss(place)
  return acceptLoss({ ...place, shown, by: 'ann@host', now: () => nowMs })
}

async function computing() {
  const report = await world.report()
  return {
    ...{ plans: [world.plan], range: {}, archive, archivePlace: '', digest: sha256, now: Date.now },
    engine: new DuckdbBatchEngine({ readableFolders: [join(world.dataDir, 'archive')], threads: 1 }),
    readStreams: () => readStreams(report, buildPlans(world.definition, sha256)),
    readRuns: () => readCountedRuns(report, buildPlans(world.definition, sha256)),
    openReport: async () => sharedReport(report),
    makeStagingDir: async () => world.stagingDir(),
    catchUp: async () => {
      await archiveAll()
      return []
    },
  }
}

/** As `millrace batch` while no server runs. */
async function batch(replaces = false, changes: Partial<BatchJob> = {}) {
  const takesOver = { latenessMs: world.latenessMs, replaces }
  return runBatch({ ...(await computing()), takesOver, ...changes })
}

async function verify(changes: Partial<BatchJob> = {}) {
  const scratch = join(world.dataDir, `scratch${folders++}`)
  const makeStagingDir = async (name: string) => {
    const path = join(scratch, name)
    mkdirSync(path, { recursive: true })
    return path
  }
  await makeStagingDir('')
  const openScratchReport = () => openDuckdbReport(scratch, 'write')
  return verifyTotals({
    ...(await computing()),
    makeStagingDir,
    openScratchReport,
    isAlone: true,
    ...changes,
  })
}

const ledger = async () => (await (await world.report()).streamState('web'))!.metrics[0]!.ledger
const lostOf = async () =>
  (await archive.manifest('web'))!.lost?.map(({ fromOffset, endOffset }) => [fromOffset, endOffset])
const equal = { cells: 1, differing: 0 }

it('counts lines as lost that nobody ever counted: in stream, batch and verify alike', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await append(4)
  await log.trim('web', 8)
  const missing = { code: 'LOG_LINES_MISSING', params: { lines: 5, offsets: '3..8' } }
  await expect(stream()).rejects.toMatchObject(missing)
  await expect(archiveAll()).rejects.toMatchObject(missing)
  expect(await findLoss(await lossPlace())).toEqual({
    ...{ source: 'web', lines: 5, counted: [], blocks: [] },
    ranges: [{ fromOffset: 3, endOffset: 8, lineBeforeMs: T0 + 1000, lineAfterMs: T0 + 3000 }],
  })
  await accept()
  expect(await lostOf()).toEqual([[3, 8]])
  await stream()
  const balanced = { appended: 12, counted: 7, lost: 5 }
  expect(await ledger()).toMatchObject(balanced)
  expect((await verify()).metrics[0]).toMatchObject(equal)
  const { ledger: ofRun, sources } = await batch()
  expect(ofRun.at(-1)).toMatchObject(balanced)
  expect(sources[0]).toMatchObject({ cut: 12, linesRead: 7, lost: 5 })
  expect((await verify()).metrics[0]).toMatchObject(equal)
  await append(2)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 14, counted: 9, lost: 5 })
})

it('keeps totals of lines that were lost after they were counted, and drops them only when told to', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await stream()
  await log.close()
  await rm(folderOf('log'), { recursive: true })
  log = await openLog()
  await expect(verify()).rejects.toMatchObject({ code: 'REPORT_AHEAD' })
  // Nobody knows yet whether a drive is away.
  await expect(findLoss(await lossPlace())).rejects.toMatchObject({ code: 'LOSS_UNPROVEN' })
  await append(2)
  await expect(findLoss(await lossPlace())).rejects.toMatchObject({ code: 'LOSS_UNPROVEN' })
  const { counted } = await accept([folderOf('log')])
  expect(counted).toEqual([{ metric: 'volume', lines: 5 }])
  await stream()
  expect(await ledger()).toMatchObject({ appended: 10, counted: 10 })
  const holds = { code: 'REPORT_HOLDS_LOST', params: { lines: 5 } }
  await expect(batch()).rejects.toMatchObject(holds)
  await expect(verify()).rejects.toMatchObject(holds)
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 10, counted: 5, lost: 5 })
  expect((await verify()).metrics[0]).toMatchObject(equal)
})

it('tries no restatement where totals hold lost lines, and goes on looking without a failure', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await stream()
  nowMs += 3_600_000
  await append(2)
  await stream()
  const looked = async () => {
    const [stop, heard] = [new AbortController(), [] as string[]]
    await keepRestating(
      {
        ...{ plans: world.plan.metrics, report: await world.report(), archive, now: Date.now },
        restate: async (ranges) => void heard.push(`restate ${[...ranges.keys()]}`),
        onHeld: ({ code, params }) => heard.push(`${code} ${params['lines']}`),
        onLook: () => stop.abort(),
        onFailure: (error) => {
          heard.push(`failed ${error}`)
          stop.abort()
        },
      },
      stop.signal,
    )
    return heard
  }
  expect(await looked()).toEqual(['restate volume'])
  await archiveAll()
  await log.trim('web', 10)
  await truncate(await blockFile(1), 10)
  await accept()
  expect(await ledger()).toMatchObject({ appended: 10, counted: 8, late: 2 })
  expect(await looked()).toEqual(['REPORT_HOLDS_LOST 5'])
  await batch(true)
  expect(await looked()).toEqual([])
})

it('names every source that is held up with its own reason, and those without lines as such', async () => {
  const [web, app] = buildPlans(world.definition, sha256)
  const plans = [web!, app!]
  const holdOf = (source: string, at: number) =>
    holdSource(source, new MillraceError('REPORT_AHEAD', { source, counted: at, end: 1 }))
  const held = (...sources: readonly string[]) => ({
    plans,
    catchUp: async () => sources.map((source, at) => holdOf(source, at + 70)),
  })
  const told = async (job: Partial<BatchJob>) => batch(false, job).catch((error) => error)
  const partly = await told(held('web'))
  expect(partly).toMatchObject({ code: 'BATCH_ALL_HELD' })
  expect(partly.message).toContain(holdOf('web', 70).message)
  expect(partly.message).toContain('Source app has no lines.')
  const wholly = await told(held('web', 'app'))
  expect(wholly.message).toContain(holdOf('web', 70).message)
  expect(wholly.message).toContain(holdOf('app', 71).message)
  expect(await told({ ...held('web'), plans: [web!] })).toMatchObject({ code: 'REPORT_AHEAD' })
})

it('takes the place of an archive that was deleted, and no copy of that can take it back', async () => {
  const mirror = join(world.folder, 'mirror')
  archive = new FilesArchive({ dataDir: world.dataDir, mirror })
  await append(3)
  await archiveAll()
  await stream()
  await append(2)
  await log.trim('web', 3)
  const { incarnation } = (await archive.manifest('web'))!
  for (const name of [folderOf('archive'), join(mirror, 'web')]) {
    await cp(name, `${name}.old`, { recursive: true })
    await rm(name, { recursive: true })
  }
  await expect(stream()).rejects.toMatchObject({ code: 'LOG_LINES_MISSING' })
  const half = await lossPlace([folderOf('archive')])
  await expect(findLoss(half)).rejects.toMatchObject({ params: { path: join(mirror, 'web') } })
  await accept([folderOf('archive'), join(mirror, 'web')])
  await stream()
  expect(await archive.manifest('web')).toMatchObject({
    incarnation,
    nextOffset: 5,
    lost: [{ endOffset: 3 }],
  })
  // What comes back with more commits of the old kind is behind all the same.
  await cp(join(mirror, 'web.old'), join(mirror, 'web'), { recursive: true })
  await append(1)
  await archiveAll()
  expect(await archive.manifest('web')).toMatchObject({ nextOffset: 6, lost: [{ endOffset: 3 }] })
})

it('stands by the fact when a log that holds the lines is put back', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await log.close()
  await cp(folderOf('log'), join(world.folder, 'log'), { recursive: true })
  log = await openLog()
  await append(4)
  await log.trim('web', 8)
  await accept()
  await log.close()
  await rm(folderOf('log'), { recursive: true })
  await cp(join(world.folder, 'log'), folderOf('log'), { recursive: true })
  log = await openLog()
  await append(1)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 13, counted: 8, lost: 5 })
  await batch()
  expect((await verify()).metrics[0]).toMatchObject(equal)
})

it('goes on after what an older copy of the log lacks of the lines that were counted', async () => {
  await append(3)
  await stream()
  await log.close()
  await cp(folderOf('log'), join(world.folder, 'log'), { recursive: true })
  log = await openLog()
  await append(2)
  await stream()
  await log.close()
  await rm(folderOf('log'), { recursive: true })
  await cp(join(world.folder, 'log'), folderOf('log'), { recursive: true })
  log = await openLog()
  await expect(stream()).rejects.toMatchObject({ code: 'REPORT_AHEAD' })
  expect((await accept()).ranges).toMatchObject([{ fromOffset: 3, endOffset: 5 }])
  await log.close()
  log = await openLog()
  await append(4)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 9, counted: 9 })
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 9, counted: 7, lost: 2 })
})

/** The file of a block, in the order of offsets. */
async function blockFile(at: number): Promise<string> {
  const names = (await readdir(join(folderOf('archive'), 'blocks'))).sort()
  return join(folderOf('archive'), 'blocks', names[at]!)
}

it('holds up the source of a lost block alone, until the loss of its lines is accepted', async () => {
  const plans = buildPlans(world.definition, sha256)
  await append(4, 'app')
  await archiveAll('app')
  for (const count of [3, 5, 4]) {
    await append(count)
    await archiveAll()
  }
  await log.trim('web', 12)
  await batch(false, { plans })
  await append(1, 'app')
  await archiveAll('app')
  await truncate(await blockFile(1), 10)
  const held = [{ source: 'web', code: 'ARCHIVE_CORRUPT_BLOCK' }]
  const record = await batch(false, { plans })
  expect(record).toMatchObject({ held, sources: [{ source: 'app', cut: 5 }] })
  expect(await verify({ plans })).toMatchObject({ held, metrics: [{ metric: 'other', differing: 0 }] })
  expect((await accept()).ranges).toEqual([
    { fromOffset: 3, endOffset: 8, lineBeforeMs: T0 + 2000, lineAfterMs: T0 + 4000 },
  ])
  // The totals hold the lines: they stay until somebody drops them.
  await stream()
  expect(await ledger()).toMatchObject({ appended: 12, counted: 12 })
  await expect(batch()).rejects.toMatchObject({ code: 'REPORT_HOLDS_LOST', params: { lines: 5 } })
  await batch(true, { plans })
  expect(await ledger()).toMatchObject({ appended: 12, counted: 7, lost: 5 })
  expect((await verify({ plans })).metrics).toMatchObject([equal, equal])
  await append(2)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 14, counted: 9, lost: 5 })
})

it('archives again what the log still holds of a lost block, and takes for lost only the rest', async () => {
  await append(3)
  await archiveAll()
  await append(4)
  await append(5)
  await archiveAll()
  await stream()
  await log.trim('web', 7)
  await rm(await blockFile(1))
  expect((await accept()).blocks).toMatchObject([
    { lost: [{ fromOffset: 3, endOffset: 7 }], held: [{ fromOffset: 7, endOffset: 12 }] },
  ])
  expect(await lostOf()).toEqual([[3, 7]])
  const { blocks } = (await archive.manifest('web'))!
  expect(blocks.map(({ firstOffset, endOffset }) => [firstOffset, endOffset])).toEqual([
    [0, 3],
    [7, 12],
  ])
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 12, counted: 8, lost: 4 })
})

it('takes no block for lost that a mirror has, nor all of them where their drive may be away', async () => {
  const mirror = join(world.folder, 'mirror')
  archive = new FilesArchive({ dataDir: world.dataDir, mirror })
  await append(3)
  await archiveAll()
  await append(2)
  await archiveAll()
  await log.trim('web', 5)
  const blocks = join(folderOf('archive'), 'blocks')
  await rm(blocks, { recursive: true })
  expect(await findLoss(await lossPlace())).toMatchObject({ lines: 0, blocks: [] })
  await rm(join(mirror, 'web', 'blocks'), { recursive: true })
  await expect(findLoss(await lossPlace())).rejects.toMatchObject({
    code: 'LOSS_UNPROVEN',
    params: { path: blocks },
  })
  const ofMirror = { params: { path: join(mirror, 'web', 'blocks') } }
  await expect(findLoss(await lossPlace([blocks]))).rejects.toMatchObject(ofMirror)
  // The log still holds the last segment.
  const deleted = [blocks, ofMirror.params.path]
  expect(await findLoss(await lossPlace(deleted))).toMatchObject({ lines: 3, blocks: [{}, {}] })
})

it('computes the other sources once more where only the engine finds a block damaged', async () => {
  const plans = buildPlans(world.definition, sha256)
  await append(4, 'app')
  await archiveAll('app')
  await append(3)
  const { engine: real, ...job } = await computing()
  let attempts = 0
  const engine: typeof real = Object.create(real, {
    compute: {
      value: (requests: Parameters<typeof real.compute>[0]) => {
        attempts++
        if (requests.some(({ plan }) => plan.source === 'web'))
          throw new MillraceError('ARCHIVE_CORRUPT_BLOCK', { source: 'web', block: 'b', why: 'w', path: 'p' })
        return real.compute(requests)
      },
    },
  })
  const record = await runBatch({ ...job, plans, engine })
  expect(attempts).toBe(2)
  expect(record).toMatchObject({ held: [{ source: 'web' }], sources: [{ source: 'app', cut: 4 }] })
})

it('takes no line for lost that lies in a block of a manifest that was put back older', async () => {
  const manifests = ['manifest.json', 'manifest.copy.json'].map((name) => join(folderOf('archive'), name))
  await append(3)
  await archiveAll()
  for (const path of manifests) await cp(path, `${path}.old`)
  await append(5)
  await archiveAll()
  await append(4)
  await log.trim('web', 8)
  for (const path of manifests) {
    await cp(path, `${path}.new`)
    await cp(`${path}.old`, path)
  }
  await expect(stream()).rejects.toMatchObject({ code: 'LOG_LINES_MISSING' })
  const block = '0000000000000003-0000000000000008.parquet'
  const held = { code: 'LOSS_IN_BLOCK', params: { block } }
  await expect(findLoss(await lossPlace())).rejects.toMatchObject(held)
  // Nor does anything take its offsets.
  const newer = { code: 'ARCHIVE_NEWER_BLOCKS' }
  await expect(archive.settle('web')).rejects.toMatchObject(newer)
  await expect(archive.ingest('web', [inputOf('a', '{}\n')])).rejects.toMatchObject(newer)
  const path = join(folderOf('archive'), 'blocks', block)
  await rename(path, join(world.folder, block))
  expect((await findLoss(await lossPlace())).lines).toBe(5)
  await rename(join(world.folder, block), path)
  for (const path of manifests) await cp(`${path}.new`, path)
  expect((await findLoss(await lossPlace())).lines).toBe(0)
  await stream()
  expect(await ledger()).toMatchObject({ appended: 12, counted: 12 })
})

it('keeps windows that a run alone had counted before their lines were lost, as those of a stream', async () => {
  await append(3)
  await archiveAll()
  await append(5)
  await archiveAll()
  await append(1)
  await archiveAll()
  await log.trim('web', 9)
  // As a backfill of windows below the start of a stream: no stream has counted these lines.
  const range = { fromMs: T0, toMs: T0 + 60_000 }
  await batch(false, { range })
  expect(await (await world.report()).streamState('web')).toBeUndefined()
  await rm(await blockFile(1))
  await accept()
  const holds = { code: 'REPORT_HOLDS_LOST', params: { lines: 5 } }
  await expect(batch(false, { range })).rejects.toMatchObject(holds)
  await expect(batch()).rejects.toMatchObject(holds)
  await expect(verify({ range })).rejects.toMatchObject(holds)
  await batch(true)
  expect(await ledger()).toMatchObject({ appended: 9, counted: 4, lost: 5 })
  await batch()
  expect((await verify()).metrics[0]).toMatchObject(equal)
})
