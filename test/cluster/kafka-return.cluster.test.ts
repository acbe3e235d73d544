/** What operators do on ordinary days to a log on Kafka with a report in PostgreSQL: nothing of it stops a source. */
import { randomUUID } from 'node:crypto'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { expire, makeTopic, produce } from './kafka-topics.ts'
import { OwnDatabase } from './own-database.ts'

const kafka = clusterAddress('kafka')

let cwd: string
let database: OwnDatabase
let topic: string
let prefix: string
let server: Serving
let next: number

beforeEach(() => {
  const id = randomUUID().slice(0, 8)
  ;[topic, prefix, next] = [`users-${id}`, `t${id}.`, 0]
})
afterEach(async () => {
  await server?.stop('SIGKILL')
})

async function makeWorld(from = '', more = ''): Promise<void> {
  database = await OwnDatabase.make()
  cwd = makeFolder({
    'millrace.yaml': `sources:
  web: { format: json, ${from && `from: ${from}, `}time: { field: ts, layout: epoch_ms }, fields: { id: integer } }
metrics:
  requests: { source: web, window: 1s, measures: { n: count(), ids: sum(id) }, allowed_lateness: 10m }
log: { kafka: "${kafka.brokers}", topic_prefix: "${prefix}" }
report: { postgres: "${database.url}" }
serve: { listen: "127.0.0.1:0" }
${more}`,
  })
}

const linesOf = (count: number) =>
  Array.from({ length: count }, () => JSON.stringify({ ts: Date.now(), id: next++ }))
const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const run = (...args: string[]) => millrace(args, { cwd })

async function serve(): Promise<void> {
  server = await Serving.start(cwd)
}

async function send(count: number): Promise<void> {
  const answer = await server.send('web', textOf(linesOf(count)))
  expect([answer.status, answer.body]).toEqual([200, expect.anything()])
}

/** [records, sum of ids] of the whole time. */
async function totals(): Promise<[number, number]> {
  const { stdout } = await run('query', 'requests', '--step', '1d', '--format', 'csv')
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .reduce(([n, ids], cells) => [n + Number(cells[1]), ids + Number(cells[2])], [0, 0])
}

async function expectAll(): Promise<void> {
  await expect.poll(totals, { timeout: 40_000, interval: 500 }).toEqual([next, (next * (next - 1)) / 2])
}

async function ingest(count: number): Promise<void> {
  const ended = await millrace(['ingest', 'web', '-'], { cwd, stdin: textOf(linesOf(count)) })
  expect([ended.status, ended.stderr]).toEqual([0, expect.anything()])
}

async function batch(): Promise<void> {
  const ended = await run('batch')
  expect([ended.status, ended.stderr]).toEqual([0, expect.anything()])
}

it('counts what was ingested while no server ran', async () => {
  await makeWorld()
  await ingest(50)
  await serve()
  await send(100)
  await server.counted()
  await server.stop()
  await batch()
  await ingest(50)
  await serve()
  await send(10)
  await expectAll()
  await batch()
  await expectAll()
  // Beside a server the last windows would not be final.
  await server.stop()
  expect((await run('verify')).status).toBe(0)
})

it('counts what was ingested between the lines of a topic of others, and goes on when one partition expired', async () => {
  await makeTopic(kafka, topic, 2, { 'message.timestamp.type': 'LogAppendTime' })
  await produce(kafka, topic, 0, linesOf(100))
  await makeWorld(`{ kafka: ${topic} }`)
  await serve()
  await expectAll()
  await server.stop()
  await batch()
  await ingest(50)
  await produce(kafka, topic, 1, linesOf(10))
  await serve()
  await expectAll()
  await batch()
  await server.stop()
  await expire(kafka, topic)
  await serve()
  for (const partition of [0, 1]) await produce(kafka, topic, partition, linesOf(10))
  await expectAll()
})

it('counts all when an older report is put back, Kafka has removed what was archived, and the order is lost', async () => {
  await makeWorld()
  await serve()
  await send(100)
  await expectAll()
  await server.stop()
  await database.backUp()
  await serve()
  await send(150)
  await expectAll()
  await batch()
  await send(20)
  await server.stop()
  await database.putBack()
  await rm(join(cwd, '.millrace/kafka/web/order.ndjson'))
  const refused = await millrace(['ingest', 'web', '-'], { cwd, stdin: textOf(['{}']) })
  expect(refused.stderr).toContain('Start `millrace serve`')
  // Those of the last group were not archived, and stay.
  await expire(kafka, `${prefix}web`, 0, 251)
  await serve()
  await send(10)
  await expectAll()
  await batch()
  await expectAll()
})

it('is held up by lines that expired unread, and goes on once their loss is accepted', async () => {
  await makeTopic(kafka, topic, 2, { 'message.timestamp.type': 'LogAppendTime' })
  await produce(kafka, topic, 0, linesOf(10))
  await makeWorld(`{ kafka: ${topic} }`)
  await serve()
  await expectAll()
  await batch()
  await server.stop()
  await produce(kafka, topic, 0, Array(5).fill('nobody reads this'))
  await expire(kafka, topic)
  await serve()
  await produce(kafka, topic, 0, linesOf(20))
  await produce(kafka, topic, 1, linesOf(30))
  await expect
    .poll(() => server.said, { timeout: 40_000 })
    .toContain('5 of its lines, those of offsets 10..15')
  expect((await run('accept-loss', 'web', '--yes')).status).toBe(0)
  await expectAll()
  await batch()
  await expectAll()
  expect((await run('ledger')).stdout).toMatch(/web .*65 .*60 .*5/)
})

it('reads from the topic what an older archive lacks, and takes no file before lines that have no place yet', async () => {
  await makeWorld()
  const folder = join(cwd, '.millrace')
  await serve()
  await send(200)
  await expectAll()
  await server.stop()
  await batch()
  await cp(folder, join(cwd, 'older'), { recursive: true })
  await serve()
  await send(30)
  await expectAll()
  await server.stop()
  await batch()
  await ingest(50)
  await serve()
  await send(20)
  await expectAll()
  await server.stop()
  await batch()

  await rm(join(folder, 'archive'), { recursive: true })
  await cp(join(cwd, 'older/archive'), join(folder, 'archive'), { recursive: true })
  await serve()
  await expect
    .poll(() => server.said, { timeout: 40_000 })
    .toContain('50 of its lines, those of offsets 230..280')
  expect(await run('accept-loss', 'web', '--yes')).toMatchObject({ status: 0 })
  await send(10)
  await expectAll()
  await server.stop()

  await rm(folder, { recursive: true })
  await cp(join(cwd, 'older'), folder, { recursive: true })
  const refused = await millrace(['ingest', 'web', '-'], { cwd, stdin: textOf(['{}']) })
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('Start `millrace serve`')])
})
