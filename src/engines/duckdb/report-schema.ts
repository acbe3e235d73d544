/** The report's own tables and functions: made once in a new file, checked whenever one is opened. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { sketchFunctions } from '../../compile/print-sketch.ts'
import { MillraceError } from '../../core/error.ts'
import { readRows } from './read-rows.ts'
import { HUGE, SCHEMA } from './report-tables.ts'

/** Raised when older code could no longer read the file rightly. */
const REPORT_FORMAT = 1

const FUNCTIONS = sketchFunctions((name) => `${SCHEMA}.${name}`, HUGE)

const STATEMENTS = [
  `CREATE SCHEMA ${SCHEMA}`,
  `CREATE TABLE ${SCHEMA}.format (version INTEGER)`,
  `INSERT INTO ${SCHEMA}.format VALUES (${REPORT_FORMAT})`,
  `CREATE TABLE ${SCHEMA}.runs (tenant VARCHAR, revision BIGINT, started TIMESTAMP, finished TIMESTAMP,
    engine VARCHAR, record VARCHAR)`,
  `CREATE TABLE ${SCHEMA}.metrics (tenant VARCHAR, metric VARCHAR, version VARCHAR, revision BIGINT,
    source VARCHAR, window_ms BIGINT, first_window TIMESTAMP, last_window TIMESTAMP, totals_table VARCHAR, series_table VARCHAR, plan VARCHAR)`,
  `CREATE TABLE ${SCHEMA}.measures (tenant VARCHAR, metric VARCHAR, version VARCHAR, measure VARCHAR,
    aggregate VARCHAR, unit VARCHAR, scale INTEGER, table_name VARCHAR, columns VARCHAR[])`,
  `CREATE TABLE ${SCHEMA}.coverage (tenant VARCHAR, metric VARCHAR, version VARCHAR,
    from_time TIMESTAMP, to_time TIMESTAMP)`,
  `CREATE TABLE ${SCHEMA}.ledger (tenant VARCHAR, revision BIGINT, source VARCHAR, metric VARCHAR,
    appended BIGINT, counted BIGINT, filtered BIGINT, rejected BIGINT)`,
  `CREATE TABLE ${SCHEMA}.rejects (tenant VARCHAR, source VARCHAR, revision BIGINT, block VARCHAR,
    "offset" BIGINT, metric VARCHAR, reason VARCHAR, field VARCHAR)`,
  ...FUNCTIONS.map(
    ({ name, parameters, body }) =>
      `CREATE MACRO ${SCHEMA}.${name}(${parameters.map((parameter) => parameter.name).join(', ')}) AS ${body}`,
  ),
]

/** All or nothing: a process that dies here leaves a file that counts as empty. */
export async function prepareSchema(connection: DuckDBConnection, path: string): Promise<void> {
  if (await hasSchema(connection)) return checkFormat(connection, path)
  await connection.run('BEGIN')
  for (const statement of STATEMENTS) await connection.run(statement)
  await connection.run('COMMIT')
}

/** Errors: REPORT_MISSING, REPORT_NEWER_FORMAT. */
export async function requireSchema(connection: DuckDBConnection, path: string): Promise<void> {
  if (!(await hasSchema(connection))) throw new MillraceError('REPORT_MISSING', { path })
  await checkFormat(connection, path)
}

async function hasSchema(connection: DuckDBConnection): Promise<boolean> {
  const sql = `SELECT 1 FROM duckdb_tables() WHERE schema_name = '${SCHEMA}' AND table_name = 'format'`
  return (await readRows(connection, sql)).length > 0
}

async function checkFormat(connection: DuckDBConnection, path: string): Promise<void> {
  const found = Number((await readRows(connection, `SELECT max(version) FROM ${SCHEMA}.format`))[0]?.[0])
  if (found > REPORT_FORMAT)
    throw new MillraceError('REPORT_NEWER_FORMAT', { path, found, known: REPORT_FORMAT })
}
