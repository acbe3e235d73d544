/** What a report says of itself, read by SQL that its databases share: metrics, coverage, runs, rejected lines. */
import type { PublishedRange } from '../core/metric-ranges.ts'
import type { MetricPlan } from '../core/plan.ts'
import type { RunRecord, TimeRange } from '../core/run-record.ts'
import { addRange } from '../core/time-coverage.ts'
import type { HeldMetric, MetricState, RejectedLine } from '../ports/report.ts'
import type { StateSource } from './state-source.ts'
import { readStreamed } from './stream-state.ts'
import { versionKey } from './version-key.ts'

export async function readMetricState(
  source: StateSource,
  metric: string,
  version?: string,
): Promise<MetricState | undefined> {
  const bounds = ['first_window', 'last_window'].map(source.epochMs).join(', ')
  const sql = `SELECT version, revision, ${bounds}, window_ms, plan FROM ${source.schema}.metrics
    WHERE tenant = '' AND metric = $1 ORDER BY revision DESC, version`
  const rows = await source.read(sql, [metric])
  const row = rows.find(([one]) => one === version) ?? rows[0]
  if (!row) return undefined
  const held = String(row[0])
  const streamed = await readStreamed(source, metric, held, Number(row[4]))
  const coverage = await readCoverage(source, metric, held)
  return {
    metric,
    version: held,
    plan: JSON.parse(String(row[5])) as MetricPlan,
    versions: rows.map(([one]) => String(one)),
    revision: Number(row[1]),
    coverage: streamed ? addRange(coverage, streamed.range) : coverage,
    published: await readPublished(source, metric, held),
    firstWindowMs: toNumber(row[2]),
    lastWindowMs: toNumber(row[3]),
    ...(streamed && { finalBeforeMs: streamed.finalBeforeMs }),
  }
}

export async function readHeldMetrics({ read, schema }: StateSource): Promise<HeldMetric[]> {
  const rows = await read(
    `SELECT metric, version, source, first_window IS NOT NULL FROM ${schema}.metrics WHERE tenant = '' ORDER BY metric, version`,
    [],
  )
  return rows.map(([metric, version, source, hasTotals]) => ({
    ...{ metric: String(metric), version: String(version), source: String(source) },
    hasTotals: hasTotals === true,
  }))
}

export async function readCoverage(
  source: StateSource,
  metric: string,
  version: string,
): Promise<TimeRange[]> {
  const ends = ['from_time', 'to_time'].map(source.epochMs).join(', ')
  const sql = `SELECT ${ends} FROM ${source.schema}.coverage
    WHERE tenant = '' AND metric = $1 AND version = $2 ORDER BY from_time NULLS FIRST`
  return (await source.read(sql, [metric, version])).map(([from, to]) => toRange(from, to))
}

/** Newest first. */
export async function readPublished(
  source: StateSource,
  metric: string,
  version: string,
): Promise<PublishedRange[]> {
  const held = await readPublishedOf(source, [{ metric, version }])
  return held.get(versionKey(metric, version)) ?? []
}

/** By `versionKey`, newest first; in one statement. */
export async function readPublishedOf(
  source: StateSource,
  versions: readonly { readonly metric: string; readonly version: string }[],
): Promise<Map<string, PublishedRange[]>> {
  const held = new Map<string, PublishedRange[]>()
  if (versions.length === 0) return held
  const ends = ['from_time', 'to_time'].map(source.epochMs).join(', ')
  const wanted = versions.map((_, place) => `(metric = $${place * 2 + 1} AND version = $${place * 2 + 2})`)
  const sql = `SELECT metric, version, ${ends}, cut, revision FROM ${source.schema}.cuts
    WHERE tenant = '' AND (${wanted.join(' OR ')}) ORDER BY revision DESC`
  const rows = await source.read(
    sql,
    versions.flatMap(({ metric, version }) => [metric, version]),
  )
  for (const [metric, version, from, to, cut, revision] of rows) {
    const key = versionKey(String(metric), String(version))
    const ranges = held.get(key) ?? []
    ranges.push({ range: toRange(from, to), cut: Number(cut), revision: Number(revision) })
    held.set(key, ranges)
  }
  return held
}

function toRange(from: unknown, to: unknown): TimeRange {
  return { ...(from !== null && { fromMs: Number(from) }), ...(to !== null && { toMs: Number(to) }) }
}

/** Newest first. */
export async function readRuns({ read, schema }: StateSource, limit: number): Promise<RunRecord[]> {
  const sql = `SELECT record FROM ${schema}.runs WHERE tenant = '' ORDER BY revision DESC LIMIT $1`
  return (await read(sql, [limit])).map(([record]) => JSON.parse(String(record)))
}

/** In order of offset. */
export async function readRejects(
  { read, schema }: StateSource,
  source: string,
  limit: number,
): Promise<{ total: number; lines: RejectedLine[] }> {
  const from = `FROM ${schema}.rejects WHERE tenant = '' AND source = $1`
  const [[total] = []] = await read(`SELECT count(*) ${from}`, [source])
  const columns = 'block, "offset", metric, reason, field'
  const sql = `SELECT ${columns} ${from} ORDER BY "offset", metric NULLS FIRST LIMIT $2`
  const lines = (await read(sql, [source, limit])).map(([block, offset, metric, reason, field]) => ({
    block: String(block),
    offset: Number(offset),
    metric: toText(metric),
    reason: String(reason),
    field: toText(field),
  }))
  return { total: Number(total), lines }
}

function toNumber(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value)
}

function toText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}
