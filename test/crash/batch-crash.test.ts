/**
 * kill -9 of a batch at random moments: the report is as it was or holds the whole new revision, and the next
 * run (after every third kill; after each when there are more than 30) ends right. MILLRACE_KILLS sets the number of kills, MILLRACE_SEED the moments.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openReport } from '../../src/engines/registry.ts'
import { BIN } from '../cli/run-cli.ts'
import { Random } from '../model/random.ts'
import { worldText } from '../model/random-world.ts'
import type { ModelSource } from '../model/vocabulary.ts'
import { defineText, Pipeline } from '../pipeline.ts'
import { ALL_AGGREGATES } from '../property/all-aggregates.ts'
import { randomShare } from '../turn.ts'

const { count: KILLS, seed: SEED } = randomShare('MILLRACE_KILLS', 30, 3)
const random = new Random(SEED)
const LINES = 20_000

const SOURCE: ModelSource = {
  name: 'src',
  format: { kind: 'json' },
  time: { path: ['ts'], layout: 'iso' },
  nulls: [],
  fields: [
    ...(['s', 't'] as const).map((name) => ({ name, type: 'string', path: [name] }) as const),
    ...(['i', 'j'] as const).map((name) => ({ name, type: 'integer', path: [name] }) as const),
    { name: 'd', type: 'decimal(2)', path: ['d'] },
    { name: 'e', type: 'decimal(6)', path: ['e'] },
    { name: 'b', type: 'boolean', path: ['b'] },
  ],
}
const TEXT = worldText({ source: SOURCE, metrics: ALL_AGGREGATES })

describe(`kill -9 of ${KILLS} batches`, () => {
  const pipeline = new Pipeline(defineText(TEXT))
  const { dataDir } = pipeline.folders
  const config = join(pipeline.folder, 'millrace.yaml')
  const saved = join(pipeline.folder, 'saved')
  const held = new Map<string, number>()
  let before = ''
  let after = ''
  let durationMs = 0

  beforeAll(async () => {
    writeFileSync(config, TEXT)
    await pipeline.ingest('src', someLines(1, 1000))
    await pipeline.batch()
    before = await reportText(pipeline)
    await pipeline.ingest('src', someLines(2, LINES))
    rmSync(join(dataDir, 'staging'), { recursive: true, force: true })
    cpSync(dataDir, saved, { recursive: true })
    const started = Date.now()
    await ended(startBatch(config, dataDir))
    durationMs = Date.now() - started
    after = await reportText(pipeline)
  })
  afterAll(() => {
    console.log(
      `kills that left the old report: ${held.get('old') ?? 0}, the new one: ${held.get('new') ?? 0}`,
    )
    pipeline.remove()
  })

  it('has something to lose', () => {
    expect(after).not.toBe(before)
  })

  it('running twice changes nothing', async () => {
    expect(await ended(startBatch(config, dataDir))).toBe(0)
    expect(await reportText(pipeline)).toBe(after)
  })

  it.each(Array.from({ length: KILLS }, (_, index) => index))('kill %i', async (index) => {
    rmSync(dataDir, { recursive: true })
    cpSync(saved, dataDir, { recursive: true })
    const child = startBatch(config, dataDir)
    const end = ended(child)
    // Half of the kills aim at the end of the computation and at the publication.
    if (index % 2 === 1) await staged(dataDir, child)
    await wait(random.next() * (index % 2 === 1 ? 400 : durationMs))
    kill(child, index % 4 < 3)
    await end
    const found = await reportText(pipeline)
    expect([before, after].includes(found), 'the report holds neither the old nor the new revision').toBe(
      true,
    )
    held.set(found === after ? 'new' : 'old', (held.get(found === after ? 'new' : 'old') ?? 0) + 1)
    if (KILLS <= 30 && index % 3 !== 0) return
    expect(await ended(startBatch(config, dataDir))).toBe(0)
    expect(await reportText(pipeline)).toBe(after)
    expect(readdirSync(dataDir)).not.toContain('staging')
  })
})

/** The command, in a process group of its own with the process that computes. */
function startBatch(config: string, dataDir: string): ChildProcess {
  const args = [BIN, '--config', config, '--data', dataDir, 'batch']
  return spawn(process.execPath, args, { stdio: 'ignore', detached: true })
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('close', (status) => resolve(status)))
}

/** Both processes, or only the command: the other must then end by itself. */
function kill(child: ChildProcess, whole: boolean): void {
  try {
    process.kill(whole ? -child.pid! : child.pid!, 'SIGKILL')
  } catch {
    // It has ended before.
  }
}

/** Waits until the last staged file exists, or the process has ended. */
async function staged(dataDir: string, child: ChildProcess): Promise<void> {
  const path = join(dataDir, 'staging', 'src', 'rejects.parquet')
  while (!existsSync(path) && child.exitCode === null && child.signalCode === null) await wait(2)
}

/** Everything a reader can see; a killed command's other process may hold the file for a moment. */
async function reportText(pipeline: Pipeline): Promise<string> {
  const texts: string[] = []
  for (const { name } of ALL_AGGREGATES) texts.push(await pipeline.queryCsv(name))
  const report = await openReport(pipeline.folders, 'read')
  try {
    const { total } = await report.rejects('src', 10)
    return `${texts.join('\n')}\nrejected ${total}`
  } finally {
    await report.close()
  }
}

function someLines(seed: number, count: number): string {
  const lines = new Random(seed)
  const line = () => {
    const ts = new Date(Date.UTC(2024, 2, 5) + lines.int(0, 3_600_000)).toISOString()
    if (lines.chance(0.01)) return 'no JSON\n'
    const [s, t] = [`s${lines.int(0, 9)}`, `t${lines.int(0, 5000)}`]
    const [i, j, d] = [lines.int(-100, 1000), lines.int(0, 1_000_000), lines.int(0, 99_999) / 100]
    return `${JSON.stringify({ ts, s, t, i, j, d, e: d / 10, b: lines.chance(0.5) })}\n`
  }
  return Array.from({ length: count }, line).join('')
}
