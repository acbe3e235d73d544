/**
 * The real sets with answers, produced to kafka topics of two partitions in the order of their files and out of it: what
 * a server with jobs of flink has is what one without has, line by late line, and after restatement the answers.
 */
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { Definition } from '../../src/core/definition.ts'
import { printCsv } from '../../src/core/print-csv.ts'
import { openReport } from '../../src/engines/registry.ts'
import type { Report } from '../../src/ports/report.ts'
import { type QueryRequest, queryMetric } from '../../src/run/query-metric.ts'
import { makeFolder } from '../cli/run-cli.ts'
import { seeded } from '../contract/random-groups.ts'
import { defineText, sha256 } from '../pipeline.ts'
import { checkAnswer, parseCsv } from '../real/check-answer.ts'
import { type RealSet, SETS } from '../real/sets.ts'
import { Serving } from '../server/serving.ts'
import { clusterAddress } from './cluster-addresses.ts'
import { inFolder, jobRuns, takenOver } from './flink-job.ts'
import { makeTopic, withProducer } from './kafka-topics.ts'

const DATA = resolve('../shared/data')
/** One of each kind; all but the largest in the full run. `npm test` has the answers of each. */
const KINDS = [
  'zeek_json',
  'gharchive',
  'apache_combined',
  'loghub_Linux',
  'loghub_OpenStack',
  'loghub_Spark',
]
const isChosen = ({ name }: RealSet) =>
  process.env.MILLRACE_REAL_SETS === 'all' ? name !== 'flights_csv' : KINDS.includes(name)
const sets = existsSync(DATA) ? SETS.filter(isChosen) : []
if (sets.length === 0) console.warn(`the real sets are SKIPPED over kafka: there is no ${DATA}`)

const ORDERS = ['file', 'shuffled'] as const
type Order = (typeof ORDERS)[number]
const BATCH_LINES = 1500
/** Within the records of zeek: some are late, and some are not. */
const MIDDLE_MS = Date.parse('2018-03-24T17:26:00Z')
const latenessSeconds = Math.round((Date.now() - MIDDLE_MS) / 1000) + 60

const name = `real-${randomUUID().slice(0, 8)}`
const sourceOf = (set: RealSet, order: Order) => `${set.name}_${order}`
const topicOf = (source: string) => `${name}.${source}`
const kafka = existsSync(DATA) ? clusterAddress('kafka') : undefined

interface Side {
  readonly cwd: string
  readonly server: Serving
  readonly definition: Definition
  readonly report: Report
}

let byJob: Side
let embedded: Side

beforeAll(async () => {
  if (sets.length === 0) return
  const { gateway, rest } = clusterAddress('flink')
  for (const set of sets)
    for (const order of ORDERS)
      await makeTopic(kafka!, topicOf(sourceOf(set, order)), 2, { 'message.timestamp.type': 'LogAppendTime' })
  await produceAll((lines) => lines.slice(0, 10))
  embedded = await serve('')
  byJob = await serve(`stream: { flink: "${gateway}", rest: "${rest}", patience: 3m }\n`)
  await byJob.server.counted()
  const deployed = await inFolder(byJob.cwd)('stream', 'deploy')
  console.log(`jobs over the real sets:\n${deployed.stderr}`)
  await jobRuns(byJob.cwd, ...ORDERS.map((order) => `zeek_json_${order}`))
  await produceAll((lines) => lines.slice(10))
  await embedded.server.counted()
  await byJob.server.counted()
}, 900_000)

afterAll(async () => {
  for (const side of [embedded, byJob]) {
    await side?.report.close()
    await side?.server.stop('SIGKILL')
  }
  if (byJob) await inFolder(byJob.cwd)('stream', 'stop', '--cancel')
})

it.runIf(sets.length > 0)('jobs of flink tally the sets that they can read', async () => {
  const metrics = await byJob.server.metrics()
  expect(takenOver(metrics)).toBe(0)
  expect([...metrics.matchAll(/^millrace_job_running\{source="zeek_json_.*\} 1$/gm)]).toHaveLength(2)
})

it.each(sets.flatMap((set) => ORDERS.map((order) => [set.name, order, set] as const)))(
  '%s in %s order: kafka and flink have before restatement what the embedded stream has',
  async (_, order, set) => {
    for (const metric of metricsOf(set, order)) {
      const [found, expected] = await Promise.all([byJob, embedded].map((side) => query(side, metric, {})))
      expect(found).toBe(expected)
    }
    const rejects = (side: Side) => side.report.rejects(sourceOf(set, order), 1000)
    expect((await rejects(byJob)).total).toBe((await rejects(embedded)).total)
  },
)

it.runIf(sets.length > 0)('some records of zeek are late for flink, and some are not', async () => {
  const late = await byJob.report.lateWindows()
  for (const order of ORDERS) {
    expect(late.some(({ source }) => source === `zeek_json_${order}`)).toBe(true)
    expect((await query(byJob, `zeek_json.events.${order}`, {})).split('\n').length).toBeGreaterThan(5)
  }
  const batch = await inFolder(byJob.cwd)('batch')
  expect(batch.stderr + batch.stdout).toContain('Revision 1 published')
})

it.each(sets.flatMap((set) => ORDERS.map((order) => [set.name, order, set] as const)))(
  '%s in %s order: kafka and flink have the answers after restatement',
  async (_, order, set) => {
    for (const [csv, [metric, step]] of Object.entries(set.answers)) {
      const expected = parseCsv(readFileSync(join(DATA, 'expected', set.name, `${csv}.csv`), 'utf8'))
      const by = expected.header
        .slice(1)
        .filter((column) => !/^(count|records|n|sum|min|max|avg|p\d.*|distinct_.*)$/.test(column))
      const found = await query(byJob, `${set.name}.${metric}.${order}`, {
        step,
        by,
        quantiles: ['0.5', '0.95'],
      })
      checkAnswer(parseCsv(found), expected)
    }
  },
)

it('says so when there are no real sets', () => {
  expect(sets.length > 0).toBe(existsSync(DATA))
})

async function serve(stream: string): Promise<Side> {
  const text = `${stringify(joinDefinitions())}log: { kafka: "${kafka!.brokers}", topic_prefix: "${name}." }
${stream}serve: { listen: "127.0.0.1:0", restate: scheduled }
`
  const cwd = makeFolder({ 'millrace.yaml': text })
  const server = await Serving.start(cwd)
  const definition = defineText(text)
  const report = await openReport({ ...definition, dataDir: join(cwd, '.millrace') }, 'read')
  return { cwd, server, definition, report }
}

/** Each set twice, once for each order. */
function joinDefinitions() {
  const joined: { sources: Record<string, unknown>; metrics: Record<string, unknown> } = {
    sources: {},
    metrics: {},
  }
  for (const set of sets) {
    const { sources, metrics } = parse(readFileSync(`test/real/${set.name}/millrace.yaml`, 'utf8'))
    for (const order of ORDERS) {
      const source = sourceOf(set, order)
      joined.sources[source] = { ...sources[set.source], from: { kafka: topicOf(source) } }
      for (const [metric, one] of Object.entries<object>(metrics))
        joined.metrics[`${set.name}.${metric}.${order}`] = {
          ...{ ...one, source },
          ...(set.name === 'zeek_json' && { allowed_lateness: `${latenessSeconds}s` }),
        }
    }
  }
  return joined
}

function metricsOf(set: RealSet, order: Order): string[] {
  const isOurs = (metric: string) => metric.startsWith(`${set.name}.`) && metric.endsWith(`.${order}`)
  return [...byJob.definition.metrics.keys()].filter(isOurs)
}

async function query(
  { definition, report }: Side,
  metric: string,
  request: Omit<QueryRequest, 'metric' | 'range'>,
): Promise<string> {
  const shared = new Proxy(report, {
    get: (target, key) => (key === 'close' ? async () => undefined : Reflect.get(target, key)),
  })
  const job = { definition, digest: sha256, openReport: async () => shared }
  const { table } = await queryMetric(job, { metric, range: {}, ...request })
  return [...printCsv(table)].join('')
}

/** Both partitions get a batch in turn. */
async function produceAll(choose: (lines: readonly string[]) => readonly string[]): Promise<void> {
  await withProducer(kafka!, async (producer) => {
    for (const set of sets) {
      for (const order of ORDERS) {
        const topic = topicOf(sourceOf(set, order))
        const lines = choose(order === 'file' ? linesOf(set) : shuffle(linesOf(set)))
        for (let at = 0; at < lines.length; at += BATCH_LINES) {
          const partition = (at / BATCH_LINES) % 2
          const messages = lines
            .slice(at, at + BATCH_LINES)
            .map((line) => ({ topic, partition, value: Buffer.from(line, 'latin1') }))
          await producer.send({ messages, acks: -1 })
        }
      }
    }
  })
}

/** As bytes. */
function linesOf(set: RealSet): string[] {
  return set.files.flatMap((file) => {
    const lines = readFileSync(join(DATA, file), 'latin1').split('\n')
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines
  })
}

function shuffle(lines: readonly string[]): string[] {
  const random = seeded(7)
  const shuffled = [...lines]
  for (let place = shuffled.length - 1; place > 0; place--) {
    const other = Math.floor(random() * (place + 1))
    const moved = shuffled[place]!
    shuffled[place] = shuffled[other]!
    shuffled[other] = moved
  }
  return shuffled
}
