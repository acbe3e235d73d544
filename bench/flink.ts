/**
 * What a job of ours costs against Flink SQL by hand, over one topic on one cluster, in turns:
 *
 *   npm run cluster -- up kafka flink && npm run bench:flink [-- --lines N --rounds N --parallelism N]
 *
 * The tallies are those of stream.yaml: counts, sums and buckets of quantiles by window and two dimensions. Jobs read the
 * topic from its first to its last record and end. Time is that of the job by Flink's own account, CPU that of the
 * TaskManager meanwhile. The rivals read no line twice and reject none: by Flink's JSON format, and by JSON_VALUE for each
 * field of a raw line. All write by upsert to a topic of one partition. Then bench/serve.mjs is run at 20,000 lines a second
 * on the embedded stream, on the same over Kafka, and on Flink; `--no-serve` leaves that out.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Admin, Producer } from '@platformatic/kafka'
import { buildPlans } from '../src/compile/build-plan.ts'
import { loadDefinition } from '../src/define/load-definition.ts'
import { flinkDialect } from '../src/engines/flink/dialect.ts'
import { GatewaySession } from '../src/engines/flink/gateway.ts'
import { printJob } from '../src/engines/flink/print-job.ts'

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    parallelism: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
    serve: { type: 'boolean', default: true },
  },
  allowNegative: true,
})
const LINES = Number(values.lines)
const LINE_BYTES = 210
const PARTITIONS = 2
const BATCH_LINES = 2000
/** As lines come from the door at this rate, so that chunks have so many. */
const RATE = 20_000
const TICK_MS = 10
const CHUNK_MS = 500

const { kafka, flink, processes } = readCluster()
const topic = `bench-${Date.now()}`
const { definition } = await loadDefinition(fileURLToPath(new URL('stream.yaml', import.meta.url)))
const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const [plan] = buildPlans(definition!, digest)
const latenessMs = new Map(plan!.metrics.map(({ metric }) => [metric, 5000]))

/** Both end where the topic does. */
const BOUNDED = `'scan.bounded.mode' = 'latest-offset'`

interface Contender {
  readonly name: string
  /** The last statement starts the job. */
  statements(sink: string): readonly string[]
}

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
}

const contenders: readonly Contender[] = [
  { name: 'ours', statements: ourStatements },
  { name: 'by hand, JSON format', statements: (sink: string) => rivalStatements(sink, 'json') },
  { name: 'by hand, JSON_VALUE', statements: (sink: string) => rivalStatements(sink, 'raw') },
].filter(({ name }) => name.includes(values.only))

await makeTopics(topic, PARTITIONS)
await fill()
const found = new Map(contenders.map(({ name }) => [name, [] as Measured[]]))
for (let round = 0; round < Number(values.rounds); round++) {
  for (const contender of contenders) {
    const measured = await measure(contender, `${topic}-${round}-${contenders.indexOf(contender)}`)
    found.get(contender.name)!.push(measured)
    console.log(
      `${contender.name}: ${measured.seconds.toFixed(1)} s, ${measured.cpuSeconds.toFixed(1)} s of CPU`,
    )
  }
}
printTable()
if (values.serve) sideBySide()

function printTable(): void {
  const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!
  const rows = [...found].map(([name, list]) => ({
    name,
    seconds: median(list.map(({ seconds }) => seconds)),
    cpu: median(list.map(({ cpuSeconds }) => cpuSeconds)),
  }))
  const ours = rows.find(({ name }) => name === 'ours')
  console.log(`\n${LINES.toLocaleString('en')} lines, medians of ${values.rounds} rounds\n`)
  console.log(
    '| job | records/s | CPU of the TaskManager a million lines | ours against it, by time | by CPU |',
  )
  console.log('|---|---|---|---|---|')
  for (const { name, seconds, cpu } of rows) {
    const against =
      ours && name !== 'ours'
        ? [seconds / ours.seconds, cpu / ours.cpu].map((x) => `${x.toFixed(2)} ×`)
        : ['', '']
    const rate = Math.round(LINES / seconds).toLocaleString('en')
    console.log(`| ${name} | ${rate} | ${((cpu / LINES) * 1e6).toFixed(1)} s | ${against.join(' | ')} |`)
  }
}

/** Each in turn, beside what else runs on the machine. */
function sideBySide(): void {
  const log = `log: { kafka: "${kafka.brokers}", topic_prefix: "${topic}-${process.pid}.", partitions: 2 }`
  const stream = `stream: { flink: "${flink.gateway}", rest: "${flink.rest}" }`
  const columns = [
    { name: 'embedded stream', roles: '', deploy: false },
    { name: 'embedded over Kafka', roles: log.replace(topic, `${topic}-own`), deploy: false },
    { name: 'Flink', roles: `${log}\n${stream}`, deploy: true },
  ].map(({ name, roles, deploy }) => ({ name, cells: serve(roles, deploy) }))
  const names = Object.keys(columns.at(-1)!.cells)
  console.log(`\n| ${RATE.toLocaleString('en')} lines/s | ${columns.map(({ name }) => name).join(' | ')} |`)
  console.log(`|---|${columns.map(() => '---|').join('')}`)
  for (const name of names)
    console.log(`| ${name} | ${columns.map(({ cells }) => cells[name] ?? '').join(' | ')} |`)
}

function serve(roles: string, deploys: boolean): Record<string, string> {
  const others = ['kafka', 'flink-taskmanager', 'flink-jobmanager'].map(
    (name) => `${name}=${processes[name]!.pid}`,
  )
  const args = ['--rate', String(RATE), '--seconds', values.seconds, '--beside', others.join(), '--json']
  const script = fileURLToPath(new URL('serve.mjs', import.meta.url))
  const more = [...(roles ? ['--roles', roles] : []), ...(deploys ? ['--deploy'] : [])]
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args, ...more], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

function readCluster() {
  const folder =
    process.env.MILLRACE_CLUSTER_DIR ?? fileURLToPath(new URL('../.millrace-cluster', import.meta.url))
  return JSON.parse(readFileSync(`${folder}/state.json`, 'utf8')) as {
    readonly kafka: { readonly brokers: string }
    readonly flink: { readonly gateway: string; readonly rest: string }
    readonly processes: Readonly<Record<string, { readonly pid: number }>>
  }
}

function brokers() {
  const [host = '', port] = kafka.brokers.split(':')
  return [{ host, port: Number(port) }]
}

async function makeTopics(name: string, partitions: number): Promise<void> {
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers: brokers() })
  try {
    await admin.createTopics({ topics: [name], partitions, replicas: 1, configs: [] })
  } finally {
    await admin.close()
  }
}

/** Stamps are those of lines that come at the rate, each observed 10 ms later than those before it. */
async function fill(): Promise<void> {
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: brokers() })
  const startMs = Date.now() - (LINES / RATE) * 1000
  for (let from = 0; from < LINES; from += BATCH_LINES) {
    const messages = Array.from({ length: Math.min(BATCH_LINES, LINES - from) }, (_, place) => {
      const number = from + place
      const atMs = Math.floor(startMs + Math.floor((number / RATE) * (1000 / TICK_MS)) * TICK_MS)
      const partition = Math.floor(from / BATCH_LINES) % PARTITIONS
      return { topic, partition, value: Buffer.from(makeLine(number, atMs)), timestamp: BigInt(atMs) }
    })
    await producer.send({ messages, acks: -1 })
  }
  await producer.close()
}

/** As bench/serve.mjs makes them. */
function makeLine(number: number, ts: number): string {
  const status = number % 50 === 0 ? 503 : number % 7 === 0 ? 404 : 200
  const fields = `"service":"service-${number % 20}","status":${status},"ms":${(number * 7919) % 3000},"bytes":${(number * 104_729) % 100_000}`
  const head = `{"ts":${ts},${fields},"pad":"`
  return `${head}${'x'.repeat(LINE_BYTES - head.length - 3)}"}`
}

async function measure({ statements }: Contender, sink: string): Promise<Measured> {
  await makeTopics(sink, 1)
  const settings = {
    ...{
      'execution.runtime-mode': 'streaming',
      'parallelism.default': values.parallelism,
      'table.local-time-zone': 'UTC',
    },
    ...{ 'table.exec.mini-batch.enabled': 'true', 'table.exec.mini-batch.allow-latency': '100 ms' },
    ...{ 'table.exec.mini-batch.size': '20000', 'execution.checkpointing.interval': '10 s' },
    ...{ 'table.exec.state.ttl': '1 h', 'table.exec.sink.upsert-materialize': 'NONE' },
    'pipeline.object-reuse': 'true',
  }
  const before = cpuSeconds()
  const jobId = await GatewaySession.use(flink.gateway, settings, async (session) => {
    let id: string | undefined
    for (const sql of statements(sink)) id = (await session.run(sql, 'bench')).jobId ?? id
    return id!
  })
  for (;;) {
    const job = (await (await fetch(`${flink.rest}/jobs/${jobId}`)).json()) as {
      state: string
      duration: number
    }
    if (job.state === 'FINISHED') return { seconds: job.duration / 1000, cpuSeconds: cpuSeconds() - before }
    if (job.state !== 'RUNNING' && job.state !== 'CREATED') throw new Error(`the job is ${job.state}`)
    await sleep(200)
  }
}

/** Of the TaskManager. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${processes['flink-taskmanager']!.pid}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function ourStatements(sink: string): string[] {
  const positions = new Map(Array.from({ length: PARTITIONS }, (_, partition) => [partition, 0]))
  const place = { id: 'bench', topic, partialsTopic: sink, positions, chunkMs: CHUNK_MS }
  const options = { 'bootstrap.servers': kafka.brokers }
  return printJob({ plan: plan!, latenessMs, ...place, kafka: options }).map(({ sql }) =>
    sql
      .replace(`'scan.startup.mode'`, `${BOUNDED}, 'scan.startup.mode'`)
      .replace(/, 'scan.topic-partition-discovery.interval' = '5 s'/, ''),
  )
}

function rivalStatements(sink: string, format: 'json' | 'raw'): string[] {
  const fields = { ts: 'BIGINT', service: 'STRING', status: 'BIGINT', ms: 'BIGINT', bytes: 'BIGINT' }
  const columns = Object.entries(fields).map(([field, type]) => `\`${field}\` ${type}`)
  const parsed = Object.entries(fields).map(([field, type]) =>
    type === 'STRING'
      ? `JSON_VALUE(line, '$.${field}') AS \`${field}\``
      : `TRY_CAST(JSON_VALUE(line, '$.${field}') AS ${type}) AS \`${field}\``,
  )
  const body = format === 'json' ? columns.join(', ') : 'line STRING'
  const options =
    format === 'json'
      ? `'value.format' = 'json', 'value.json.ignore-parse-errors' = 'true'`
      : `'value.format' = 'raw'`
  const bucketed = plan!.metrics.flatMap(({ tallies }) => tallies).find(({ key }) => key)!
  const bucket = flinkDialect.printExpr(bucketed.key!, { field: (name: string) => `\`${name}\`` } as never)
  const target = (name: string, keys: string, values: string) => `CREATE TEMPORARY TABLE ${name} (
    ${keys}, ${values}, PRIMARY KEY (${keys.replace(/ (BIGINT|STRING)/g, '')}) NOT ENFORCED
  ) WITH ('connector' = 'upsert-kafka', 'topic' = '${sink}', 'key.format' = 'json', 'value.format' = 'json',
    'properties.bootstrap.servers' = '${kafka.brokers}', 'properties.linger.ms' = '5')`
  return [
    `CREATE TEMPORARY TABLE topic (${body}, observed TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL)
      WITH ('connector' = 'kafka', 'topic' = '${topic}', ${options}, ${BOUNDED}, 'scan.startup.mode' = 'earliest-offset',
      'properties.bootstrap.servers' = '${kafka.brokers}', 'properties.isolation.level' = 'read_committed')`,
    `CREATE TEMPORARY VIEW lines AS SELECT observed, ${
      format === 'json'
        ? Object.keys(fields)
            .map((field) => `\`${field}\``)
            .join(', ')
        : parsed.join(', ')
    } FROM topic`,
    `CREATE TEMPORARY VIEW records AS SELECT \`ts\` / 10000 * 10000 AS w, service, status / 100 AS class, \`ms\`, \`bytes\`
      FROM lines WHERE observed < TO_TIMESTAMP_LTZ(\`ts\` / 10000 * 10000 + 15000, 3)`,
    target('totals', 'w BIGINT, service STRING, class BIGINT', 'n BIGINT, sent BIGINT'),
    target('spread', 'w BIGINT, service STRING, class BIGINT, bucket BIGINT', 'n BIGINT'),
    `EXECUTE STATEMENT SET BEGIN
      INSERT INTO totals SELECT w, service, class, COUNT(*), SUM(\`bytes\`) FROM records GROUP BY w, service, class;
      INSERT INTO spread SELECT w, service, class, CAST(bucket AS BIGINT), COUNT(*) FROM (SELECT w, service, class, ${bucket} AS bucket FROM records) GROUP BY w, service, class, bucket;
    END`,
  ]
}
