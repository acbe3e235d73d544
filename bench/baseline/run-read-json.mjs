/**
 * Runs read-json.sql on a file with DuckDB's own defaults and prints the totals as CSV; with `--plan`, its plan.
 *
 *   node bench/baseline/run-read-json.mjs FILE [--plan]
 */
import { readFileSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'

const [file, option] = process.argv.slice(2)
const text = readFileSync(new URL('read-json.sql', import.meta.url), 'utf8')
const sql = text.replaceAll(':file', () => `'${file.replaceAll("'", "''")}'`)
const connection = await (await DuckDBInstance.create(':memory:')).connect()
if (option === '--plan') {
  const [[, plan]] = (await connection.runAndReadAll(`EXPLAIN ${sql.replace(/^--.*$/gm, '')}`)).getRows()
  console.log(plan)
} else {
  const rows = (await connection.runAndReadAll(sql)).getRows()
  for (const row of rows) console.log(row.map((value) => String(value)).join(','))
}
