/** `millrace serve` over Kafka: from the door and from topics, through kills of the server and of the broker. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress, killProcess, startProcess } from './cluster-addresses.ts'
import { makeTopic, produce, withAdmin } from './kafka-topics.ts'

const kafka = clusterAddress('kafka')
const FIELDS = 'time: { field: ts, layout: epoch_ms }, fields: { service: string, id: integer }'

let cwd: string
let server: Serving
let topic: string
let sent: { service: string; id: number }[]

beforeEach(() => {
  topic = `users-${randomUUID().slice(0, 8)}`
  sent = []
})
afterEach(async () => {
  await server.stop('SIGKILL')
})

function makeDefinition(from = '', log = ''): string {
  return `sources:
  web: { format: json, ${from && `from: ${from}, `}${FIELDS} }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), ids: sum(id), spread: quantiles(id), users: distinct(id) }
    allowed_lateness: 10m
log: { kafka: "${kafka.brokers}", topic_prefix: "t${randomUUID().slice(0, 8)}."${log} }
serve: { listen: "127.0.0.1:0" }
`
}

function makeLines(count: number): string[] {
  return Array.from({ length: count }, () => {
    const line = { service: `s${sent.length % 3}`, id: sent.length }
    sent.push(line)
    return JSON.stringify({ ts: Date.now(), ...line })
  })
}

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const run = (...args: string[]) => millrace(args, { cwd })

async function begin(definition: string): Promise<void> {
  cwd = makeFolder({ 'millrace.yaml': definition })
  server = await Serving.start(cwd)
}

/** [records, sum of ids] of the whole time. */
async function totals(): Promise<[number, number]> {
  const { stdout } = await run('query', 'requests', '--step', '1d', '--format', 'csv')
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .reduce(([n, ids], cells) => [n + Number(cells[2]), ids + Number(cells[3])], [0, 0])
}

const expected = () => [sent.length, sent.reduce((sum, { id }) => sum + id, 0)]

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200))
    if (await isSo().catch(() => false)) return
  throw new Error(`${what} did not come about: ${server.said}`)
}

/** So many lines are in the log, and counted. */
function reached(lines: number): Promise<void> {
  const pattern = new RegExp(`^millrace_log_end_offset\\{.*\\} ${lines}$`, 'm')
  return until(
    async () => pattern.test(await server.metrics()) && (await server.counted()) === undefined,
    `${lines} lines`,
  )
}

async function expectVerified(): Promise<void> {
  const verified = await run('verify')
  // Where no window is final: tests compare the totals themselves.
  expect(verified.stdout + verified.stderr).toMatch(/all cells are equal|Nothing was compared/)
}

it('counts what the door took once, through kills of the server and of the broker', async () => {
  await begin(makeDefinition())
  for (let batch = 0; batch < 5; batch++)
    expect((await server.send('web', textOf(makeLines(200)))).status).toBe(200)
  const keyed = textOf(makeLines(300))
  expect((await server.send('web', keyed, 'k1')).body).toMatchObject({ duplicate: false })
  await server.stop('SIGKILL')
  server = await Serving.start(cwd)
  expect((await server.send('web', keyed, 'k1')).body).toMatchObject({ duplicate: true })

  await killProcess('kafka')
  const refused = makeLines(100)
  const answer = await server.send('web', textOf(refused), 'k2')
  expect(answer.status).toBe(503)
  expect(answer.body).toMatchObject({ error: { code: 'LOG_BROKER_AWAY' } })
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  // A server that starts meanwhile takes nothing, and takes over by itself.
  await server.stop('SIGKILL')
  server = await Serving.start(cwd)
  expect((await server.send('web', textOf(refused), 'k2')).status).toBe(503)
  await startProcess('kafka')
  await until(async () => (await server.send('web', textOf(refused), 'k2')).status === 200, 'an ack')
  await until(async () => (await fetch(`${server.url}/readyz`)).status === 200, 'readiness')
  await server.counted()
  expect(await totals()).toEqual(expected())
  await expectVerified()
  expect(await server.stop()).toBe(0)
})

it('reads a topic of several partitions, new ones too, with poison in it', async () => {
  await makeTopic(kafka, topic, 3, {
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': '4000000',
  })
  await produce(kafka, topic, 0, makeLines(500))
  await begin(makeDefinition(`{ kafka: ${topic} }`))
  await server.counted()
  expect((await server.send('web', 'x\n')).status).toBe(409)
  const poison = [null, '', Buffer.from([0xff, 0xfe, 0x7b]), 'x'.repeat(2_000_000), 'not JSON']
  await produce(kafka, topic, 1, [...makeLines(100), ...poison])
  await reached(sent.length + poison.length)
  await withAdmin(kafka, (admin) =>
    admin.createPartitions({ topics: [{ name: topic, count: 4, assignments: null }] } as never),
  )
  await produce(kafka, topic, 3, makeLines(100))
  await reached(sent.length + poison.length)
  await server.stop('SIGKILL')
  await produce(kafka, topic, 2, makeLines(100))
  server = await Serving.start(cwd)
  await produce(kafka, topic, 1, makeLines(100))
  await reached(sent.length + poison.length)
  expect(await totals()).toEqual(expected())
  const ledger = await run('ledger')
  expect(ledger.stdout).toMatch(/web .*905 .*900 .* 5\b/)
  await expectVerified()
  expect((await run('batch')).status).toBe(0)
  expect(await totals()).toEqual(expected())
})

it("refuses a topic with its producers' times until it is told to stamp lines itself", async () => {
  await makeTopic(kafka, topic, 2, { 'message.timestamp.type': 'CreateTime' })
  await produce(kafka, topic, 0, makeLines(50))
  await begin(makeDefinition(`{ kafka: ${topic} }`))
  await until(async () => (await fetch(`${server.url}/readyz`)).status === 503, 'a refusal')
  expect(await (await fetch(`${server.url}/readyz`)).json()).toMatchObject({
    error: { message: expect.stringContaining('observed: read') },
  })
  await server.stop()
  await begin(makeDefinition(`{ kafka: ${topic}, observed: read }`))
  await produce(kafka, topic, 1, makeLines(50))
  await reached(sent.length)
  expect(await totals()).toEqual(expected())
})
