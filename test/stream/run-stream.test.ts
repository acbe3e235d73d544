/** The loop of a source's stream on a real log: it follows, goes on after a stop, and makes windows final without lines. */
import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { FilesLog } from '../../src/engines/files/log.ts'
import { runStream, type StreamNews } from '../../src/run/run-stream.ts'
import { batchOf, readAll } from '../contract/log.contract.ts'
import { defineText } from '../pipeline.ts'
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
`

let world: StreamWorld
let log: FilesLog
let engine: DuckdbStreamEngine
let folders = 0
beforeEach(async () => {
  world = new StreamWorld(defineText(DEFINITION))
  log = await FilesLog.open({ dataDir: world.dataDir, firstOffset: async () => 0 })
  engine = new DuckdbStreamEngine({ stagingRoot: join(world.dataDir, 'staging') })
})
afterEach(async () => {
  await engine.close()
  await log.close()
  await world.close()
})

/** Runs the stream while `act` goes on, then stops it; gives what it told. */
async function streaming(act: (news: readonly StreamNews[]) => Promise<void>): Promise<void> {
  const news: StreamNews[] = []
  const stop = new AbortController()
  const running = runStream(
    {
      ...{ plan: world.plan, latenessMs: world.latenessMs, log, engine, report: await world.reopen() },
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

it('makes windows final while no line comes', async () => {
  await streaming(async (news) => {
    await append(0, 10)
    await caughtUp(news, 10)
    const appendedMs = Date.now()
    const finalBefore = async () => (await (await world.report()).metricState('requests'))?.finalBeforeMs ?? 0
    await expect.poll(finalBefore, { timeout: 20_000, interval: 200 }).toBeGreaterThan(appendedMs)
  })
})
