/**
 * The whole of it on real engines: a generator sends lines to the door, Kafka keeps them, Flink tallies them, PostgreSQL
 * has the totals, HDFS the raw lines; at the end Spark counts all of them again, and all must agree. Starts the engines
 * (`npm run cluster`) and leaves them running; safe to run again.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build, root } from './build.mjs'
import { readSettings } from './cluster/settings.mjs'
import { startEngines } from './cluster/start-engines.mjs'
import { readState } from './cluster/state-file.mjs'

const folder = join(root, 'demo-cluster')
const RATE = 2000
const SECONDS = 20
const BATCH_LINES = 200

if (build() !== 0) process.exit(1)
await startEngines([])
const engines = readState(readSettings().folder)
const name = `demo_${Date.now()}`
writeDefinition()
const server = await startServer()
try {
  say(`Sending ${RATE} lines a second for ${SECONDS} seconds …`)
  await send(1)
  millrace('stream', 'deploy')
  await send(SECONDS)
  millrace('stream', 'status')
  say('What the stream has counted so far:')
  millrace('query', 'requests', '--step', '1d', '--by', 'service', '--measures', 'n,errors,took')
  // What came in the first windows, before the job, is final after its allowance.
  await sleep(8000)
  say('All that HDFS keeps is counted again, and compared with what Flink and the stream have:')
  millrace('verify', '--engine', 'duckdb')
  say('Spark counts the windows that are final, its totals take the place of those, and are compared too:')
  millrace('batch')
  millrace('verify', '--engine', 'duckdb')
  millrace('status')
  whatRuns()
  // The job takes a slot of the TaskManager, which the next one may need.
  millrace('stream', 'stop')
} finally {
  server.kill('SIGTERM')
}

function writeDefinition() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const { kafka, flink, hdfs, spark, postgres } = engines
  writeFileSync(
    join(folder, 'millrace.yaml'),
    `sources:
  shop:
    format: json
    time: { field: ts, layout: epoch_ms }
    fields: { service: string, status: integer, ms: integer }
metrics:
  requests:
    source: shop
    window: 1s
    dimensions: { service: service }
    measures: { n: count(), errors: count(status >= 500), took: quantiles(ms) }
    allowed_lateness: 5s
log:     { kafka: "${kafka.brokers}", topic_prefix: "${name}.", partitions: 2 }
stream:  { flink: "${flink.gateway}", rest: "${flink.rest}" }
archive: { hdfs: "${hdfs.http}", path: "/${name}", user: "${hdfs.user}" }
batch:   { spark: "${spark.master}", memory: 1g, home: "${spark.home}", page: "${spark.ui}" }
report:  { postgres: "${postgres.url}", schema: ${name} }
serve:   { listen: "127.0.0.1:0" }
`,
  )
}

function startServer() {
  console.log('\n$ millrace serve &')
  const child = spawn(process.execPath, [join(root, 'bin/millrace.js'), 'serve'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      process.stderr.write(chunk)
      const [url] = /http:\/\/[\d.]+:\d+/.exec(String(chunk)) ?? []
      if (url) resolve(Object.assign(child, { url }))
    })
    child.once('close', (status) => reject(new Error(`serve ended with status ${status}`)))
  })
}

async function send(seconds) {
  const began = performance.now()
  for (let sent = 0; sent < RATE * seconds; sent += BATCH_LINES) {
    await sleep(Math.max(0, began + (sent / RATE) * 1000 - performance.now()))
    const lines = Array.from({ length: BATCH_LINES }, (_, place) => {
      const number = sent + place
      const status = number % 50 === 0 ? 503 : 200
      const service = ['checkout', 'search', 'login'][number % 3]
      return number % 997 === 0
        ? 'not a log line'
        : JSON.stringify({ ts: Date.now(), service, status, ms: (number * 7919) % 3000 })
    })
    const answer = await fetch(`${server.url}/v1/ingest/shop`, {
      method: 'POST',
      body: `${lines.join('\n')}\n`,
    })
    if (!answer.ok) throw new Error(`the door answers ${answer.status}: ${await answer.text()}`)
  }
}

/** Shows the command as it would be typed in demo-cluster/, and ends the demo when it fails. */
function millrace(...args) {
  console.log(`\n$ millrace ${args.join(' ')}`)
  const { status } = spawnSync(process.execPath, [join(root, 'bin/millrace.js'), ...args], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, JAVA_HOME: process.env.JAVA_HOME ?? engines.spark.javaHome },
  })
  if (status === 0) return
  console.error(`demo: this command ended with status ${status}`)
  server.kill('SIGTERM')
  process.exit(1)
}

function say(text) {
  console.log(`\n${text}`)
}

function whatRuns() {
  const { kafka, flink, hdfs, spark, postgres } = engines
  say('What runs where:')
  const lines = [
    ['door and report', `millrace serve at ${server.url}, until this ends`],
    ['lines', `Kafka at ${kafka.brokers}, topic ${name}.shop`],
    ['tallies', `Flink: ${flink.rest} (page)`],
    ['raw lines', `HDFS at ${hdfs.http}, below /${name}`],
    ['batch', `Spark: ${spark.ui} (page)`],
    ['totals', `PostgreSQL: psql ${postgres.url}, schema ${name}`],
  ]
  for (const [what, where] of lines) console.log(`  ${what.padEnd(16)} ${where}`)
  say('The engines go on: npm run cluster -- down ends them.')
}
