/**
 * What a micro-batch of the embedded stream costs, without HTTP and log: `unrun bench/stream-engine.ts [MICRO-BATCHES] [LINES…]`.
 * For each size of a batch: lines a second, CPU, and how the time divides between engine and report.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildPlans } from '../src/compile/build-plan.ts'
import { constantLateness } from '../src/core/lateness.ts'
import { loadDefinition } from '../src/define/load-definition.ts'
import { openDuckdbReport } from '../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../src/engines/duckdb/stream.ts'
import type { StoredBatch } from '../src/ports/log.ts'

const [steps = 10, ...sizes] = process.argv.slice(2).map(Number)
const LINE_BYTES = 210
/** Lines of one time and one ack, as the log gives them back. */
const BATCH_LINES = 1000

function makeBatches(fromOffset: number, count: number, now: number): StoredBatch[] {
  const batches = Math.ceil(count / BATCH_LINES)
  return Array.from({ length: batches }, (_, place) => {
    const [first, end] = [place, place + 1].map((at) => Math.min(at * BATCH_LINES, count))
    const bytes = makeLines(first!, end!, now)
    const offsets = { firstOffset: fromOffset + first!, endOffset: fromOffset + end! }
    return { ...offsets, observedMs: now - batches + place, bytes }
  })
}

function makeLines(first: number, end: number, now: number): Buffer {
  let text = ''
  for (let number = first; number < end; number++) {
    const status = number % 50 === 0 ? 503 : number % 7 === 0 ? 404 : 200
    const head = `{"ts":${now},"service":"service-${number % 20}","status":${status},"ms":${(number * 7919) % 3000},"bytes":${(number * 104_729) % 100_000},"pad":"`
    text += `${head}${'x'.repeat(LINE_BYTES - head.length - 3)}"}\n`
  }
  return Buffer.from(text, 'latin1')
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-stream-'))
try {
  const file = fileURLToPath(new URL('stream.yaml', import.meta.url))
  const { definition, diagnostics } = await loadDefinition(file)
  if (!definition) throw new Error(JSON.stringify(diagnostics))
  const [plan] = buildPlans(definition, (text) => createHash('sha256').update(text).digest('hex'))
  const latenessMs = new Map(plan!.metrics.map(({ metric }) => [metric, 5000]))
  const lateness = constantLateness(latenessMs)
  const stagingRoot = join(folder, 'streaming')
  mkdirSync(stagingRoot)
  console.log('lines a micro-batch | lines/s | engine ms | report ms | CPU ms | CPU s per M lines')
  for (const size of sizes.length > 0 ? sizes : [5000, 20_000, 100_000, 250_000]) await measure(size)

  async function measure(size: number): Promise<void> {
    const dataDir = join(folder, String(size))
    mkdirSync(dataDir)
    const root = join(dataDir, 'streaming')
    mkdirSync(root)
    const engine = new DuckdbStreamEngine({ stagingRoot: root })
    const report = await openDuckdbReport(dataDir, 'write')
    const spent = { engine: 0, report: 0 }
    let fromOffset = 0
    let cpuMs = 0
    for (let step = -2; step < steps; step++) {
      if (step === 0) [spent.engine, spent.report, cpuMs] = [0, 0, 0]
      const now = Date.now()
      const stored = makeBatches(fromOffset, size, now)
      const endOffset = fromOffset + size
      const stagingDir = join(root, String(step + 2))
      mkdirSync(stagingDir)
      const cpu = process.cpuUsage()
      const started = performance.now()
      const staged = await engine.compute({
        ...{ plan: plan!, batches: stored, fromOffset, endOffset, lateness, stagingDir },
      })
      const computed = performance.now()
      const place = { source: 'web', incarnation: 'i', fromOffset, endOffset, clockMs: now }
      await report.advance({ ...place, plans: plan!.metrics, latenessMs, staged })
      spent.engine += computed - started
      spent.report += performance.now() - computed
      const { user, system } = process.cpuUsage(cpu)
      cpuMs += (user + system) / 1000
      fromOffset = endOffset
      await rm(stagingDir, { recursive: true })
    }
    const seconds = (spent.engine + spent.report) / 1000
    const parts = [spent.engine, spent.report, cpuMs].map((ms) => (ms / steps).toFixed(0))
    const cpuSeconds = cpuMs / 1000 / ((size * steps) / 1e6)
    console.log([size, Math.round((size * steps) / seconds), ...parts, cpuSeconds.toFixed(2)].join(' | '))
    await engine.close()
    await report.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
