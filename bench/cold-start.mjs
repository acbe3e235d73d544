/** CPU time of `millrace --help` from start to end, user and system: the median of several runs. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const RUNS = 15
const bin = process.argv[2] ?? fileURLToPath(new URL('../bin/millrace.js', import.meta.url))
const meter = `process.on('exit', () => { const { user, system } = process.cpuUsage(); process.stderr.write(String((user + system) / 1000)) })`
const preload = `data:text/javascript,${encodeURIComponent(meter)}`

const times = Array.from({ length: RUNS }, () => {
  const { stderr, status } = spawnSync(process.execPath, ['--import', preload, bin, '--help'], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`millrace --help ended with status ${status}: ${stderr}`)
  return Number(stderr)
}).sort((a, b) => a - b)

const round = (ms) => Math.round(ms)
console.log(
  JSON.stringify({
    runs: RUNS,
    medianCpuMs: round(times[RUNS >> 1]),
    leastCpuMs: round(times[0]),
    node: process.version,
  }),
)
