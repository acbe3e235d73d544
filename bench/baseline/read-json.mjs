/**
 * Runs the hand-written query over a file of lines and prints its rows as CSV, as plain-node.mjs does.
 *
 *   node bench/baseline/read-json.mjs FILE [--explain] [--sql OTHER.sql]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { DuckDBInstance } from '@duckdb/node-api'

const { values, positionals } = parseArgs({
  options: { explain: { type: 'boolean', default: false }, sql: { type: 'string' } },
  allowPositionals: true,
})
const query = readFileSync(values.sql ?? new URL('read-json.sql', import.meta.url), 'utf8')
const path = `'${positionals[0].replaceAll("'", "''")}'`
const instance = await DuckDBInstance.create(':memory:', { preserve_insertion_order: 'false' })
const connection = await instance.connect()
const reader = await connection.runAndReadAll(
  `${values.explain ? 'EXPLAIN ' : ''}${query.replaceAll(':file', () => path)}`,
)
const rows = reader.getRows()
if (values.explain) console.log(rows[0][1])
else for (const row of rows) console.log(row.map((value) => value ?? '').join(','))
