/**
 * A year of one line a minute through the door of a server: how long until all windows are right, how long each restatement
 * holds the report's writer, and how long a query waits meanwhile, as against when nothing goes on. `npm run build` first.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const MINUTES = 525_600
const START_MS = Date.UTC(2025, 0, 1)
const BATCHES = 12
const PATIENCE_MS = 900_000
const millrace = resolve(import.meta.dirname, '../bin/millrace.js')
const cwd = mkdtempSync(join(tmpdir(), 'millrace-year-'))
writeFileSync(
  join(cwd, 'millrace.yaml'),
  `sources:
  web: { format: json, time: ts, fields: { n: integer } }
metrics:
  minutes: { source: web, window: 1m, measures: { lines: count(), sum: sum(n) } }
serve: { listen: "127.0.0.1:0" }
`,
)
const run = async (...args) => {
  const begunMs = performance.now()
  const { stdout } = await promisify(execFile)(process.execPath, [millrace, ...args], { cwd, maxBuffer: 1e9 })
  return { stdout, tookMs: performance.now() - begunMs }
}
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

const server = spawn(process.execPath, [millrace, 'serve'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
let output = ''
for (const stream of [server.stdout, server.stderr])
  stream.on('data', (text) => {
    output += text
  })
try {
  while (!output.includes('Listening on ')) await sleep(50)
  const [address] = /http:\/\/\S+/.exec(output)
  const begunMs = performance.now()
  for (let batch = 0; batch < BATCHES; batch++) {
    const count = MINUTES / BATCHES
    const lines = Array.from({ length: count }, (_, index) => {
      const minute = batch * count + index
      return `{"ts":"${new Date(START_MS + minute * 60_000).toISOString()}","n":${minute}}\n`
    })
    const answer = await fetch(`${address}/v1/ingest/web`, { method: 'POST', body: lines.join('') })
    if (answer.status !== 200) throw new Error(await answer.text())
  }
  console.log(`posted ${MINUTES} lines in ${seconds(performance.now() - begunMs)}`)
  const sum = (MINUTES * (MINUTES - 1)) / 2
  let [longestMs, lines] = [0, 0]
  while (lines < MINUTES && performance.now() - begunMs < PATIENCE_MS) {
    await sleep(200)
    const { stdout, tookMs } = await run('query', 'minutes', '--step', '1d', '--format', 'csv').catch(() => ({
      stdout: '',
      tookMs: 0,
    }))
    const rows = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(','))
    longestMs = Math.max(longestMs, tookMs)
    lines = rows.reduce((total, [, count]) => total + Number(count), 0)
    const total = rows.reduce((total, [, , n]) => total + Number(n), 0)
    if (lines === MINUTES && total !== sum) throw new Error(`the sum is ${total}, not ${sum}`)
  }
  console.log(
    `${lines} lines in the totals after ${seconds(performance.now() - begunMs)}; the slowest query took ${seconds(longestMs)}`,
  )
  const { stdout, tookMs } = await run('query', 'minutes', '--format', 'csv')
  console.log(
    `${stdout.trim().split('\n').length - 1} windows; a query of all takes ${seconds(tookMs)} when nothing goes on`,
  )
  const runs = JSON.parse((await run('runs', '--json')).stdout)
  console.log(`publishing took ${runs.map(({ publishMs }) => seconds(publishMs)).join(', ')}`)
} finally {
  server.kill('SIGTERM')
  await new Promise((done) => server.once('close', done))
  console.log(output)
}
console.log((await run('verify')).stdout)
rmSync(cwd, { recursive: true })
