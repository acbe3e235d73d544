/**
 * How many lines a second `millrace serve` takes over HTTP and counts, and how fresh its totals are:
 *
 *   node bench/serve.mjs [--rate LINES_A_SECOND|max] [--seconds N] [--clients N] [--roles YAML [--deploy]] [--beside NAME=PID,…]
 *
 * The generator runs beside the server on the same cores, and its share is shown. Lines are JSON of 210 bytes; batches
 * of 1,000 lines differ in their time, service, status and duration. Each client waits for the ack of a batch before it
 * sends the next. Three metrics: counts, sums, quantiles, of two dimensions each. Freshness is the server's own
 * histogram, from the time at which the oldest line of a micro-batch was observed to its commit. `--roles` is YAML that names
 * other engines, `--deploy` starts their job before anything is measured, `--beside` shows what other processes take
 * meanwhile. `--json` prints the table as one object.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const LINE_BYTES = 210
const BATCH_LINES = 1000
const TICKS_A_SECOND = 100
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: 'max' },
    seconds: { type: 'string', default: '30' },
    clients: { type: 'string', default: '8' },
    roles: { type: 'string', default: '' },
    deploy: { type: 'boolean', default: false },
    beside: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
})
const rate = values.rate === 'max' ? Number.POSITIVE_INFINITY : Number(values.rate)
const seconds = Number(values.seconds)
const clients = Number(values.clients)

const DEFINITION = `${readFileSync(new URL('stream.yaml', import.meta.url))}serve: { listen: "127.0.0.1:0" }
${values.roles}
`
const bin = fileURLToPath(new URL('../bin/millrace.js', import.meta.url))
/** Other processes, by name. */
const beside = values.beside
  .split(',')
  .filter(Boolean)
  .map((one) => one.split('='))

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-serve-'))
const agent = new Agent({ keepAlive: true, maxSockets: clients })
let server
try {
  writeFileSync(join(folder, 'millrace.yaml'), DEFINITION)
  const url = await startServer()
  if (values.deploy) await deploy(url)
  const freshBefore = await get(`${url}/metrics`)
  const othersBefore = beside.map(([, pid]) => usageOf(pid))
  const began = performance.now()
  const [before, own] = [usageOf(server.pid), process.cpuUsage()]
  const acks = await Promise.all(Array.from({ length: clients }, () => sendLines(url, began)))
  const took = (performance.now() - began) / 1000
  const used = usageOf(server.pid)
  const generator = process.cpuUsage(own)
  const backlog = Number(/stream_lag_lines\{.*\} (\d+)/.exec(await get(`${url}/metrics`))?.[1])
  await drained(url)
  const drainedAfter = (performance.now() - began) / 1000 - took
  const drainedCpuMs = usageOf(server.pid).cpuMs
  const latencies = acks.flat().sort((a, b) => a - b)
  const lines = latencies.length * BATCH_LINES
  const metrics = await get(`${url}/metrics`)
  print([
    ['lines acked', lines.toLocaleString('en')],
    ['lines a second', Math.round(lines / took).toLocaleString('en')],
    ['ack p50, p99', `${quantile(latencies, 0.5).toFixed(0)} ms, ${quantile(latencies, 0.99).toFixed(0)} ms`],
    [
      'behind at the end',
      `${backlog.toLocaleString('en')} lines, counted ${drainedAfter.toFixed(1)} s later`,
    ],
    [
      'freshness p50, p99 at most',
      [0.5, 0.99].map((q) => `${freshness(freshBefore, metrics, q)} s`).join(', '),
    ],
    ['CPU of the server', `${(((used.cpuMs - before.cpuMs) / took / 1000) * 100).toFixed(0)} % of a core`],
    [
      'CPU of the server a million lines',
      `${((drainedCpuMs - before.cpuMs) / 1000 / (lines / 1e6)).toFixed(2)} s, until all are counted`,
    ],
    [
      'CPU of the generator',
      `${(((generator.user + generator.system) / 1e6 / took) * 100).toFixed(0)} % of a core`,
    ],
    ['peak memory of the server', `${usageOf(server.pid).peakMb} MB`],
    ['lines a job was to tally, counted by the server', takenOver(freshBefore, metrics)],
    ...beside.map(([name, pid], place) => {
      const { cpuMs, peakMb } = usageOf(pid)
      const spent = cpuMs - othersBefore[place].cpuMs
      return [
        `${name}: CPU, peak memory`,
        `${((spent / (took + drainedAfter) / 1000) * 100).toFixed(0)} % of a core, ${peakMb} MB`,
      ]
    }),
  ])
} finally {
  if (values.deploy) spawnSync(process.execPath, [bin, 'stream', 'stop', '--cancel'], { cwd: folder })
  server?.kill('SIGKILL')
  agent.destroy()
  rmSync(folder, { recursive: true, force: true })
}

function startServer() {
  server = spawn(process.execPath, [bin, 'serve'], { cwd: folder, stdio: ['ignore', 'inherit', 'pipe'] })
  return new Promise((resolve, reject) => {
    let said = ''
    server.stderr.on('data', (chunk) => {
      said += chunk
      const [url] = /http:\/\/[\d.]+:\d+/.exec(said) ?? []
      if (url) resolve(url)
    })
    server.once('close', () => reject(new Error(said)))
  })
}

/** A job begins once there are lines; those are no part of what is measured. */
async function deploy(url) {
  for (let batch = 0; batch < 4; batch++) await post(`${url}/v1/ingest/web`, makeBatch())
  const run = (...args) =>
    spawnSync(process.execPath, [bin, 'stream', ...args], { cwd: folder, encoding: 'utf8' })
  const { status, stderr } = run('deploy')
  if (status !== 0) throw new Error(stderr)
  const isRunning = () => {
    const [{ job }] = JSON.parse(run('status', '--json').stdout).jobs
    return job?.state === 'RUNNING' && job.runningTasks === job.tasks
  }
  while (!isRunning()) await new Promise((resolve) => setTimeout(resolve, 500))
  // Its code is compiled while it sees the first lines.
  for (let batch = 0; batch < 100; batch++) {
    await post(`${url}/v1/ingest/web`, makeBatch())
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await drained(url)
}

/** Gives the milliseconds that each ack took. */
async function sendLines(url, began) {
  const acks = []
  for (let sent = 0; performance.now() - began < seconds * 1000; sent++) {
    const due = began + ((sent * BATCH_LINES * clients) / rate) * 1000
    const pause = due - performance.now()
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    const started = performance.now()
    await post(`${url}/v1/ingest/web`, makeBatch())
    acks.push(performance.now() - started)
  }
  return acks
}

/** A few batches are written once; only the time in them is written anew. */
function makeBatch() {
  makeBatch.pool ??= Array.from({ length: 16 }, (_, index) => writeBatch(index))
  makeBatch.next = ((makeBatch.next ?? 0) + 1) % makeBatch.pool.length
  const { bytes, places } = makeBatch.pool[makeBatch.next]
  const copy = Buffer.from(bytes)
  const now = String(Date.now())
  for (const place of places) copy.write(now, place, 'latin1')
  return copy
}

function writeBatch(seed) {
  const places = []
  let text = ''
  for (let index = 0; index < BATCH_LINES; index++) {
    const number = seed * BATCH_LINES + index
    const status = number % 50 === 0 ? 503 : number % 7 === 0 ? 404 : 200
    const fields = `,"service":"service-${number % 20}","status":${status},"ms":${(number * 7919) % 3000},"bytes":${(number * 104_729) % 100_000}`
    const head = `{"ts":1700000000000${fields},"pad":"`
    places.push(text.length + '{"ts":'.length)
    text += `${head}${'x'.repeat(LINE_BYTES - head.length - 3)}"}\n`
  }
  return { bytes: Buffer.from(text, 'latin1'), places }
}

function post(url, body) {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'Content-Length': body.length } },
      (answer) => {
        answer.resume()
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`status ${answer.statusCode}`)),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

async function get(url) {
  return (await fetch(url)).text()
}

async function drained(url) {
  while (!/stream_lag_lines\{.*\} 0$/m.test(await get(`${url}/metrics`)))
    await new Promise((resolve) => setTimeout(resolve, 50))
}

function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  const ticks = Number(fields[11]) + Number(fields[12])
  return { cpuMs: (ticks * 1000) / TICKS_A_SECOND, peakMb: Math.round(Number(peak[1]) / 1024) }
}

function quantile(sorted, q) {
  return sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)] ?? 0
}

/** The bound of the bucket that holds it, of what came between two readings. */
function freshness(before, after, q) {
  const bucketsOf = (metrics) => [...metrics.matchAll(/freshness_seconds_bucket\{.*le="(.+)"\} (\d+)/g)]
  const known = new Map(bucketsOf(before).map(([, bound, count]) => [bound, Number(count)]))
  const buckets = bucketsOf(after).map(([, bound, count]) => [bound, Number(count) - (known.get(bound) ?? 0)])
  const total = buckets.at(-1)?.[1]
  return buckets.find(([, count]) => count >= q * total)?.[0]
}

function takenOver(before, after) {
  const linesOf = (metrics) => Number(/taken_over_lines_total\{.*\} (\d+)/.exec(metrics)?.[1] ?? 0)
  return (linesOf(after) - linesOf(before)).toLocaleString('en')
}

function print(rows) {
  if (values.json) return console.log(JSON.stringify(Object.fromEntries(rows)))
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`)
}
