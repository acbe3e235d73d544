/**
 * How fast the log on Kafka takes lines: `node bench/kafka.mjs BROKERS [SECONDS] [PRODUCERS]`. Producers append batches of
 * 64 KiB of 212-byte lines, each waiting for its ack before it sends the next. The yardstick of the same run, in turns
 * with it, is the client's own producer with acks of all replicas, sending the same lines as objects.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Producer } from '@platformatic/kafka'
import { build } from 'tsdown'

const LINE_BYTES = 212
const BATCH_LINES = Math.floor(65_536 / LINE_BYTES)
const ROUNDS = 3
const [places = '127.0.0.1:9092', seconds = '5', producers = '8'] = process.argv.slice(2)
const brokers = places.split(',').map((place) => {
  const [host, port] = place.split(':')
  return { host, port: Number(port) }
})
const root = fileURLToPath(new URL('..', import.meta.url))
// Inside the repository, so that what is built finds its packages.
const folder = mkdtempSync(join(root, '.bench-kafka-'))
const line = `{"at":"2026-01-01T00:00:00Z","pad":"${'x'.repeat(LINE_BYTES - 39)}"}\n`
const batch = Buffer.from(line.repeat(BATCH_LINES))
const topicPrefix = `bench-${Date.now()}.`

try {
  const { KafkaLog } = await buildLog()
  const log = await openLog(KafkaLog)
  // It makes the topics, so that nobody measures that.
  for (const source of ['log', 'plain']) await log.append(source, { chunks: [batch], lines: BATCH_LINES })
  console.log('what                          |    lines/s | lines per s of CPU | p50 ms | p99 ms')
  for (let round = 0; round < ROUNDS; round++) {
    await measure('plain producer', producePlain)
    await measure(`log, ${producers} producers`, (stop) => appendToLog(log, stop))
  }
  await log.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function buildLog() {
  const options = { config: false, cwd: root, dts: false, logLevel: 'error', platform: 'node', format: 'esm' }
  const outDir = join(folder, 'built')
  await build({ ...options, entry: { log: 'src/engines/kafka/log.ts' }, outDir })
  return import(pathToFileURL(join(outDir, 'log.mjs')))
}

function openLog(KafkaLog) {
  return KafkaLog.open({
    ...{
      dataDir: join(folder, 'data'),
      brokers,
      topicPrefix,
      partitions: 1,
      retentionMs: 0,
      topics: new Map(),
    },
    firstOffset: async () => 0,
  })
}

async function measure(name, run) {
  const began = performance.now()
  const cpu = process.cpuUsage()
  const latencies = await run(() => performance.now() - began > Number(seconds) * 1000)
  const took = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const sorted = latencies.sort((a, b) => a - b)
  const lines = latencies.length * BATCH_LINES
  const at = (rank) => sorted[Math.floor((sorted.length - 1) * rank)].toFixed(1).padStart(6)
  const perSecond = Math.round(lines / took)
    .toLocaleString('en')
    .padStart(10)
  const perCpu = Math.round(lines / ((user + system) / 1e6))
    .toLocaleString('en')
    .padStart(18)
  console.log(`${name.padEnd(29)} | ${perSecond} | ${perCpu} | ${at(0.5)} | ${at(0.99)}`)
}

async function appendToLog(log, stop) {
  return inParallel(stop, () => log.append('log', { chunks: [batch], lines: BATCH_LINES }))
}

/** As a user would: an object of each line. It is not idempotent: so it breaks when sends overlap. */
async function producePlain(stop) {
  const topic = `${topicPrefix}plain`
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers: brokers, acks: -1 })
  try {
    return await inParallel(stop, () => producer.send({ messages: messagesOf(topic) }))
  } finally {
    await producer.close()
  }
}

function messagesOf(topic) {
  const values = batch.toString('latin1').split('\n').slice(0, -1)
  return values.map((value) => ({ topic, partition: 0, value: Buffer.from(value, 'latin1') }))
}

async function inParallel(stop, send) {
  const latencies = []
  await Promise.all(
    Array.from({ length: Number(producers) }, async () => {
      while (!stop()) {
        const began = performance.now()
        await send()
        latencies.push(performance.now() - began)
      }
    }),
  )
  return latencies
}
