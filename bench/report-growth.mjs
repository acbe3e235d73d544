/**
 * Rows and bytes that the report grows by in a day of 20,000 lines/s in 100 series, from real runs: plain totals by
 * a whole day of fewer lines, which gives the same rows; sketches by three minutes at full rate.
 *
 *   node bench/report-growth.mjs [FOLDER]
 */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { writeLog } from '../scripts/generate-logs.mjs'
import { measureProcess } from './measure-process.mjs'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const DAY_MINUTES = 1440
const LINES_PER_MINUTE = 20_000 * 60
const SERIES = 100

/** One entry a metric: its name, and rows and bytes a day. */
export async function reportGrowth(folder) {
  const day = { lines: 2_000_000, minutes: DAY_MINUTES }
  const burst = { lines: 3 * LINES_PER_MINUTE, minutes: 3 }
  return [
    await measureGrowth(folder, 'totals', day),
    await measureGrowth(folder, 'quantiles', burst),
    await measureGrowth(folder, 'distinct', burst),
  ]
}

async function measureGrowth(folder, metric, { lines, minutes }) {
  const file = join(folder, 'growth.ndjson')
  const data = join(folder, 'growth')
  rmSync(data, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await writeLog({ kind: 'json', lines, minutes, services: SERIES, seed: 3, out: file })
  const command = [here('../bin/millrace.js'), '--config', here('baseline/growth.yaml'), '--data', data]
  await measureProcess([...command, 'ingest', 'web', file])
  await measureProcess([...command, 'batch', '--metric', metric])
  const { rows, bytes } = await sizeOf(join(data, 'report.duckdb'))
  rmSync(file)
  rmSync(data, { recursive: true })
  const days = minutes / DAY_MINUTES
  return { metric, rows: Math.round(rows / days), bytes: Math.round(bytes / days) }
}

/** Rows of all tables of totals and sketches, and bytes of the file, of which little is anything else. */
async function sizeOf(path) {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const tables = `SELECT coalesce(sum(estimated_size), 0) FROM duckdb_tables() WHERE regexp_matches(table_name, '^(totals|sketch)_')`
  const [[rows]] = (await connection.runAndReadAll(tables)).getRows()
  connection.closeSync()
  instance.closeSync()
  return { rows: Number(rows), bytes: statSync(path).size }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { metric, rows, bytes } of await reportGrowth(process.argv[2] ?? here('data')))
    console.log(`${metric}: ${rows.toLocaleString('en')} rows, ${(bytes / 1e6).toFixed(0)} MB a day`)
}
