/** What operators do on ordinary days to a log on Kafka with a report in PostgreSQL: nothing of it stops a source. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Cluster } from '../../src/engines/kafka/cluster.ts'
import { deleteRecords } from '../../src/engines/kafka/door-topic.ts'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { brokersOf, makeTopic, produce } from './kafka-topics.ts'

const kafka = clusterAddress('kafka')
const postgres = clusterAddress('postgres')

let cwd: string
let database: string
let topic: string
let prefix: string
let server: Serving
let next: number

beforeEach(() => {
  const id = randomUUID().slice(0, 8)
  ;[database, topic, prefix, next] = [`d_${id}`, `users-${id}`, `t${id}.`, 0]
})
afterEach(async () => {
  await server?.stop('SIGKILL')
})

async function admin(sql: string): Promise<void> {
  const client = new pg.Client(postgres.adminUrl)
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

async function makeWorld(from = '', more = ''): Promise<void> {
  await admin(`create database ${database} owner millrace`)
  const url = new URL(postgres.url)
  url.pathname = database
  cwd = makeFolder({
    'millrace.yaml': `sources:
  web: { format: json, ${from && `from: ${from}, `}time: { field: ts, layout: epoch_ms }, fields: { id: integer } }
metrics:
  requests: { source: web, window: 1s, measures: { n: count(), ids: sum(id) }, allowed_lateness: 10m }
log: { kafka: "${kafka.brokers}", topic_prefix: "${prefix}" }
report: { postgres: "${url.href}" }
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

async function expire(name: string, partition = 0, record = -1): Promise<void> {
  const cluster = new Cluster({ brokers: brokersOf(kafka) })
  await deleteRecords(cluster, name, partition, record).finally(() => cluster.close())
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
  await expire(topic, 0)
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
  await admin(`create database ${database}_copy template ${database} owner millrace`)
  await serve()
  await send(150)
  await expectAll()
  await batch()
  await send(20)
  await server.stop()
  await admin(`drop database ${database}`)
  await admin(`alter database ${database}_copy rename to ${database}`)
  await rm(join(cwd, '.millrace/kafka/web/order.ndjson'))
  const refused = await millrace(['ingest', 'web', '-'], { cwd, stdin: textOf(['{}']) })
  expect(refused.stderr).toContain('Start `millrace serve`')
  // Those of the last group were not archived, and stay.
  await expire(`${prefix}web`, 0, 251)
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
  await expire(topic, 0)
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
