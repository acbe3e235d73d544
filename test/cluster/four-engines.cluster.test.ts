/** Same definition, same lines: embedded stream, embedded batch, spark, and flink over kafka give the same report rows. */
import { createHash, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildPlans } from '../../src/compile/build-plan.ts'
import { openReport } from '../../src/engines/registry.ts'
import type { Report } from '../../src/ports/report.ts'
import { makeFolder } from '../cli/run-cli.ts'
import { defineText, Pipeline, sha256 } from '../pipeline.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { clusterRoles } from './cluster-roles.ts'
import { inFolder, jobRuns, takenOver } from './flink-job.ts'

const DEFINITION = `sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ms }
    fields: { service: string, status: integer, ms: decimal(3), user: string }
metrics:
  requests:
    source: web
    where: status <> 204
    window: 1m
    dimensions: { service: service, class: status / 100 }
    measures: { n: count(), errors: count(status >= 500), took: sum(ms), least: min(ms), most: max(ms), average: mean(ms), duration: quantiles(ms), users: distinct(user) }
    ratios: { error_rate: errors / n }
    allowed_lateness: 1d
  visitors: { source: web, window: 5m, measures: { users: distinct(user) }, allowed_lateness: 1d }
`
const definition = defineText(DEFINITION)
const [plan] = buildPlans(definition, sha256)
const QUANTILES = ['0.001', '0.25', '0.5', '0.95', '0.999', '1']
const LINES = 4000
const BATCHES = 8

const now = Date.now()
const SERVICES = ['shop', 'sea"rch', "o'hara", 'back\\slash', 'naïve', '', null]
/** Among them some that a job passes on, and some that are rejected. */
const lines = Array.from({ length: LINES }, (_, index) => {
  const text = JSON.stringify({
    ts: now - ((index * 7919) % 900_000),
    service: SERVICES[index % SERVICES.length],
    status: [200, 204, 404, 500][index % 4],
    ms: ((index * 7919) % 1_000_000) / 1000,
    user: `u${(index * 31) % 1200}`,
  })
  if (index % 100 === 1) return text.slice(1)
  return index % 50 === 0 ? text.replace('}', ',"deep":{"service":1}}') : text
})

interface Side {
  readonly engine: string
  readonly rows: number
  readonly checksum: string
  readonly answers: readonly string[]
}

const servers: { server: Serving; cwd: string }[] = []
const pipelines: Pipeline[] = []

afterAll(async () => {
  for (const { server, cwd } of servers) {
    await server.stop('SIGKILL')
    await inFolder(cwd)('stream', 'stop', '--cancel')
  }
  for (const pipeline of pipelines) pipeline.remove()
})

it('kafka, flink, spark and the embedded engines give the same report rows', async () => {
  const sides = [await streamed('embedded stream', ''), await computed('embedded batch', {})]
  sides.push(await computed('spark', clusterRoles({ batch: 'spark' })), await byFlink())
  const table = sides.map(({ engine, rows, checksum }) => `  ${engine}: ${rows} rows, checksum ${checksum}`)
  console.log(`four engines, ${LINES} lines:\n${table.join('\n')}`)
  const [first, ...others] = sides.map(({ engine: _, ...found }) => found)
  expect(first!.rows).toBeGreaterThan(5000)
  expect(others).toEqual([first, first, first])
}, 900_000)

async function computed(engine: string, roles: ConstructorParameters<typeof Pipeline>[1]): Promise<Side> {
  const pipeline = new Pipeline(definition, roles)
  pipelines.push(pipeline)
  await pipeline.ingest('web', lines.join('\n'))
  await pipeline.batch()
  const answers = [...definition.metrics.keys()].map((metric) =>
    pipeline.queryCsv(metric, { quantiles: QUANTILES }),
  )
  // Not before the queries have ended: one at a time has the file.
  const found = await Promise.all(answers)
  return sideOf(engine, await openReport(pipeline.folders, 'read'), found)
}

async function serve(roles: string): Promise<Serving> {
  const cwd = makeFolder({ 'millrace.yaml': `${DEFINITION}${roles}serve: { listen: "127.0.0.1:0" }\n` })
  const server = await Serving.start(cwd)
  servers.push({ server, cwd })
  return server
}

/** A job can begin once its topic has a line. */
async function streamed(
  engine: string,
  roles: string,
  begin = async () => undefined as unknown,
): Promise<Side> {
  const server = await serve(roles)
  const { cwd } = servers.at(-1)!
  const send = async (some: readonly string[]) =>
    expect((await server.send('web', some.map((line) => `${line}\n`).join(''))).status).toBe(200)
  await send(lines.slice(0, 1))
  await begin()
  for (let batch = 0; batch < BATCHES; batch++) {
    const place = (part: number) => 1 + Math.floor(((LINES - 1) * part) / BATCHES)
    await send(lines.slice(place(batch), place(batch + 1)))
  }
  await server.counted()
  const answers = [...definition.metrics.keys()].map(async (metric) => {
    const ranks = ['--quantiles', QUANTILES.join()]
    return (await inFolder(cwd)('query', metric, ...ranks, '--format', 'csv')).stdout
  })
  const loaded = defineText(`${DEFINITION}${roles}`)
  const found = await Promise.all(answers)
  const report = await openReport({ ...loaded, dataDir: join(cwd, '.millrace') }, 'read')
  return sideOf(engine, report, found)
}

async function byFlink(): Promise<Side> {
  const flink = clusterAddress('flink')
  const name = `four_${randomUUID().slice(0, 8)}`
  const roles = `log: { kafka: "${clusterAddress('kafka').brokers}", topic_prefix: "${name}.", partitions: 2 }
stream: { flink: "${flink.gateway}", rest: "${flink.rest}", parallelism: 2 }
report: { postgres: "${clusterAddress('postgres').url}", schema: ${name} }
`
  const side = await streamed('flink', roles, async () => {
    const { cwd } = servers.at(-1)!
    expect((await inFolder(cwd)('stream', 'deploy')).stderr).toContain('begins where the totals stand')
    await jobRuns(cwd)
  })
  // All but the first line came from the job.
  expect(takenOver(await servers.at(-1)!.server.metrics())).toBe(0)
  return side
}

/** Of all rows of all tallies; floats there are none. */
async function sideOf(engine: string, report: Report, answers: readonly string[]): Promise<Side> {
  let rows = 0
  const hash = createHash('sha256')
  for (const metric of plan!.metrics) {
    for (const tally of metric.tallies) {
      const columns = tally.columns.map(({ column }) => column)
      const found = await report.digest({
        plan: metric,
        range: {},
        tally: tally.id,
        columns,
        bySeries: false,
      })
      const windows = found.windowMs.map((windowMs, place) => [
        ...[windowMs, found.rows[place]!, String(found.digests[place])],
      ])
      rows += found.rows.reduce((sum, count) => sum + count, 0)
      windows.sort(([a], [b]) => Number(a) - Number(b))
      hash.update(JSON.stringify([metric.metric, tally.id, windows]))
    }
  }
  await report.close()
  return { engine, rows, checksum: hash.digest('hex').slice(0, 16), answers }
}
