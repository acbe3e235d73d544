/** Restarts, retries and second writers, which elsewhere made spikes, resets, losses and doubles. */
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesArchive } from '../../src/engines/files/archive.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import type { Report } from '../../src/ports/report.ts'
import { archiveLog } from '../../src/run/archive-log.ts'
import { runStream } from '../../src/run/run-stream.ts'
import { batchOf, keyOf, readAll } from '../contract/log.contract.ts'
import { makeBatches } from '../stream/stream-world.ts'
import { MINUTE, SmallStream, T0 } from './small-stream.ts'

let web: SmallStream
beforeEach(() => {
  web = new SmallStream()
})
afterEach(() => web.close())

const openLog = () => FilesLog.open({ dataDir: web.world.dataDir, firstOffset: async () => 0 })
const sum = (counts: Record<number, number>) => Object.values(counts).reduce((all, n) => all + n, 0)

it('pain 2, pain 10: after each restart totals go on from where they were, with no spike and no reset', async () => {
  await web.clock(T0)
  for (let step = 0; step < 12; step++) {
    const before = await web.counts()
    const ts = T0 + step * 30_000
    await web.at(ts, [{ ts }, { ts }, { ts }])
    await web.world.reopen()
    const window = T0 + Math.floor(step / 2) * MINUTE
    expect(await web.counts()).toEqual({ ...before, [window]: (before[window] ?? 0) + 3 })
  }
  expect(await web.totals()).toBe(await web.batch(true))
})

it('pain 8: in eight hours with restarts, counts and quantiles of a metric go on together', async () => {
  const hours = 8
  for (let tenth = 0; tenth < hours * 6; tenth++) {
    const ts = T0 + tenth * 10 * MINUTE
    await web.at(
      ts,
      [1, 2, 3, 4].map(() => ({ ts, ms: 100 + tenth })),
    )
    if (tenth % 15 === 14) await web.world.reopen()
  }
  const { rows, columns } = (await web.ask({}, ['n', 'total', 'took'])).table
  expect(rows).toBe(hours * 6)
  const numbers = (at: number) => columns[at]!.values.map(Number)
  for (const [row, n] of numbers(1).entries()) {
    expect([n, numbers(2)[row]]).toEqual([4, 4 * (100 + row)])
    expect(Math.abs(numbers(3)[row]! / (100 + row) - 1)).toBeLessThan(0.011)
  }
})

it('pain 10: of two writers with the same lines only one is heard', async () => {
  await web.at(T0, [{ ts: T0 }])
  const lines = [{ observedMs: T0 + 1, text: JSON.stringify({ ts: T0, ms: 1 }) }]
  const [one, other] = await Promise.all(
    [1, 2].map(() =>
      web.world.step(
        makeBatches(lines, 1, () => 10),
        1,
        T0 + 1,
      ),
    ),
  )
  const report = await web.world.report()
  const outcomes = await Promise.allSettled([report.advance(one!), report.advance(other!)])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  const moved = { code: 'REPORT_STREAM_MOVED' }
  await expect(report.advance({ ...one!, fromOffset: 2, incarnation: 'another' })).rejects.toMatchObject(
    moved,
  )
  expect(await web.counts()).toEqual({ [T0]: 2 })
  const log = await openLog()
  await expect(openLog()).rejects.toMatchObject({ code: 'DATA_LOCKED' })
  await log.close()
})

it('pain 13: a retry is counted once in log, archive and totals alike', async () => {
  const { dataDir } = web.world
  const archive = new FilesArchive({ dataDir })
  const text = `${JSON.stringify({ ts: T0, device: 'd', ms: 5 })}\n`.repeat(3)
  const pushes = ['k1', 'k1', 'k2', 'k1', 'k2']
  for (const key of pushes) {
    const log = await openLog()
    await log.append('web', batchOf(text, keyOf(key, text)))
    await log.close()
  }
  const log = await openLog()
  const batches = await readAll(log, 'web', 0)
  const clockMs = batches.at(-1)!.observedMs
  const step = await web.world.step(batches, 0, clockMs)
  // Late by years: in the totals, too, after the batch run of the same lines.
  const report = await web.world.report()
  await report.advance(step)
  await expect(report.advance(step)).rejects.toMatchObject({ code: 'REPORT_STREAM_MOVED' })
  const job = { log, archive, passed: async () => 6 }
  expect(await archiveLog(job, 'web', { isUrgent: true })).toMatchObject({ lines: 6, endOffset: 6 })
  expect(await archiveLog(job, 'web', { isUrgent: true })).toMatchObject({ lines: 0, endOffset: 6 })
  expect(await web.ledger()).toMatchObject({ appended: 6, late: 6 })
  for (const { observedMs, bytes } of batches)
    for (const line of Buffer.from(bytes).toString().trim().split('\n'))
      web.lines.push({ observedMs, text: line })
  await web.restate({ fromMs: T0, toMs: T0 + MINUTE })
  expect(await web.counts()).toEqual({ [T0]: 6 })
  await log.close()
})

it('pain 13: a commit that fails half way leaves nothing of itself, so that its retry is the first', async () => {
  await web.at(T0, [{ ts: T0 }])
  const lines = [{ observedMs: T0 + 1, text: JSON.stringify({ ts: T0, device: 'new', ms: 1 }) }]
  const batches = makeBatches(lines, 1, () => 10)
  const step = await web.world.step(batches, 1, T0 + 1)
  const [metric] = step.staged.metrics
  const tallies = metric!.tallies.map((tally, at) =>
    at === 0 ? tally : { ...tally, path: `${tally.path}.gone` },
  )
  const broken = { ...step.staged, metrics: [{ ...metric!, tallies }] }
  const report = await web.world.report()
  const before = await web.totals()
  await expect(report.advance({ ...step, staged: broken })).rejects.toThrow()
  expect(await web.totals()).toBe(before)
  await (await web.world.reopen()).advance(step)
  expect(await web.counts()).toEqual({ [T0]: 2 })
  web.lines.push(...lines)
  expect(await web.totals()).toBe(await web.batch(true))
})

/** Dies in every third advance, by turns before the transaction and after it. */
function dying(report: Report): Report {
  let advances = 0
  const advance: Report['advance'] = async (step) => {
    advances++
    if (advances % 6 === 3) throw new Error('killed before')
    await report.advance(step)
    if (advances % 6 === 0) throw new Error('killed after')
  }
  const streamState = report.streamState.bind(report)
  const requireWhole = report.requireWhole.bind(report)
  return Object.assign(Object.create(report), { advance, streamState, requireWhole }) as Report
}

it('pain 16: of 36,000 records under kills and changes of owner each is published, and once', async () => {
  const log = await openLog()
  const engine = new DuckdbStreamEngine({ stagingRoot: join(web.world.dataDir, 'staging') })
  const stop = new AbortController()
  let [folders, deaths, sent] = [0, 0, 0]
  const makeStagingDir = async () => {
    const path = join(web.world.dataDir, 'staging', `run${folders++}`)
    mkdirSync(path)
    return { path, remove: () => rm(path, { recursive: true }) }
  }
  const report = dying(await web.world.report())
  const { plan, latenessMs } = web.world
  const archive = new FilesArchive({ dataDir: web.world.dataDir })
  const job = { plan, latenessMs, log, archive, engine, report, makeStagingDir, now: Date.now }
  const owners = (async () => {
    while (!stop.signal.aborted) await runStream(job, stop.signal).catch(() => deaths++)
  })()
  const end = async () => (await (await web.world.report()).streamState('web'))?.endOffset ?? 0
  while (sent < 36_000) {
    const ts = Date.now()
    const lines = Array.from({ length: 2000 }, (_, place) => {
      return `${JSON.stringify({ ts, device: `d${place % 3}`, ms: sent + place })}\n`
    })
    await log.append('web', batchOf(lines.join('')))
    sent += lines.length
    await expect.poll(end, { timeout: 30_000, interval: 50 }).toBe(sent)
  }
  stop.abort()
  await owners
  await engine.close()
  await log.close()
  expect(deaths).toBeGreaterThan(5)
  expect(await web.ledger()).toMatchObject({ appended: 36_000, counted: 36_000, late: 0 })
  expect(sum(await web.counts())).toBe(36_000)
  const total = (await web.ask({}, ['total'])).table.columns[1]!.values.reduce(
    (all: number, n) => all + Number(n),
    0,
  )
  expect(total).toBe((36_000 * 35_999) / 2)
})
