/** `millrace serve` as one uses it: fresh totals, readers and batches beside it, late lines, stops and kills. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { openToOthers } from '../open-to-others.ts'
import { Serving } from './serving.ts'

const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { service: string, id: integer } }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), ids: sum(id), spread: quantiles(id), users: distinct(id) }
    allowed_lateness: 1s
  hourly: { source: web, window: 1h, measures: { n: count() }, allowed_lateness: 1h }
serve: { listen: "127.0.0.1:0" }
`

let cwd: string
let server: Serving
beforeEach(async () => {
  cwd = makeFolder({ 'millrace.yaml': DEFINITION })
  server = await Serving.start(cwd)
})
afterEach(async () => {
  await server.stop('SIGKILL')
})

let nextId = 0
const sent: { service: string; id: number }[] = []
beforeEach(() => {
  nextId = 0
  sent.length = 0
})

function makeLines(count: number, ageMs = 0): string {
  const lines = Array.from({ length: count }, () => {
    const line = { ts: Date.now() - ageMs, service: `s${nextId % 3}`, id: nextId++ }
    sent.push(line)
    return JSON.stringify(line)
  })
  return `${lines.join('\n')}\n`
}

async function run(...args: string[]) {
  const ended = await millrace(args, { cwd })
  expect(ended.stderr).not.toMatch(/\{\w+\}|undefined|\[object/)
  return ended
}

/** Of the whole time, by service. */
async function totals(): Promise<Record<string, [number, number]>> {
  const { stdout } = await run('query', 'requests', '--step', '1d', '--format', 'csv')
  const sums: Record<string, [number, number]> = {}
  for (const line of stdout.trim().split('\n').slice(1)) {
    const [, service = '', n, ids] = line.split(',')
    const [records, sum] = sums[service] ?? [0, 0]
    sums[service] = [records + Number(n), sum + Number(ids)]
  }
  return sums
}

function expected(): Record<string, [number, number]> {
  const sums: Record<string, [number, number]> = {}
  for (const { service, id } of sent) {
    const [n, ids] = sums[service] ?? [0, 0]
    sums[service] = [n + 1, ids + id]
  }
  return sums
}

const finals = () => new Promise((resolve) => setTimeout(resolve, 4000))

it('counts what comes, lets others read and publish beside it, and stops in good order', async () => {
  for (let batch = 0; batch < 5; batch++) expect((await server.send('web', makeLines(100))).status).toBe(200)
  await server.counted()
  expect(await totals()).toEqual(expected())
  const query = await run('query', 'hourly')
  expect(query.stderr).toContain('are provisional')
  await finals()
  expect((await run('batch')).status).toBe(0)
  const verified = await run('verify')
  expect(verified.stdout + verified.stderr).toContain('all cells are equal')
  const status = await run('status')
  expect(status.stdout).toContain('up to date')
  expect(status.stdout).toMatch(/Server: http.*\nsource .*\nweb +500 .* well/)
  await server.send('web', makeLines(100))
  await server.counted()
  expect(await totals()).toEqual(expected())
  expect(openToOthers(join(cwd, '.millrace'))).toEqual([])
  expect(await server.stop()).toBe(0)
  expect(await totals()).toEqual(expected())
})

it('goes on after kill -9 where the report stands, and counts a repeated batch once', async () => {
  await server.send('web', makeLines(500))
  const again = makeLines(200)
  await server.send('web', again, 'key-1')
  await server.stop('SIGKILL')
  server = await Serving.start(cwd)
  expect((await server.send('web', again, 'key-1')).body).toMatchObject({ duplicate: true })
  await server.send('web', makeLines(300))
  await server.counted()
  expect(await totals()).toEqual(expected())
  await finals()
  const verified = await run('verify')
  expect(verified.stdout + verified.stderr).toContain('all cells are equal')
})

it('restates windows in which late lines fell, so that an old file ends in right totals', async () => {
  await server.send('web', makeLines(50))
  await server.counted()
  await server.send('web', makeLines(500, 3_600_000))
  await server.counted()
  for (const end = Date.now() + 60_000; Date.now() < end && !server.said.includes('restates'); )
    await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await totals()).toEqual(expected())
  const verified = await run('verify')
  expect(verified.stdout + verified.stderr).toContain('all cells are equal')
})

it('keeps the definition that it began with: a batch by another one is refused, until it is restarted', async () => {
  await server.send('web', makeLines(50))
  await server.counted()
  const changed = DEFINITION.replace('distinct(id) }', 'distinct(id), most: max(id) }')
  writeFileSync(join(cwd, 'millrace.yaml'), changed)
  const refused = await run('batch')
  expect(refused).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('another definition of requests'),
  })
  writeFileSync(join(cwd, 'millrace.yaml'), DEFINITION.replace('  requests:', '  others:'))
  await server.send('web', makeLines(50, 3_600_000))
  await server.counted()
  await expect
    .poll(() => server.said, { timeout: 60_000 })
    .toContain('Windows wait to be restated: The server on this data folder began with another definition')
  expect((await run('runs')).stdout).not.toMatch(/^ *1 /m)
  writeFileSync(join(cwd, 'millrace.yaml'), changed)
  await server.stop()
  server = await Serving.start(cwd)
  await finals()
  expect((await run('batch')).status).toBe(0)
  expect(await totals()).toEqual(expected())
})

it('archives what only the log holds before a batch without a server', async () => {
  await server.send('web', makeLines(100))
  await server.stop('SIGKILL')
  expect((await run('batch')).status).toBe(0)
  const first = await totals()
  server = await Serving.start(cwd)
  await server.counted()
  await finals()
  expect((await run('batch')).status).toBe(0)
  expect(await totals()).toEqual(expected())
  expect(Object.keys(first).length).toBeLessThanOrEqual(3)
})

it('is alone on its data folder, and tells an ingest that its lines come by the server', async () => {
  const second = await run('serve')
  expect(second).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('A server runs on the data folder'),
  })
  await server.send('web', makeLines(10))
  const ingest = await millrace(['ingest', 'web', '-'], { cwd, stdin: makeLines(1) })
  expect(ingest.status).toBe(1)
  expect(ingest.stderr).toMatch(/log/)
})
