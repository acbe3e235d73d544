/** A clock that was wrong at a start: nothing more is acked, a repair gives its lines other times, and every total is right. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DuckdbBatchEngine } from '../../src/engines/duckdb/batch.ts'
import { readStamps } from '../../src/engines/duckdb/read-stamps.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { placeStream } from '../../src/run/place-stream.ts'
import { type ClockChoice, type ClockPlan, planClockRepair } from '../../src/run/plan-clock-repair.ts'
import { readStreams } from '../../src/run/read-streams.ts'
import { reportAsOf } from '../../src/run/report-as-of.ts'
import { runBatch } from '../../src/run/run-batch.ts'
import { SourceLines } from '../../src/run/source-lines.ts'
import { verifyTotals } from '../../src/run/verify-totals.ts'
import { batchOf, keyOf } from '../contract/log.contract.ts'
import { defineText, sha256 } from '../pipeline.ts'
import { deviceRequests, MINUTE, T0 } from './device-requests.ts'
import { sharedReport } from './shared-report.ts'
import { type Line, StreamWorld } from './stream-world.ts'

const DAY = 24 * 60 * MINUTE
const SKEW = 5 * MINUTE

let world: StreamWorld
let archive: FilesArchive
let log: FilesLog
let engine: DuckdbStreamEngine
/** The time that it really is, and what the clock says beside it. */
let trueMs: number
let offMs: number
/** As they are to be observed. */
let lines: Line[]
beforeEach(async () => {
  world = new StreamWorld(defineText(deviceRequests(SKEW)))
  archive = new FilesArchive({ dataDir: world.dataDir })
  engine = new DuckdbStreamEngine({
    stagingRoot: join(world.dataDir, 'staging'),
    readableFolders: [join(world.dataDir, 'archive')],
  })
  ;[trueMs, offMs, lines] = [T0, 0, []]
  log = await openLog()
})
afterEach(async () => {
  await engine.close()
  await log.close()
  await world.close()
})

const openLog = () =>
  FilesLog.open({
    dataDir: world.dataDir,
    clocks: { now: () => trueMs + offMs, steady: () => trueMs },
    firstOffset: async () => (await archive.manifest('web'))?.nextOffset ?? 0,
    knownClock: async () => {
      const manifest = await archive.manifest('web')
      const told = (await (await world.report()).streamState('web'))?.clockMs ?? 0
      return {
        lastMs: Math.max(told, manifest?.lastObservedMs ?? 0),
        confirmedMs: manifest?.clockConfirmedMs,
        repairedTo: manifest?.clockRepairedTo,
      }
    },
  })

async function restart(newOffMs: number): Promise<void> {
  await log.close()
  offMs = newOffMs
  log = await openLog()
}

/** One line of each of the last minutes, oldest first, which the log takes at once. */
async function send(count: number, key?: string) {
  const texts = Array.from({ length: count }, (_, index) => {
    return JSON.stringify({
      ts: trueMs - (count - 1 - index) * MINUTE,
      device: 'd',
      ms: lines.length + index,
    })
  })
  const text = texts.map((line) => `${line}\n`).join('')
  const appended = await log.append('web', batchOf(text, key === undefined ? undefined : keyOf(key, text)))
  if (!appended.isDuplicate) for (const line of texts) lines.push({ text: line, observedMs: trueMs })
  return appended
}

/** The stream takes what it has not, in the archive or the log, as a server's does. */
async function follow(): Promise<void> {
  const source = new SourceLines({ source: 'web', log, archive })
  const report = await world.report()
  const { endOffset } = await source.end()
  const { plan, latenessMs } = world
  for (let isFirst = true; ; isFirst = false) {
    const fromOffset = (await report.streamState('web'))?.endOffset ?? 0
    const stretch = await source.read(fromOffset, endOffset, 1_000_000)
    if (!stretch && !isFirst) return
    const part = stretch ?? { batches: [], endOffset: fromOffset }
    const request = { plan, lateness: world.lateness, ...part, fromOffset, stagingDir: world.stagingDir() }
    const staged = await engine.compute(request)
    const place = placeStream(await report.streamState('web'), await source.end())
    await report.advance({
      ...{ source: 'web', ...place, fromOffset, endOffset: part.endOffset },
      ...{ plans: plan.metrics, latenessMs, allowedSkewMs: plan.allowedSkewMs, staged },
      clockMs: await source.clockAt(part.endOffset),
    })
  }
}

/** As the command does, with no server. */
async function repair(choice: ClockChoice = {}): Promise<ClockPlan> {
  const plan = await setClock(choice)
  await count()
  return plan
}

async function setClock(choice: ClockChoice): Promise<ClockPlan> {
  await archiveLog({ log, archive, passed: async () => 0 }, 'web', { isUrgent: true })
  const plan = await planClockRepair({ source: 'web', archive, choice, readStamps, now: () => trueMs })
  await archive.setClock('web', plan.facts)
  return plan
}

const compute = () => ({
  ...{ plans: [world.plan], range: {}, archive, archivePlace: '', digest: sha256, now: () => trueMs },
  engine: new DuckdbBatchEngine({ readableFolders: [join(world.dataDir, 'archive')] }),
  makeStagingDir: async () => world.stagingDir(),
  openReport: async () => sharedReport(await world.report()),
})

async function count(): Promise<void> {
  const readStates = async () => readStreams(await world.report(), [world.plan])
  await runBatch({ ...compute(), readStreams: readStates, restarts: ['web'] })
}

/** How many lines a reader finds that were observed before the time. */
async function knownBefore(observedBeforeMs: number): Promise<number> {
  const scratch = world.stagingDir()
  const openScratchReport = () => openDuckdbReport(scratch, 'write')
  const makeStagingDir = async () => scratch
  const { report, known } = await reportAsOf({
    ...{ ...compute(), observedBeforeMs, openScratchReport, makeStagingDir },
  })
  await report.close()
  return known[0]!.lines
}

async function verify(): Promise<void> {
  const scratch = world.stagingDir()
  const { metrics } = await verifyTotals({
    ...compute(),
    openScratchReport: () => openDuckdbReport(scratch, 'write'),
    makeStagingDir: async () => scratch,
  })
  expect(metrics).toMatchObject([{ differing: 0 }])
  expect(metrics[0]!.cells).toBeGreaterThan(0)
}

/** Whatever was late: the report, with its stream at the log's end, holds each line once. */
async function expectTotalsOfAll(): Promise<void> {
  expect(await world.totals(await world.report())).toEqual(await world.expected(lines, false))
}

describe('a start with a clock that is ahead', () => {
  it('is found when the clock is right again, and repaired with its lines in between, totals and clock', async () => {
    await send(3)
    await follow()
    trueMs += 10 * MINUTE
    await restart(200 * DAY)
    await send(3, 'k')
    trueMs += 10 * MINUTE
    await send(2)
    await follow()
    const poisoned = (await (await world.report()).streamState('web'))!
    expect(poisoned.clockMs).toBe(trueMs + 200 * DAY)

    await restart(0)
    trueMs += 10 * MINUTE
    const before = lines.length
    await expect(send(2)).rejects.toMatchObject({ code: 'LOG_CLOCK_BEHIND' })
    expect(log.trouble?.message).toContain('millrace repair-clock web')
    expect([lines.length, log.end('web').endOffset]).toEqual([before, 8])

    const { ranges, facts } = await repair()
    const shifted = { newFirstMs: trueMs - 10 * MINUTE, newLastMs: trueMs }
    expect(ranges).toMatchObject([
      { fromOffset: 3, endOffset: 8, lastMs: trueMs - 10 * MINUTE + 200 * DAY, ...shifted },
    ])
    expect(facts).toMatchObject({ firstObservedMs: T0, lastObservedMs: trueMs })
    // Ten minutes apart, as they were; the last of them now.
    const changed = lines.map(({ text }, offset) => ({
      text,
      observedMs: offset < 3 ? T0 : offset < 6 ? trueMs - 10 * MINUTE : trueMs,
    }))
    expect([
      await knownBefore(T0 + 1),
      await knownBefore(trueMs - MINUTE),
      await knownBefore(trueMs + 1),
    ]).toEqual([...[3, 6, 8]])
    const report = await world.report()
    expect(await report.streamState('web')).toBeUndefined()
    // A recount takes late lines too.
    expect(await world.totals(report)).toEqual(await world.expected(changed, false))

    await verify()

    // Twice, as after a crash in between.
    await restart(0)
    await restart(0)
    expect(log.sources()).toMatchObject([{ startOffset: 8, endOffset: 8 }])
    const again = { text: lines.slice(3, 6), key: 'k' }
    const repeated = again.text.map(({ text }) => `${text}\n`).join('')
    expect(await log.append('web', batchOf(repeated, keyOf('k', repeated)))).toMatchObject({
      ...{ isDuplicate: true, firstOffset: 3 },
    })
    trueMs += MINUTE
    expect(await send(2)).toMatchObject({ firstOffset: 8, observedMs: trueMs })
    await follow()
    trueMs += 10 * MINUTE
    await follow()
    lines = [...changed, ...lines.slice(8)]
    await expectTotalsOfAll()
  })

  it('is found without a line that bears its time, when the report was told it', async () => {
    await send(2)
    await follow()
    await restart(200 * DAY)
    await follow()
    await restart(0)
    await expect(send(1)).rejects.toMatchObject({ code: 'LOG_CLOCK_BEHIND' })
    expect((await repair()).ranges).toEqual([])
    await restart(0)
    await send(1)
    await follow()
    await expectTotalsOfAll()
  })

  it('is over for a report too that begins at the first line', async () => {
    await restart(200 * DAY)
    await send(2)
    trueMs += 10 * MINUTE
    await send(4)
    await restart(0)
    await setClock({})
    await restart(0)
    await follow()
    const state = (await (await world.report()).streamState('web'))!
    expect(state.metrics[0]!.ledger).toMatchObject({ appended: 6, counted: 5, late: 1, rejected: 0 })
    expect(await world.totals(await world.report())).toEqual(await world.expected(lines, true))
  })

  it('takes the lines and the time that it is told, and refuses a time that cannot be', async () => {
    await restart(200 * DAY)
    await send(2)
    trueMs += MINUTE
    await send(2)
    trueMs += 60 * MINUTE
    await restart(0)
    await expect(repair({ observedMs: trueMs + DAY })).rejects.toMatchObject({ code: 'CLOCK_BAD_TIME' })
    const { ranges } = await repair({ observedMs: T0 + MINUTE })
    expect(ranges).toMatchObject([{ fromOffset: 0, endOffset: 4, newFirstMs: T0, newLastMs: T0 + MINUTE }])
    // Better knowledge may come later.
    const later = await repair({ fromOffset: 2, endOffset: 4, observedMs: T0 + 2 * MINUTE })
    expect(later.ranges).toMatchObject([{ fromOffset: 2, endOffset: 4, firstMs: T0 + MINUTE }])
    expect(await knownBefore(T0 + 2 * MINUTE)).toBe(2)
    expect(await knownBefore(T0 + 2 * MINUTE + 1)).toBe(4)
  })
})

describe('a first start with a clock that is behind', () => {
  it('is found when the clock is set, and repaired: its lines count, which their skew forbade', async () => {
    await restart(1000 - T0)
    await send(3)
    await follow()
    offMs = 0
    await expect(send(1)).rejects.toMatchObject({ code: 'LOG_CLOCK_JUMPED' })
    await restart(0)
    await expect(send(1)).rejects.toMatchObject({ code: 'LOG_CLOCK_UNCONFIRMED' })
    const rejected = (await (await world.report()).rejects('web', 10)).total
    expect(rejected).toBe(3)
    expect((await repair()).ranges).toEqual([])
    const { ranges } = await repair({ isBehind: true })
    expect(ranges).toMatchObject([{ fromOffset: 0, endOffset: 3, firstMs: 1000, newLastMs: T0 }])
    expect((await (await world.report()).rejects('web', 10)).total).toBe(0)
    await restart(0)
    await send(1)
    await follow()
    await expectTotalsOfAll()
  })

  it('may be a source that rested, which is confirmed', async () => {
    await send(1)
    await archiveLog({ log, archive, passed: async () => 0 }, 'web', { isUrgent: true })
    trueMs += 400 * DAY
    await restart(0)
    await expect(send(1)).rejects.toMatchObject({ code: 'LOG_CLOCK_UNCONFIRMED' })
    await archive.setClock('web', { clockConfirmedMs: trueMs })
    await restart(0)
    expect(await send(1)).toMatchObject({ observedMs: trueMs })
  })
})

it('an ingest keeps the same rule, and adds nothing', async () => {
  const ingest = (now: number) =>
    archive.ingest(
      'web',
      [
        {
          name: 'a',
          async *open() {
            yield Buffer.from(`${now}\n`)
          },
        },
      ],
      { now: () => now },
    )
  await ingest(T0 + 200 * DAY)
  await archive.acknowledge('web')
  await expect(ingest(T0)).rejects.toMatchObject({ code: 'LOG_CLOCK_BEHIND' })
  await expect(ingest(T0 + 567 * DAY)).rejects.toMatchObject({ code: 'LOG_CLOCK_UNCONFIRMED' })
  expect((await archive.manifest('web'))!.nextOffset).toBe(1)
  await archive.setClock(
    'web',
    (await planClockRepair({ ...{ source: 'web', archive, choice: {}, readStamps }, now: () => T0 })).facts,
  )
  await ingest(T0)
  expect(await archive.manifest('web')).toMatchObject({
    nextOffset: 2,
    firstObservedMs: T0,
    lastObservedMs: T0,
  })
})
