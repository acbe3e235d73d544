/**
 * Every real set with answers, in topics of two partitions, in file order and shuffled. About half of the windows of a
 * set are late: what was counted in time is the same with jobs of Flink and without, and after a batch run all totals
 * are the answers.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { printCsv } from '../../src/core/print-csv.ts'
import { openReport } from '../../src/engines/registry.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { makeFolder } from '../cli/run-cli.ts'
import { Random } from '../model/random.ts'
import { defineText, sha256 } from '../pipeline.ts'
import { checkAnswer, dimensionsOf, parseCsv } from '../real/check-answer.ts'
import { type RealSet, SETS } from '../real/sets.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { inFolder, jobRuns } from './flink-job.ts'
import { makeTopic, withProducer } from './kafka-topics.ts'

const DATA = resolve('../shared/data')
const sets = existsSync(DATA) ? SETS : []
if (sets.length === 0) console.warn(`the real sets are SKIPPED over kafka: there is no ${DATA}`)

const ORDERS = ['file', 'shuffled'] as const
const BATCH_LINES = 1000
const NAMED = sets.map((set) => [set.name, set] as const)
/** A topic dates stamps without a year by when its records came, and these lines are older than that. */
const DATED = NAMED.filter(([, set]) => definitionOf(set).sources[set.source].time?.year === undefined)
/** The one set that a job of Flink reads; of others `serve` counts all lines. */
const OF_JOBS = ORDERS.map((order) => `zeek_json_${order}`)

const kafka = clusterAddress('kafka')
const flink = clusterAddress('flink')
const run = randomUUID().slice(0, 8)

interface Served {
  readonly cwd: string
  readonly server: Serving
}
let withJobs: Served
let without: Served
const inTime = new Map<string, string>()

it('all lines are counted, by jobs where one can read them', async () => {
  if (sets.length === 0) return
  const observedS = new Map<RealSet, number>()
  for (const set of sets) observedS.set(set, await produceSet(set))
  withJobs = await serve(
    observedS,
    `stream: { flink: "${flink.gateway}", rest: "${flink.rest}", patience: 5m }\n`,
  )
  const deployed = await inFolder(withJobs.cwd)('stream', 'deploy')
  const said = (pattern: RegExp) => deployed.stderr.match(pattern)?.length
  expect(said(/begins where the totals stand/g)).toBe(OF_JOBS.length)
  expect(deployed.status, deployed.stderr).toBe(0)
  await jobRuns(withJobs.cwd, ...OF_JOBS)
  await withJobs.server.counted()
  without = await serve(observedS, '')
  await without.server.counted()
  expect(withJobs.server.said).not.toContain('counted here')
})

it('all jobs are stopped at once, and sources without one are passed over', async () => {
  if (sets.length === 0) return
  const { status, stderr } = await inFolder(withJobs.cwd)('stream', 'stop')
  expect(status, stderr).toBe(0)
  expect(stderr.match(/with the savepoint/g)).toHaveLength(OF_JOBS.length)
  for (const { server } of [withJobs, without]) expect(await server.stop()).toBe(0)
})

afterAll(async () => {
  if (withJobs) await inFolder(withJobs.cwd)('stream', 'stop', '--cancel')
  await withJobs?.server.stop('SIGKILL')
  await without?.server.stop('SIGKILL')
})

it.each(NAMED)('%s in time: as without jobs', async (_, set) => {
  for (const order of ORDERS)
    for (const [metric, step] of new Map(Object.values(set.answers))) {
      const name = nameOf(set, order, metric)
      const own = await query(without.cwd, name, step)
      expect(await query(withJobs.cwd, name, step)).toBe(own)
      inTime.set(name, own)
    }
})

it('a batch run counts the late lines too', async () => {
  if (sets.length === 0) return
  const { status, stderr } = await inFolder(withJobs.cwd)('batch')
  expect(status, stderr).toBe(0)
})

it.each(DATED)('%s after a batch run: the answers', async (_, set) => {
  let isMore = false
  for (const [csv, [metric, step]] of Object.entries(set.answers)) {
    const expected = parseCsv(readFileSync(join(DATA, 'expected', set.name, `${csv}.csv`), 'utf8'))
    for (const order of ORDERS) {
      const name = nameOf(set, order, metric)
      checkAnswer(parseCsv(await query(withJobs.cwd, name, step, dimensionsOf(expected))), expected)
      isMore ||= (await query(withJobs.cwd, name, step)).length > inTime.get(name)!.length
    }
  }
  // All lines of this set are of one minute.
  if (set.name !== 'zeek_json') expect(isMore, 'no window was late').toBe(true)
})

it('says so when there are no real sets', () => {
  expect(sets.length > 0).toBe(existsSync(DATA))
})

function nameOf({ name }: RealSet, order: string, metric?: string): string {
  return [name, order, metric].filter(Boolean).join('_')
}

function definitionOf({ name }: RealSet) {
  return parse(readFileSync(`test/real/${name}/millrace.yaml`, 'utf8'))
}

/** Gives the second about which Kafka stamped the lines. */
async function produceSet(set: RealSet): Promise<number> {
  const lines = set.files.flatMap((file) => {
    const bytes = readFileSync(join(DATA, file))
    const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1')
    return text.replace(/\n$/, '').split(/\r?\n/)
  })
  const topics = ORDERS.map((order) => `${run}-${nameOf(set, order)}`)
  for (const topic of topics) await makeTopic(kafka, topic, 2, { 'message.timestamp.type': 'LogAppendTime' })
  // So that the lines of a small set are stamped in the same second.
  await sleep(1000 - (Date.now() % 1000))
  const beganMs = Date.now()
  await produceLines(topics[0]!, lines)
  await produceLines(topics[1]!, new Random(1).shuffle(lines))
  expect(Date.now() - beganMs, 'windows would become late meanwhile').toBeLessThan(59_000)
  return Math.floor(beganMs / 1000)
}

/** The partitions get batches by turns. */
async function produceLines(topic: string, lines: readonly string[]): Promise<void> {
  await withProducer(kafka, async (producer) => {
    for (let at = 0; at < lines.length; at += BATCH_LINES) {
      const partition = (at / BATCH_LINES) % 2
      const values = lines.slice(at, at + BATCH_LINES).map((line) => Buffer.from(line, 'latin1'))
      await producer.send({ messages: values.map((value) => ({ topic, partition, value })), acks: -1 })
    }
  })
}

async function serve(observedS: ReadonlyMap<RealSet, number>, roles: string): Promise<Served> {
  const sources: Record<string, unknown> = {}
  const metrics: Record<string, unknown> = {}
  for (const [set, atS] of observedS) {
    const definition = definitionOf(set)
    for (const order of ORDERS) {
      const source = nameOf(set, order)
      sources[source] = { ...definition.sources[set.source], from: { kafka: `${run}-${source}` } }
      for (const [metric, one] of Object.entries<{ source: string }>(definition.metrics))
        if (one.source === set.source)
          metrics[nameOf(set, order, metric)] = {
            ...{ ...one, source },
            allowed_lateness: `${atS - middleS(set)}s`,
          }
    }
  }
  const cwd = makeFolder({
    'millrace.yaml': `${stringify({ sources, metrics })}log: { kafka: "${kafka.brokers}", topic_prefix: "${randomUUID().slice(0, 8)}." }
${roles}serve: { listen: "127.0.0.1:0", restate: scheduled }
`,
  })
  return { cwd, server: await Serving.start(cwd) }
}

/** The start of the window in the middle of those that have lines, in seconds. */
function middleS(set: RealSet): number {
  const files = Object.keys(set.answers).map((csv) => join(DATA, 'expected', set.name, `${csv}.csv`))
  const all = files.flatMap((path) => parseCsv(readFileSync(path, 'utf8')).rows.map(([start]) => start!))
  const starts = [...new Set(all)].sort()
  return Date.parse(starts[Math.floor(starts.length / 2)]!) / 1000
}

/** From the report of a server that is stopped. */
async function query(cwd: string, metric: string, step: string, by?: string[]): Promise<string> {
  const definition = defineText(readFileSync(join(cwd, 'millrace.yaml'), 'utf8'))
  const dataDir = join(cwd, '.millrace')
  const openTotals = () => openReport({ ...definition, dataDir }, 'read')
  const request = { metric, range: {}, step, quantiles: ['0.5', '0.95'], ...(by && { by }) }
  const { table } = await queryMetric({ definition, digest: sha256, openReport: openTotals }, request)
  return [...printCsv(table)].join('')
}
