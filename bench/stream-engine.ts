/**
 * What a micro-batch of the embedded stream costs, without HTTP and log: `unrun bench/stream-engine.ts [BATCHES] [LINES…]`.
 * For each size of a batch: lines a second, CPU, and how the time divides between engine and report.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPlans } from '../src/compile/build-plan.ts'
import { loadDefinition } from '../src/define/load-definition.ts'
import { openDuckdbReport } from '../src/engines/duckdb/report.ts'
import { DuckdbStreamEngine } from '../src/engines/duckdb/stream.ts'
import type { StoredBatch } from '../src/ports/log.ts'

const [batches = 10, ...sizes] = process.argv.slice(2).map(Number)
const LINE_BYTES = 210
const DEFINITION = `sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ms }
    fields: { service: string, status: integer, ms: integer, bytes: integer }
metrics:
  requests: { source: web, window: 10s, dimensions: { service: service, class: status / 100 }, measures: { n: count() }, allowed_lateness: 5s }
  traffic: { source: web, window: 10s, dimensions: { service: service, class: status / 100 }, measures: { sent: sum(bytes) }, allowed_lateness: 5s }
  latency: { source: web, window: 10s, dimensions: { service: service, class: status / 100 }, measures: { took: quantiles(ms) }, allowed_lateness: 5s }
`

function makeLines(count: number, now: number): Buffer {
  let text = ''
  for (let number = 0; number < count; number++) {
    const status = number % 50 === 0 ? 503 : number % 7 === 0 ? 404 : 200
    const head = `{"ts":${now},"service":"service-${number % 20}","status":${status},"ms":${(number * 7919) % 3000},"bytes":${(number * 104_729) % 100_000},"pad":"`
    text += `${head}${'x'.repeat(LINE_BYTES - head.length - 3)}"}\n`
  }
  return Buffer.from(text, 'latin1')
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-stream-'))
try {
  const file = join(folder, 'millrace.yaml')
  writeFileSync(file, DEFINITION)
  const { definition, diagnostics } = await loadDefinition(file)
  if (!definition) throw new Error(JSON.stringify(diagnostics))
  const [plan] = buildPlans(definition, (text) => createHash('sha256').update(text).digest('hex'))
  const latenessMs = new Map(plan!.metrics.map(({ metric }) => [metric, 5000]))
  const stagingRoot = join(folder, 'streaming')
  mkdirSync(stagingRoot)
  console.log('lines a batch | lines/s | engine ms | report ms | CPU s per M lines')
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
    let cpu = process.cpuUsage()
    for (let batch = -2; batch < batches; batch++) {
      if (batch === 0) {
        Object.assign(spent, { engine: 0, report: 0 })
        cpu = process.cpuUsage()
      }
      const now = Date.now()
      const bytes = makeLines(size, now)
      const endOffset = fromOffset + size
      const stored: StoredBatch[] = [{ firstOffset: fromOffset, endOffset, observedMs: now, bytes }]
      const stagingDir = join(root, String(batch + 2))
      mkdirSync(stagingDir)
      const started = performance.now()
      const staged = await engine.compute({
        plan: plan!,
        batches: stored,
        fromOffset,
        latenessMs,
        stagingDir,
      })
      const computed = performance.now()
      const place = { source: 'web', incarnation: 'i', fromOffset, endOffset, clockMs: now }
      await report.advance({ ...place, plans: plan!.metrics, latenessMs, staged })
      spent.engine += computed - started
      spent.report += performance.now() - computed
      fromOffset = endOffset
      await rm(stagingDir, { recursive: true })
    }
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (spent.engine + spent.report) / 1000
    const parts = [spent.engine, spent.report].map((ms) => (ms / batches).toFixed(0))
    const cpuSeconds = (user + system) / 1e6 / ((size * batches) / 1e6)
    console.log([size, Math.round((size * batches) / seconds), ...parts, cpuSeconds.toFixed(2)].join(' | '))
    await engine.close()
    await report.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
