/**
 * How fast Spark computes, against hand-written SQL on the same Spark and against the embedded engine, all over the
 * same blocks in HDFS: `npm run bench:spark -- [--lines 20000000] [--rounds 3]`, with a cluster up
 * (`npm run cluster -- up hdfs spark`). Rounds alternate; medians are printed, and a model of n machines.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { readSparkEvents, runSparkScript } from './spark-run.mjs'
import { connectHdfs, readCluster, sumParquet } from './spark-staged.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: { lines: { type: 'string', default: '2000000' }, rounds: { type: 'string', default: '3' } },
})
const lines = Number(values.lines)
const MEMORY = '1536m'
const cluster = readCluster(root)
const remote = `/bench-${process.pid}`
const hdfs = connectHdfs(cluster.hdfs)
const folder = mkdtempSync(join(root, 'node_modules/.cache-bench-'))

try {
  await bench()
} finally {
  await hdfs.remove(remote)
  rmSync(folder, { recursive: true, force: true })
}

async function bench() {
  const configs = { spark: writeConfig('spark', true), embedded: writeConfig('embedded', false) }
  const file = join(folder, 'lines.ndjson')
  const kind = ['--kind', 'json', '--lines', String(lines), '--seed', '1', '--out', file]
  await runNode([join(root, 'scripts/generate-logs.mjs'), ...kind])
  await millrace(configs.spark, 'ingest', 'web', file)
  rmSync(file)
  const runs = { ours: [], rival: [], embedded: [] }
  for (let round = 0; round < Number(values.rounds); round++) {
    runs.ours.push(
      await sparkRun(`ours${round}`, () => millrace(configs.spark, 'batch', '--metric', 'requests')),
    )
    runs.rival.push(await sparkRun(`rival${round}`, () => runRival(round)))
    // Fetched blocks are kept; each round is to fetch its own.
    rmSync(join(configs.embedded.data, 'cache'), { recursive: true, force: true })
    runs.embedded.push(await timed(() => millrace(configs.embedded, 'batch', '--metric', 'requests')))
    const say = ([name, of]) => `${name} ${JSON.stringify(of.at(-1))}`
    console.log(Object.entries(runs).map(say).join('\n'))
  }
  await compareTotals(configs)
  print(runs)
}

/** The event log of the run that is under way goes to `events`; it is renamed when the run has ended. */
function sparkConf() {
  mkdirSync(join(folder, 'events'), { recursive: true })
  return {
    'spark.eventLog.enabled': 'true',
    'spark.eventLog.dir': `file://${join(folder, 'events')}`,
    'spark.eventLog.compress': 'false',
    'spark.eventLog.rolling.enabled': 'false',
  }
}

function writeConfig(name, isSpark) {
  const { master, home } = cluster.spark
  const roles = {
    archive: { hdfs: cluster.hdfs.http, path: `${remote}/archive`, replication: 1, user: cluster.hdfs.user },
    ...(isSpark && { batch: { spark: master, home, memory: MEMORY, conf: sparkConf() } }),
  }
  const path = join(folder, `${name}.yaml`)
  const text = Object.entries(roles).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
  const definition = readFileSync(join(root, 'bench/baseline/millrace.yaml'), 'utf8')
  writeFileSync(path, `${definition}${text.join('')}`)
  return { path, data: join(folder, name) }
}

function millrace({ path, data }, ...args) {
  return runNode([join(root, 'bin/millrace.js'), '--config', path, '--data', data, ...args])
}

/** Without samples of its memory, which would slow ours alone. */
function runNode(args) {
  return promisify(execFile)(process.execPath, args, { maxBuffer: 1e9 })
}

async function runRival(round) {
  const at = (path) => `${cluster.hdfs.rpc}${remote}/${path}`
  const text = readFileSync(join(root, 'bench/baseline/spark-tallies.sql'), 'utf8')
  const sql = text.replaceAll(':blocks', at('archive/web/blocks')).replaceAll(':staged', at(`rival/${round}`))
  await runSparkScript({ ...cluster, folder, sql, conf: sparkConf(), memory: MEMORY })
}

/** Of the application that `act` ran: from start to end, and what of it was work. */
async function sparkRun(name, act) {
  const { wallMs } = await timed(act)
  return { wallMs, ...readSparkEvents(join(folder, 'events'), join(folder, `${name}.events`)) }
}

async function timed(act) {
  const started = performance.now()
  await act()
  return { wallMs: Math.round(performance.now() - started) }
}

/** Ours are those of the embedded engine to the last row; the rival also counts lines with bad fields. */
async function compareTotals(configs) {
  const csv = async (config) => (await millrace(config, 'query', 'requests', '--format', 'csv')).stdout
  const ours = await csv(configs.spark)
  if (ours !== (await csv(configs.embedded))) throw new Error('the totals of Spark and DuckDB differ')
  const column = ours.split('\n')[0].split(',').indexOf('requests')
  const rows = ours.trim().split('\n').slice(1)
  const counted = rows.reduce((sum, row) => sum + Number(row.split(',')[column]), 0)
  const rival = await sumParquet(await hdfs.read(`${remote}/rival/0`, '.parquet'), 'requests', folder)
  console.log(`${counted} lines counted by us, ${rival} by the rival, of ${lines}`)
  if (Math.abs(rival - counted) > lines / 1000) throw new Error('the totals of the rival differ')
}

function print({ ours, rival, embedded }) {
  const median = (runs, key) => runs.map((run) => run[key]).sort((a, b) => a - b)[runs.length >> 1]
  const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`
  const row = (name, runs) =>
    `| ${name} | ${['wallMs', 'workMs', 'cpuMs'].map((key) => (runs[0][key] === undefined ? '' : seconds(median(runs, key)))).join(' | ')} |`
  const ratio = (key) => `${(median(rival, key) / median(ours, key)).toFixed(2)} ×`
  console.log(
    `\n| ${lines / 1e6} M lines | whole command | statements | CPU of the tasks |\n|---|---|---|---|`,
  )
  console.log(`${row('Millrace on Spark', ours)}\n${row('hand-written SQL on Spark', rival)}`)
  console.log(`| **against hand-written** | ${['wallMs', 'workMs', 'cpuMs'].map(ratio).join(' | ')} |`)
  console.log(row('Millrace, embedded', embedded))
  const wall = median(ours, 'wallMs')
  printModel(wall - median(ours, 'workMs'), median(ours, 'workMs'), median(embedded, 'wallMs'))
}

/**
 * Statements are spread over machines like this one, start and end are not; the embedded engine has one machine. Both
 * grow with the lines: Spark wins where `start + work × L / n < embedded × L`.
 */
function printModel(startMs, workMs, embeddedMs) {
  const perLine = (ms) => ms / lines
  console.log('\n| machines | Spark is quicker from | at most, with no end of lines |\n|---|---|---|')
  for (const machines of [1, 2, 4, 8, 16, 32]) {
    const gain = perLine(embeddedMs) - perLine(workMs) / machines
    const from = gain > 0 ? `${(startMs / gain / 1e6).toFixed(0)} M lines` : 'never'
    console.log(`| ${machines} | ${from} | ${((embeddedMs / workMs) * machines).toFixed(2)} × |`)
  }
}
