/** kill -9 at random moments of publishing: the report always holds one whole run, never less, never a mixture. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { readSeed } from '../contract/held-run.ts'
import { seeded } from '../contract/random-groups.ts'
import { makePlan } from '../contract/report-fixture.ts'
import { randomShare } from '../turn.ts'

const { count: KILLS, seed: SEED } = randomShare('MILLRACE_KILLS', 25, 3)
const random = seeded(SEED)
const root = resolve(import.meta.dirname, '../..')
let folder: string
let child: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-publish-crash-'))
  const entry = join(root, 'test/crash/publish-child.ts')
  const outDir = join(folder, 'child')
  await build({
    config: false,
    entry,
    outDir,
    format: 'cjs',
    dts: false,
    logLevel: 'error',
    platform: 'node',
  })
  child = join(outDir, 'publish-child.cjs')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The seeds that were committed for certain, and those that were begun, when the child died. */
async function publishUntilKilled(dir: string, seed: number): Promise<{ done: number; begun: number }> {
  const env = { ...process.env, NODE_PATH: join(root, 'node_modules') }
  const publisher = spawn(process.execPath, [child, dir, String(seed)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const ended = new Promise((resolve) => publisher.once('close', resolve))
  await new Promise<void>((resolve) => {
    publisher.stdout.on('data', (chunk) => {
      said += chunk
      if (said.includes('start')) resolve()
    })
    publisher.once('close', () => resolve())
  })
  setTimeout(() => publisher.kill('SIGKILL'), random() * 700)
  await ended
  const last = (word: string) => [...said.matchAll(new RegExp(`${word} (\\d+)`, 'g'))].at(-1)?.[1]
  return { done: Number(last('done') ?? Number.NaN), begun: Number(last('start')) }
}

it(
  `survives ${KILLS} kills: each finds the last run, or the one that was being committed`,
  async () => {
    const dir = join(folder, 'data')
    const plan = makePlan()
    let committed: number | undefined
    let [before, after] = [0, 0]
    for (let kill = 0; kill < KILLS; kill++) {
      const { done, begun } = await publishUntilKilled(dir, (kill + 1) * 1000)
      if (!Number.isNaN(done)) committed = done
      const report = await openDuckdbReport(dir, 'read').catch(missingAtFirst(committed))
      if (!report) continue
      const held = await readSeed(report, [committed, begun])
      if (held === begun && held !== committed) after++
      else before++
      committed = held
      expect((await report.metricState(plan.metric))?.revision).toBe((await report.runs(1))[0]?.revision)
      await report.close()
    }
    console.log(`${KILLS} kills: ${before} before the commit, ${after} after it`)
    expect(before).toBeGreaterThan(0)
    const report = await openDuckdbReport(dir, 'write')
    await report.close()
  },
  KILLS * 10_000,
)

/** Killed before its first commit, a report may not be there yet. */
function missingAtFirst(committed: number | undefined): (error: { code?: string }) => undefined {
  return (error) => {
    expect([committed, error.code]).toEqual([undefined, 'REPORT_MISSING'])
    return undefined
  }
}
