/** The report's own tables and functions: made once in a new file, checked whenever one is opened. */
import type { DuckDBConnection } from '@duckdb/node-api'
import { convertLateWindows } from '../../compile/convert-late-windows.ts'
import { sketchFunctions } from '../../compile/print-sketch.ts'
import { MillraceError } from '../../core/error.ts'
import { readRows } from './read-rows.ts'
import { HUGE, SCHEMA } from './report-tables.ts'

/** Raised when older code could no longer read the file rightly. */
const REPORT_FORMAT = 7

const FUNCTIONS = sketchFunctions((name) => `${SCHEMA}.${name}`, HUGE)

const LATENESS_TABLE = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.lateness (tenant VARCHAR, source VARCHAR,
  metric VARCHAR, version VARCHAR, from_offset BIGINT, lateness_ms BIGINT, final_before_ms BIGINT)`

const LATE_RANGES = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.late_ranges (tenant VARCHAR, source VARCHAR, metric VARCHAR, version VARCHAR,
    from_time TIMESTAMP, to_time TIMESTAMP, lines BIGINT, end_offset BIGINT)`

/** Rows that each table had when the file was closed; none of a table that nobody has counted since. */
const STORED_TABLES = `CREATE TABLE IF NOT EXISTS ${SCHEMA}.stored_tables (tenant VARCHAR, metric VARCHAR, version VARCHAR,
    table_name VARCHAR, row_count BIGINT)`

const STREAM_TABLES = [
  `CREATE TABLE ${SCHEMA}.streams (tenant VARCHAR, source VARCHAR, incarnation VARCHAR, end_offset BIGINT,
    clock_ms BIGINT, archive VARCHAR)`,
  `CREATE TABLE ${SCHEMA}.stream_metrics (tenant VARCHAR, source VARCHAR, metric VARCHAR, version VARCHAR,
    start_offset BIGINT, start_clock_ms BIGINT, end_offset BIGINT, clock_ms BIGINT, lateness_ms BIGINT,
    final_before_ms BIGINT, appended BIGINT, counted BIGINT, filtered BIGINT, late BIGINT, rejected BIGINT, lost BIGINT)`,
  LATENESS_TABLE,
  LATE_RANGES,
  `CREATE TABLE ${SCHEMA}.cuts (tenant VARCHAR, metric VARCHAR, version VARCHAR, from_time TIMESTAMP,
    to_time TIMESTAMP, cut BIGINT, revision BIGINT)`,
]

/** By the format that it begins with. The cuts of what was published under format 1 are not known: they count as nothing. */
const UPGRADES: Readonly<Record<number, readonly string[]>> = {
  1: [
    `ALTER TABLE ${SCHEMA}.ledger ADD COLUMN late BIGINT`,
    ...STREAM_TABLES,
    `INSERT INTO ${SCHEMA}.cuts SELECT tenant, metric, version, from_time, to_time, 0, 0 FROM ${SCHEMA}.coverage`,
  ],
  2: [
    `ALTER TABLE ${SCHEMA}.streams ADD COLUMN IF NOT EXISTS archive VARCHAR`,
    `ALTER TABLE ${SCHEMA}.ledger ADD COLUMN outside BIGINT`,
  ],
  3: [
    LATENESS_TABLE,
    `INSERT INTO ${SCHEMA}.lateness
      SELECT tenant, source, metric, version, start_offset, lateness_ms, NULL FROM ${SCHEMA}.stream_metrics`,
    `ALTER TABLE ${SCHEMA}.stream_metrics ADD COLUMN IF NOT EXISTS final_before_ms BIGINT`,
    `UPDATE ${SCHEMA}.stream_metrics SET final_before_ms = clock_ms - lateness_ms`,
    `UPDATE ${SCHEMA}.stream_metrics AS s
      SET final_before_ms = final_before_ms - ((final_before_ms % m.window_ms) + m.window_ms) % m.window_ms
      FROM ${SCHEMA}.metrics m
      WHERE m.tenant = s.tenant AND m.metric = s.metric AND m.version = s.version`,
  ],
  4: [
    // What came from format 1 has no table of single windows, and that of ranges already.
    `CREATE TABLE IF NOT EXISTS ${SCHEMA}.late_windows (tenant VARCHAR, source VARCHAR, metric VARCHAR,
      version VARCHAR, window_start TIMESTAMP, lines BIGINT, end_offset BIGINT)`,
    LATE_RANGES,
    convertLateWindows(SCHEMA),
    `DROP TABLE ${SCHEMA}.late_windows`,
  ],
  5: [
    `ALTER TABLE ${SCHEMA}.ledger ADD COLUMN IF NOT EXISTS lost BIGINT`,
    `ALTER TABLE ${SCHEMA}.stream_metrics ADD COLUMN IF NOT EXISTS lost BIGINT`,
    `UPDATE ${SCHEMA}.stream_metrics SET lost = 0`,
  ],
  6: [STORED_TABLES],
}

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
    appended BIGINT, counted BIGINT, filtered BIGINT, late BIGINT, rejected BIGINT, outside BIGINT, lost BIGINT)`,
  `CREATE TABLE ${SCHEMA}.rejects (tenant VARCHAR, source VARCHAR, revision BIGINT, block VARCHAR,
    "offset" BIGINT, metric VARCHAR, reason VARCHAR, field VARCHAR)`,
  ...STREAM_TABLES,
  STORED_TABLES,
  ...FUNCTIONS.map(
    ({ name, parameters, body }) =>
      `CREATE MACRO ${SCHEMA}.${name}(${parameters.map((parameter) => parameter.name).join(', ')}) AS ${body}`,
  ),
]

/** All or nothing: a process that dies here leaves a file that counts as empty. */
export async function prepareSchema(connection: DuckDBConnection, path: string): Promise<void> {
  const found = (await hasSchema(connection)) ? await readFormat(connection, path) : 0
  if (found === REPORT_FORMAT) return
  await connection.run('BEGIN')
  for (const statement of found === 0 ? STATEMENTS : upgradesFrom(found)) await connection.run(statement)
  await connection.run('COMMIT')
}

function upgradesFrom(found: number): string[] {
  const formats = Object.keys(UPGRADES).map(Number)
  const statements = formats.filter((format) => format >= found).flatMap((format) => UPGRADES[format]!)
  return [...statements, `UPDATE ${SCHEMA}.format SET version = ${REPORT_FORMAT}`]
}

/** Errors: REPORT_MISSING, REPORT_NEWER_FORMAT, REPORT_OLDER_FORMAT. */
export async function requireSchema(connection: DuckDBConnection, path: string): Promise<void> {
  if (!(await hasSchema(connection))) throw new MillraceError('REPORT_MISSING', { path })
  const found = await readFormat(connection, path)
  if (found < REPORT_FORMAT)
    throw new MillraceError('REPORT_OLDER_FORMAT', { path, found, known: REPORT_FORMAT })
}

async function hasSchema(connection: DuckDBConnection): Promise<boolean> {
  const sql = `SELECT 1 FROM duckdb_tables() WHERE schema_name = '${SCHEMA}' AND table_name = 'format'`
  return (await readRows(connection, sql)).length > 0
}

async function readFormat(connection: DuckDBConnection, path: string): Promise<number> {
  const found = Number((await readRows(connection, `SELECT max(version) FROM ${SCHEMA}.format`))[0]?.[0])
  if (found > REPORT_FORMAT)
    throw new MillraceError('REPORT_NEWER_FORMAT', { path, found, known: REPORT_FORMAT })
  return found
}
