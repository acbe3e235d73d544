/**
 * Times advances of a stream in both reports: `npx unrun bench/advance.ts [lines] [advances]`. Starts a PostgreSQL
 * of its own, or uses MILLRACE_POSTGRES_URL, where it makes and drops the schema `bench`.
 */
import { performance } from 'node:perf_hooks'
import pg from 'pg'
import { openDuckdbReport } from '../src/engines/duckdb/report.ts'
import { stagedTextReader } from '../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../src/engines/postgres/report.ts'
import { OwnPostgres } from '../test/cluster/own-postgres.ts'
import { seeded } from '../test/contract/random-groups.ts'
import { defineText } from '../test/pipeline.ts'
import { StreamWorld } from '../test/stream/stream-world.ts'

const LINES = Number(process.argv[2] ?? 5000)
const ADVANCES = Number(process.argv[3] ?? 60)
const LINES_PER_MS = 20
const SERIES = 100
const START = Date.UTC(2026, 0, 1)

const DEFINITION = `
sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ms }
    fields: { service: string, status: integer, ms: decimal(3), user: string }
metrics:
  requests:
    source: web
    window: 1m
    dimensions: { service: service, status: status }
    measures: { n: count(), total: sum(ms), worst: max(ms), mean: mean(ms) }
    allowed_lateness: 10s
  duration:
    source: web
    window: 1m
    dimensions: { service: service }
    measures: { took: quantiles(ms) }
    allowed_lateness: 10s
  users:
    source: web
    window: 1m
    measures: { users: distinct(user) }
    allowed_lateness: 10s
`

const own = process.env.MILLRACE_POSTGRES_URL ? undefined : await OwnPostgres.start()
const url = process.env.MILLRACE_POSTGRES_URL ?? own!.url
try {
  console.log(`${ADVANCES} advances of ${LINES} lines at ${LINES_PER_MS * 1000} lines/s, 3 metrics\n`)
  console.log('| report | median | 95 % | longest | query of one metric |\n|---|---|---|---|---|')
  await measure('embedded', openDuckdbReport)
  await dropSchemas()
  const open = (_: string, mode: 'read' | 'write') =>
    openPostgresReport({ url, schema: 'bench' }, mode, { text: stagedTextReader })
  await measure('PostgreSQL', open)
  if (!own) await dropSchemas()
} finally {
  await own?.stop()
}

async function measure(name: string, open: typeof openDuckdbReport): Promise<void> {
  const world = new StreamWorld(defineText(DEFINITION), open)
  const random = seeded(1)
  const report = await world.report()
  const times: number[] = []
  for (let place = 0; place < ADVANCES; place++) {
    const firstOffset = place * LINES
    const observedMs = START + Math.floor(firstOffset / LINES_PER_MS)
    const bytes = Buffer.from(Array.from({ length: LINES }, () => line(random, observedMs)).join(''))
    const batch = { firstOffset, endOffset: firstOffset + LINES, observedMs, bytes }
    const step = await world.step([batch], firstOffset, observedMs)
    const begun = performance.now()
    await report.advance(step)
    times.push(performance.now() - begun)
  }
  const begun = performance.now()
  await world.totals(report)
  const queryMs = (performance.now() - begun) / 3
  const sorted = times.slice(1).sort((a, b) => a - b)
  const at = (rank: number) => `${sorted[Math.ceil(sorted.length * rank) - 1]!.toFixed(0)} ms`
  console.log(`| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(1)} | ${queryMs.toFixed(0)} ms |`)
  await world.close()
}

function line(random: () => number, observedMs: number): string {
  const series = Math.floor(random() * SERIES)
  return `${JSON.stringify({
    ts: observedMs - Math.floor(random() * 3000),
    service: `service-${series % 20}`,
    status: 200 + Math.floor(series / 20),
    ms: Math.floor(Math.exp(random() * 12)) / 1000,
    user: `u${Math.floor(random() * 1e6)}`,
  })}\n`
}

async function dropSchemas(): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('DROP SCHEMA IF EXISTS bench CASCADE; DROP SCHEMA IF EXISTS bench_views CASCADE')
  await client.end()
}
