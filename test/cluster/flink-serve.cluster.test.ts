/** `millrace serve` with a job of Flink: totals through odd lines, kills of every process, lost state and lost jobs. */
import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress, killProcess, startProcess } from './cluster-addresses.ts'

const kafka = clusterAddress('kafka')
const flink = clusterAddress('flink')
const KILLS = Number(process.env.MILLRACE_KILLS ?? 3)

let cwd: string
let server: Serving
let sent: { service: string; id: number }[] = []
let odd = 0

afterEach(async () => {
  await server.stop('SIGKILL')
  await run('stream', 'stop', '--cancel')
})

const run = (...args: string[]) => millrace(args, { cwd })

async function begin(options = ''): Promise<void> {
  sent = []
  odd = 0
  cwd = makeFolder({
    'millrace.yaml': `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { service: string, id: integer } }
metrics:
  requests:
    source: web
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), ids: sum(id), spread: quantiles(id), users: distinct(id) }
    allowed_lateness: 10m
log: { kafka: "${kafka.brokers}", topic_prefix: "t${randomUUID().slice(0, 8)}.", partitions: 2 }
stream: { flink: "${flink.gateway}", rest: "${flink.rest}"${options} }
serve: { listen: "127.0.0.1:0" }
`,
  })
  server = await Serving.start(cwd)
}

/** Most are plain; some Flink has to pass on, and some nobody can read. */
async function send(batches: number, pauseMs = 20): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const lines = Array.from({ length: 50 }, (_, place) => {
      const line = { service: `s${sent.length % 3}`, id: sent.length }
      sent.push(line)
      const text = JSON.stringify({ ts: Date.now(), ...line })
      return place === 7 ? text.replace('}', ',"deep":{"service":1}}') : text
    })
    if (batch % 5 === 0) lines.push('no JSON', '')
    odd += batch % 5 === 0 ? 2 : 0
    const key = randomUUID()
    const isAcked = async () => (await server.send('web', `${lines.join('\n')}\n`, key)).status === 200
    for (const end = Date.now() + 60_000; !(await isAcked()); await sleep(200))
      if (Date.now() > end) throw new Error('nobody acked')
    await sleep(pauseMs)
  }
}

/** [records, sum of ids] of the whole time. */
async function totals(): Promise<[number, number]> {
  const { stdout } = await run('query', 'requests', '--step', '1d', '--format', 'csv')
  const rows = stdout.trim().split('\n').slice(1)
  return rows
    .map((line) => line.split(','))
    .reduce<[number, number]>(([n, ids], cells) => [n + Number(cells[2]), ids + Number(cells[3])], [0, 0])
}

const expected = () => [sent.length, sent.reduce((sum, { id }) => sum + id, 0)]

async function expectAll(): Promise<void> {
  await server.counted()
  expect(await totals()).toEqual(expected())
  const verified = await run('verify')
  expect(verified.stdout + verified.stderr).toContain('all cells are equal')
  expect((await run('ledger')).stdout).not.toMatch(/ no$/m)
}

const taken = () => server.said.includes('counted here')

async function deploy(): Promise<void> {
  const deployed = await run('stream', 'deploy')
  expect(deployed.stderr).toContain('begins where the totals stand')
  await running()
}

async function running(): Promise<void> {
  await expect
    .poll(async () => (await run('stream', 'status')).stdout, { timeout: 60_000, interval: 500 })
    .toMatch(/RUNNING, (\d+) of \1 tasks/)
}

it('counts by the job what it can read, and the rest itself, to the last line', async () => {
  await begin()
  expect((await run('stream', 'deploy')).stderr).toContain('has no lines in its topic yet')
  await send(3)
  await deploy()
  expect((await run('stream', 'deploy')).stderr).toContain('already')
  await send(40, 100)
  await expectAll()
  expect(taken()).toBe(false)
  const rejects = JSON.parse((await run('rejects', 'web', '--json')).stdout)
  expect(rejects.total).toBe(odd)
})

it('goes on from a savepoint, and from the offsets when the definition has changed', async () => {
  await begin()
  await send(3)
  await deploy()
  await send(10, 100)
  expect((await run('stream', 'stop')).stderr).toContain('with the savepoint')
  await send(5)
  expect((await run('stream', 'deploy')).stderr).toContain('goes on from its savepoint')
  await running()
  await send(10, 100)
  expect((await run('stream', 'upgrade')).stderr).toContain('goes on from its savepoint')
  await running()
  await send(5, 100)
  await expectAll()
  const file = join(cwd, 'millrace.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('    window: 1s', '    where: id >= 0\n    window: 1s'),
  )
  await server.stop()
  server = await Serving.start(cwd)
  expect((await run('stream', 'upgrade')).stderr).toContain('the definition has changed')
  await running()
  // The new version begins here; windows that are not final yet are its stream's alone.
  sent = []
  await send(10, 100)
  await server.counted()
  expect(await totals()).toEqual(expected())
})

it('is never wrong where state has expired in the middle of a chunk', async () => {
  await begin(', chunk: 20s, state: 1s, patience: 5s')
  await send(2)
  await deploy()
  // A slow machine reads several parts at once, before any state expires.
  for (let part = 0; part < 4 || (!taken() && part < 30); part++) {
    await send(3)
    await sleep(4000)
  }
  await expectAll()
  expect(taken()).toBe(true)
}, 300_000)

it('is never wrong where a job begins anew beside the rows of another one', async () => {
  await begin(', patience: 20s')
  await send(3)
  await deploy()
  for (let job = 0; job < 3; job++) {
    await send(10, 50)
    expect((await run('stream', 'stop', '--cancel')).stderr).toContain('without a savepoint')
    await send(3)
    await deploy()
  }
  await send(10, 50)
  await expectAll()
}, 300_000)

for (const name of ['flink-taskmanager', 'flink-jobmanager', 'kafka', 'flink-gateway'])
  it(`counts every line once through ${KILLS} kills of ${name}`, async () => {
    await begin(', patience: 15s')
    await send(3)
    await deploy()
    for (let kill = 0; kill < KILLS; kill++) {
      await send(8, 50)
      const sending = send(20, 50)
      await killProcess(name)
      await sleep(500)
      await startProcess(name)
      await sending
      // A JobManager without high availability forgets its jobs.
      if (/GONE|no job/.test((await run('stream', 'status')).stdout)) await deploy()
    }
    await send(8, 50)
    await expectAll()
  }, 600_000)
