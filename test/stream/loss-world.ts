/** A source whose lines get lost, with its log, archive, stream and batches in one data folder, for tests. */
import { mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { buildPlans } from '../../src/compile/build-plan.ts'
import { DuckdbBatchEngine } from '../../src/engines/duckdb/batch.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { acceptLoss } from '../../src/run/accept-loss.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { findLoss } from '../../src/run/find-loss.ts'
import { readCountedRuns } from '../../src/run/held-lost.ts'
import { readStreams } from '../../src/run/read-streams.ts'
import { type BatchJob, runBatch } from '../../src/run/run-batch.ts'
import { Stream } from '../../src/run/run-stream.ts'
import { verifyTotals } from '../../src/run/verify-totals.ts'
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
export const T0 = Date.UTC(2026, 0, 5)

export let world: StreamWorld
export let log: FilesLog
export let archive: FilesArchive
let engine: DuckdbStreamEngine
let nowMs = T0
let folders = 0

/** One for each test of the file that calls it. */
export function useLossWorld(): void {
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
}

/** It must have been closed. */
export async function reopenLog(): Promise<void> {
  log = await openLog()
}

export function mirrorTo(mirror: string): void {
  archive = new FilesArchive({ dataDir: world.dataDir, mirror })
}

export function pass(ms: number): void {
  nowMs += ms
}

/** As a server does. Each batch has a segment of its own. */
async function openLog(): Promise<FilesLog> {
  const clocks = { now: () => nowMs, steady: () => nowMs }
  return FilesLog.open({
    ...{ dataDir: world.dataDir, clocks, segmentBytes: 1 },
    firstOffset: async (source) => (await archive.manifest(source))?.nextOffset ?? 0,
    countedTo: async (source) => (await (await world.report()).streamState(source))?.endOffset ?? 0,
  })
}

export const folderOf = (name: string) => join(world.dataDir, name, 'web')

export async function append(count: number, source = 'web'): Promise<void> {
  nowMs += 1000
  const lines = Array.from({ length: count }, (_, ms) => `${JSON.stringify({ ts: T0, ms })}\n`)
  await log.append(source, batchOf(lines.join('')))
}

export const archiveAll = (source = 'web') =>
  archiveLog({ log, archive, passed: async () => 0 }, source, { isUrgent: true })

/** A server's stream, to the end of what there is. */
export async function stream(): Promise<void> {
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

export async function lossPlace(deleted: readonly string[] = []) {
  return { source: 'web', log, archive, report: await world.report(), deleted, isAlone: true }
}

export async function accept(deleted: readonly string[] = []) {
  const place = await lossPlace(deleted)
  const { ranges: shown } = await findLoss(place)
  return acceptLoss({ ...place, shown, by: 'ann@host', now: () => nowMs })
}

export async function computing() {
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
export async function batch(replaces = false, changes: Partial<BatchJob> = {}) {
  const takesOver = { latenessMs: world.latenessMs, replaces }
  return runBatch({ ...(await computing()), takesOver, ...changes })
}

export async function verify(changes: Partial<BatchJob> = {}) {
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

export const ledger = async () => (await (await world.report()).streamState('web'))!.metrics[0]!.ledger
export const lostOf = async () =>
  (await archive.manifest('web'))!.lost?.map(({ fromOffset, endOffset }) => [fromOffset, endOffset])
export const equal = { cells: 1, differing: 0 }

/** The file of a block, in the order of offsets. */
export async function blockFile(at: number): Promise<string> {
  const names = (await readdir(join(folderOf('archive'), 'blocks'))).sort()
  return join(folderOf('archive'), 'blocks', names[at]!)
}
