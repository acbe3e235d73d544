/** Ingest and batch of generated lines against the two rivals, alternating in one run; all totals must agree. */
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measureProcess } from './measure-process.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const bin = here('../bin/millrace.js')
const config = here('baseline/millrace.yaml')
const ROUNDS = 3

/** Times in ms, sizes in bytes, memory in MB; rates follow from `lines` and `rawBytes`. */
export async function benchBatch(folder, lines, { keepData = false } = {}) {
  const file = join(folder, `lines-${lines}.ndjson`)
  const data = join(folder, `data-${lines}`)
  rmSync(data, { recursive: true, force: true })
  await measureProcess([
    here('../scripts/generate-logs.mjs'),
    '--kind',
    'json',
    '--lines',
    String(lines),
    '--seed',
    '1',
    '--out',
    file,
  ])
  const millrace = (...args) => measureProcess([bin, '--config', config, '--data', data, ...args])
  const ingest = await millrace('ingest', 'web', file)
  const rounds = { batch: [], readJson: [], plainNode: [] }
  for (let round = 0; round < ROUNDS; round++) {
    rounds.batch.push(await millrace('batch', '--metric', 'requests'))
    rounds.readJson.push(await measureProcess([here('baseline/run-read-json.mjs'), file]))
    rounds.plainNode.push(await measureProcess([here('baseline/plain-node.mjs'), file]))
  }
  const totals = await millrace('query', 'requests', '--format', 'csv')
  assertEqual(totals.stdout, rounds.readJson[0].stdout, 'read-json.sql')
  assertEqual(totals.stdout, rounds.plainNode[0].stdout, 'plain-node.mjs')
  const sketches = await millrace('batch', '--metric', 'sketches')
  const result = {
    data,
    lines,
    rawBytes: statSync(file).size,
    archiveBytes: folderSize(join(data, 'archive')),
    ingestMs: ingest.wallMs,
    ingestPeakMb: ingest.peakMb,
    batchMs: medianOf(rounds.batch),
    batchPeakMb: Math.max(...rounds.batch.map(({ peakMb }) => peakMb)),
    sketchesMs: sketches.wallMs,
    sketchesPeakMb: sketches.peakMb,
    readJsonMs: medianOf(rounds.readJson),
    plainNodeMs: medianOf(rounds.plainNode),
  }
  rmSync(file)
  if (!keepData) rmSync(data, { recursive: true })
  return result
}

function medianOf(runs) {
  return runs.map(({ wallMs }) => wallMs).sort((a, b) => a - b)[runs.length >> 1]
}

/** Both sides as sorted rows of window, service, class and five numbers. */
function assertEqual(csv, rows, rival) {
  const ours = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((row) => row.split(','))
    .map(([start, ...rest]) => [Date.parse(start), ...rest])
  const theirs = rows
    .trim()
    .split('\n')
    .map((row) => row.split(','))
  const text = (table) =>
    table
      .map((row) => row.map((cell, index) => (index === 1 ? cell : Number(cell))).join())
      .sort()
      .join('\n')
  if (text(ours) !== text(theirs)) throw new Error(`the totals of millrace and ${rival} differ`)
}

function folderSize(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
