/**
 * Every number that Millrace promises about speed and memory, in one run, as a table.
 *
 *   npm run bench                       # 2 M and 20 M lines, and the server; 12 to 35 minutes, 20 GB of disk
 *   npm run bench -- --lines 2000000    # quicker
 *   npm run bench -- --write            # also writes the table into bench/README.md
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchBatch } from './batch.mjs'
import { reportGrowth } from './report-growth.mjs'

const SMALL = 2_000_000
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const { values } = parseArgs({
  options: { lines: { type: 'string', default: '20000000' }, write: { type: 'boolean', default: false } },
})

const folder = here('data')
mkdirSync(folder, { recursive: true })
const small = await benchBatch(folder, SMALL, { keepData: true })
const large = Number(values.lines) > SMALL ? await benchBatch(folder, Number(values.lines)) : small
const guards = runJson([here('../node_modules/.bin/unrun'), here('guards.ts'), small.data])
const cold = runJson([process.execPath, here('cold-start.mjs')])
const growth = await reportGrowth(folder)
const server = [benchServer(20_000, 60), benchServer(250_000, 300)]
const recovery = run([here('../node_modules/.bin/unrun'), here('recovery.ts')])
const query = run([here('../node_modules/.bin/unrun'), here('query.ts'), here('data/query')])
rmSync(folder, { recursive: true, force: true })

const table = printTable([...rowsOf(small), ...(large === small ? [] : rowsOf(large)), ...others()])
console.log(`${table}\n\nQueries (bench/query.ts):\n\n${query}`)
if (values.write) writeTable(table)

function rowsOf(result) {
  const n = `${result.lines / 1e6} M lines`
  const mb = result.rawBytes / 1e6
  const versus = (rival) => rival / result.batchMs
  return [
    [
      `ingest, ${n}`,
      `${(mb / (result.ingestMs / 1000)).toFixed(0)} MB/s`,
      '≥ 150 MB/s',
      mb / (result.ingestMs / 1000) >= 150,
    ],
    [`ingest peak memory, ${n}`, `${result.ingestPeakMb} MB`, '≤ 1,000 MB', result.ingestPeakMb <= 1000],
    [
      `archive / raw, ${n}`,
      (result.archiveBytes / result.rawBytes).toFixed(3),
      '≤ 0.25',
      result.archiveBytes / result.rawBytes <= 0.25,
    ],
    [`batch, ${n}`, `${(result.batchMs / 1000).toFixed(1)} s`, '', undefined],
    [
      `batch against read_json, ${n}`,
      `${versus(result.readJsonMs).toFixed(2)} ×`,
      '≥ 0.6 ×',
      versus(result.readJsonMs) >= 0.6,
    ],
    [
      `batch against plain Node, ${n}`,
      `${versus(result.plainNodeMs).toFixed(2)} ×`,
      '≥ 2.5 ×',
      versus(result.plainNodeMs) >= 2.5,
    ],
    [`batch peak memory, ${n}`, `${result.batchPeakMb} MB`, '≤ 1,000 MB', result.batchPeakMb <= 1000],
    [
      `batch of quantiles and distinct, ${n}`,
      `${(result.sketchesMs / 1000).toFixed(1)} s, ${result.sketchesPeakMb} MB`,
      '',
      undefined,
    ],
  ]
}

function others() {
  const percent = (share) => `${(share * 100).toFixed(0)} %`
  return [
    ['guards, while all lines are JSON', percent(guards.trustingCost), '≤ 25 %', guards.trustingCost <= 0.25],
    ['guards, once a line was not JSON', percent(guards.strictCost), '', undefined],
    ...server.flatMap(serverRows),
    recoveryRow(),
    ['CPU of millrace --help', `${cold.medianCpuMs} ms`, '≤ 150 ms', cold.medianCpuMs <= 150],
    ...growth.map(({ metric, rows, bytes }) => [
      `report rows and bytes a day, ${metric}`,
      `${rows.toLocaleString('en')}, ${(bytes / 1e6).toFixed(0)} MB`,
      '',
      undefined,
    ]),
  ]
}

function benchServer(rate, seconds) {
  const args = ['--rate', rate, '--seconds', seconds].map(String)
  return { rate, seconds, measured: runJson([process.execPath, here('serve.mjs'), ...args, '--json']) }
}

function serverRows({ rate, seconds, measured }) {
  const what = `server, ${rate.toLocaleString('en')} lines/s for ${seconds} s`
  const [held, fresh, cpu, memory] = [
    measured['lines a second'],
    measured['freshness p50, p99 at most'],
    measured['CPU of the server'],
    measured['peak memory of the server'],
  ]
  const isSlow = rate < 250_000
  const freshTarget = isSlow ? 1 : 1.5
  return [
    [
      `${what}: held`,
      `${held} lines/s`,
      `≥ ${rate.toLocaleString('en')}`,
      Number(held.replaceAll(',', '')) >= rate,
    ],
    [
      `${what}: freshness p50, p99`,
      `≤ ${fresh.replace(', ', ', ≤ ')}`,
      `p99 ≤ ${freshTarget} s`,
      Number.parseFloat(fresh.split(', ')[1]) <= freshTarget,
    ],
    isSlow
      ? [`${what}: CPU`, cpu, '< 25 % of a core', Number.parseFloat(cpu) < 25]
      : [`${what}: CPU`, cpu, '', undefined],
    [`${what}: peak memory`, memory, '≤ 1,000 MB', Number.parseFloat(memory) <= 1000],
  ]
}

function recoveryRow() {
  const starts = [...recovery.matchAll(/^([\d.]+) s \|/gm)].map(([, time]) => Number(time))
  const slowest = Math.max(...starts)
  const what = `ready for acks after kill -9 with 10 M lines not counted, slowest of ${starts.length}`
  return [what, `${slowest} s`, '≤ 2 s', slowest <= 2]
}

function printTable(rows) {
  const lines = rows.map(([what, value, target, met]) => {
    return `| ${what} | ${value} | ${target} | ${met === undefined ? '' : met ? 'met' : 'missed'} |`
  })
  return ['| what | measured | target | |', '|---|---|---|---|', ...lines].join('\n')
}

function writeTable(table) {
  const page = here('README.md')
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}`
  const text = readFileSync(page, 'utf8')
  const block = `<!-- table -->\n${machine}\n\n${table}\n\n${query.trim()}\n<!-- /table -->`
  writeFileSync(
    page,
    text.replace(/<!-- table -->[\s\S]*<!-- \/table -->/, () => block),
  )
}

function run([command, ...args]) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with status ${status}: ${stderr}`)
  return stdout
}

function runJson(command) {
  return JSON.parse(run(command).trim().split('\n').at(-1))
}
