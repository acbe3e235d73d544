/** Totals for report suites: small plans, groups made by hand, staged to Parquet by DuckDB as a batch engine does. */
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { Expr } from '../../src/core/expr.ts'
import type { MetricPlan, TallyColumn } from '../../src/core/plan.ts'
import type { Ledger, RunRecord, TimeRange } from '../../src/core/run-record.ts'
import type { StagedSource } from '../../src/ports/batch-engine.ts'
import type { Publication } from '../../src/ports/report.ts'

const text: Expr = { node: 'field', name: 's', type: { kind: 'string' } }
const integer: Expr = {
  node: 'field',
  name: 'i',
  type: { kind: 'integer', magnitude: (2n ** 63n).toString() },
}
const decimal: Expr = {
  node: 'field',
  name: 'x',
  type: { kind: 'decimal', scale: 3, magnitude: (10n ** 18n - 1n).toString() },
}
const boolean: Expr = { node: 'field', name: 'b', type: { kind: 'boolean' } }
const float: Expr = { node: 'field', name: 'f', type: { kind: 'float' } }

export const REGISTERS = 16

const baseColumns: readonly TallyColumn[] = [
  { column: 'records', fn: 'count' },
  { column: 'count_1', fn: 'count', expr: decimal },
  { column: 'max_2', fn: 'max', expr: decimal },
  { column: 'min_3', fn: 'min', expr: decimal },
  { column: 'sum_4', fn: 'sum', expr: decimal },
  { column: 'sum_5', fn: 'sum', expr: float },
]

function measure(
  name: string,
  aggregate: string,
  tally: string,
  columns: string[],
  scale = 3,
  isFloat = false,
) {
  const call = { aggregate, ...(aggregate === 'distinct' && { registers: REGISTERS }) }
  return {
    measure: { name, call, unit: 'ms' },
    tally,
    columns,
    scale,
    float: isFloat,
  } as MetricPlan['measures'][number]
}

/** Every aggregate, every type of dimension. */
export function makePlan(metric = 'http.requests', version = 'a'.repeat(16)): MetricPlan {
  return {
    metric,
    meaning: `the meaning of ${version}`,
    version,
    source: 'web',
    windowMs: 60_000,
    usedFields: [],
    dimensions: [
      { name: 'service', expr: text, type: { kind: 'string' } },
      { name: 'code', expr: integer, type: { kind: 'integer' } },
      { name: 'load', expr: decimal, type: { kind: 'decimal', scale: 3 } },
      { name: 'cached', expr: boolean, type: { kind: 'boolean' } },
    ],
    tallies: [
      { id: 'base', columns: baseColumns },
      { id: 'keyed1', key: integer, columns: [{ column: 'records', fn: 'count' }] },
      { id: 'keyed2', key: integer, columns: [{ column: 'max_0', fn: 'max', expr: integer }] },
    ],
    measures: [
      measure('requests', 'count', 'base', ['records'], 0),
      measure('total', 'sum', 'base', ['sum_4']),
      measure('least', 'min', 'base', ['min_3']),
      measure('most', 'max', 'base', ['max_2']),
      measure('average', 'mean', 'base', ['sum_4', 'count_1']),
      measure('heat', 'sum', 'base', ['sum_5'], 0, true),
      measure('duration', 'quantiles', 'keyed1', ['records']),
      measure('users', 'distinct', 'keyed2', ['max_0'], 0),
    ],
    ratios: [
      {
        name: 'per_request',
        expr: {
          node: 'binary',
          operator: '/',
          left: { node: 'measure', name: 'total' },
          right: { node: 'measure', name: 'requests' },
        },
      },
    ],
  }
}

export type Dimensions = readonly [string | null, bigint | null, bigint | null, boolean | null]

/** The partials of one window and series. `buckets` and `registers` are [key, value] pairs. */
export interface Group {
  readonly windowMs: number
  readonly dimensions: Dimensions
  readonly records: number
  readonly valued: number
  readonly most: bigint | null
  readonly least: bigint | null
  readonly sum: bigint | null
  readonly heat: number | null
  readonly buckets: readonly (readonly [number, number])[]
  readonly registers: readonly (readonly [number, number])[]
}

function seriesKey(dimensions: Dimensions): string {
  const parts = dimensions.map((value) => {
    const shown = String(value)
    return value === null ? 'n' : `${Buffer.byteLength(shown)}:${shown}`
  })
  return createHash('md5').update(parts.join('')).digest('hex')
}

const quote = (value: string) => `'${value.replaceAll("'", "''")}'`

function groupSql({ windowMs, dimensions }: Group): string {
  const [service, code, load, cached] = dimensions
  return [
    `${windowMs}::BIGINT`,
    quote(seriesKey(dimensions)),
    `${service === null ? 'NULL' : quote(service)}::VARCHAR`,
    `${code}::DECIMAL(38,0)`,
    `${load}::DECIMAL(38,0)`,
    `${cached}::BOOLEAN`,
  ].join(', ')
}

const GROUP_COLUMNS = ['window_ms', 'series_key', 'd0', 'd1', 'd2', 'd3']
const EXACT = 'DECIMAL(38,0)'

function tallyRows(groups: readonly Group[]): Record<string, { columns: string[]; rows: string[] }> {
  const base = groups.map(
    (group) =>
      `${groupSql(group)}, ${group.records}::BIGINT, ${group.valued}::BIGINT, ${group.most}::${EXACT}, ${group.least}::${EXACT}, ${group.sum}::${EXACT}, ${group.heat}::DOUBLE`,
  )
  const keyed = (pairs: 'buckets' | 'registers', type: string) =>
    groups.flatMap((group) =>
      group[pairs].map(([key, value]) => `${groupSql(group)}, ${key}::BIGINT, ${value}::${type}`),
    )
  return {
    base: { columns: baseColumns.map(({ column }) => column), rows: base },
    keyed1: { columns: ['"key"', 'records'], rows: keyed('buckets', 'BIGINT') },
    keyed2: { columns: ['"key"', 'max_0'], rows: keyed('registers', EXACT) },
  }
}

const NO_GROUP: Group = {
  windowMs: 0,
  dimensions: ['', 0n, 0n, true],
  records: 0,
  valued: 0,
  most: 0n,
  least: 0n,
  sum: 0n,
  heat: 0,
  buckets: [[0, 0]],
  registers: [[0, 0]],
}

export interface StagedReject {
  readonly offset: number
  readonly metric: string | null
  readonly reason: string
  readonly field: string | null
}

/** What a run found besides the groups. */
export interface Extra {
  readonly range?: TimeRange
  readonly rejects?: readonly StagedReject[]
  readonly filtered?: number
  /** Added to the appended lines, so that the ledger does not balance. */
  readonly missing?: number
  readonly name?: string
  readonly source?: string
}

/** A publication of one metric; files go to a folder below `dir`. */
export async function stage(
  dir: string,
  plan: MetricPlan,
  groups: readonly Group[],
  extra: Extra = {},
): Promise<Publication> {
  const folder = join(dir, 'staging', extra.name ?? plan.metric.replaceAll(/\W/g, '_'))
  mkdirSync(folder, { recursive: true })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const write = async (name: string, columns: readonly string[], rows: readonly string[], sample: string) => {
    const values = `(VALUES ${[sample, ...rows].map((row) => `(${row})`).join(', ')}) t(${columns.join(', ')})`
    const path = join(folder, `${name}.parquet`)
    await connection.run(`COPY (SELECT * FROM ${values} OFFSET 1) TO ${quote(path)} (FORMAT parquet)`)
    return path
  }
  const samples = tallyRows([NO_GROUP])
  const tallies: { id: string; path: string }[] = []
  for (const [id, { columns, rows }] of Object.entries(tallyRows(groups))) {
    const path = await write(id, [...GROUP_COLUMNS, ...columns], rows, samples[id]!.rows[0]!)
    tallies.push({ id, path })
  }
  const rejects = (extra.rejects ?? []).map(
    ({ offset, metric, reason, field }) =>
      `'block', ${offset}::BIGINT, ${metric === null ? 'NULL' : quote(metric)}, ${quote(reason)}, ${field === null ? 'NULL' : quote(field)}`,
  )
  const rejectColumns = ['block', '"offset"', 'metric', 'reason', 'field']
  const rejectsPath = await write('rejects', rejectColumns, rejects, `'', 0::BIGINT, '', '', ''`)
  connection.closeSync()
  instance.closeSync()
  return publication(plan, groups, extra, tallies, rejectsPath)
}

function publication(
  plan: MetricPlan,
  groups: readonly Group[],
  { range = {}, rejects = [], filtered = 0, missing = 0, source = 'web' }: Extra,
  tallies: { id: string; path: string }[],
  rejectsPath: string,
): Publication {
  const counted = groups.reduce((total, { records }) => total + records, 0)
  const whole = rejects.filter(({ metric }) => metric === null).length
  const rejected = rejects.filter(({ metric }) => metric === null || metric === plan.metric).length
  const appended = counted + filtered + rejected
  const staged: StagedSource = {
    source,
    linesRead: appended,
    parsed: appended - whole,
    headers: 0,
    rejected: whole,
    rejectsPath,
    metrics: [{ metric: plan.metric, counted, filtered, rejected, tallies }],
  }
  return {
    range,
    sources: [{ plans: [plan], staged, appended: appended + missing }],
    record: (revision, rows) => makeRecord(revision, plan, range, rows.get(plan.metric) ?? -1),
  }
}

function makeRecord(revision: number, plan: MetricPlan, range: TimeRange, rows: number): RunRecord {
  const ledger: Ledger[] = []
  const metrics = [{ metric: plan.metric, version: plan.version, rows }]
  const times = { startedMs: 1000, finishedMs: 2000, publishMs: 10 }
  return { revision, ...times, range, engine: 'test', fingerprint: 'f', sources: [], metrics, ledger }
}
