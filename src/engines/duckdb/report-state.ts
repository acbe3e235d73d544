/** What a report says of itself: metrics, coverage, runs, rejected lines. */
import type { DuckDBConnection } from '@duckdb/node-api'
import type { RunRecord, TimeRange } from '../../core/run-record.ts'
import type { MetricState, RejectedLine } from '../../ports/report.ts'
import { readRows } from './read-rows.ts'
import { SCHEMA } from './report-tables.ts'

type Value = Awaited<ReturnType<typeof readRows>>[number][number]

export async function readMetricState(
  connection: DuckDBConnection,
  metric: string,
  version?: string,
): Promise<MetricState | undefined> {
  const columns = 'version, revision, epoch_ms(first_window), epoch_ms(last_window)'
  const sql = `SELECT ${columns} FROM ${SCHEMA}.metrics WHERE tenant = '' AND metric = $1
    ORDER BY version = $2 DESC NULLS LAST, revision DESC LIMIT 1`
  const [row] = await readRows(connection, sql, [metric, version ?? ''])
  if (!row) return undefined
  const held = String(row[0])
  return {
    metric,
    version: held,
    revision: Number(row[1]),
    coverage: await readCoverage(connection, metric, held),
    firstWindowMs: toNumber(row[2]),
    lastWindowMs: toNumber(row[3]),
  }
}

export async function readCoverage(
  connection: DuckDBConnection,
  metric: string,
  version: string,
): Promise<TimeRange[]> {
  const sql = `SELECT epoch_ms(from_time), epoch_ms(to_time) FROM ${SCHEMA}.coverage
    WHERE tenant = '' AND metric = $1 AND version = $2 ORDER BY from_time NULLS FIRST`
  const rows = await readRows(connection, sql, [metric, version])
  return rows.map(([from, to]) => ({
    ...(from !== null && { fromMs: Number(from) }),
    ...(to !== null && { toMs: Number(to) }),
  }))
}

/** Newest first. */
export async function readRuns(connection: DuckDBConnection, limit: number): Promise<RunRecord[]> {
  const sql = `SELECT record FROM ${SCHEMA}.runs WHERE tenant = '' ORDER BY revision DESC LIMIT $1`
  return (await readRows(connection, sql, [limit])).map(([record]) => JSON.parse(String(record)))
}

/** In order of offset. */
export async function readRejects(
  connection: DuckDBConnection,
  source: string,
  limit: number,
): Promise<{ total: number; lines: RejectedLine[] }> {
  const from = `FROM ${SCHEMA}.rejects WHERE tenant = '' AND source = $1`
  const [[total] = []] = await readRows(connection, `SELECT count(*) ${from}`, [source])
  const columns = 'block, "offset", metric, reason, field'
  const sql = `SELECT ${columns} ${from} ORDER BY "offset", metric NULLS FIRST LIMIT $2`
  const rows = await readRows(connection, sql, [source, limit])
  const lines = rows.map(([block, offset, metric, reason, field]) => ({
    block: String(block),
    offset: Number(offset),
    metric: toText(metric),
    reason: String(reason),
    field: toText(field),
  }))
  return { total: Number(total), lines }
}

function toNumber(value: Value | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function toText(value: Value | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}
