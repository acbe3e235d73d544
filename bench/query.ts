/** Times totals queries on a report made by SQL: `npx unrun bench/query.ts [folder]`. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import type { MetricPlan } from '../src/core/plan.ts'
import type { RunRecord } from '../src/core/run-record.ts'
import { openDuckdbReport } from '../src/engines/duckdb/report.ts'
import type { Report, TotalsQuery } from '../src/ports/report.ts'

const START_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const SERIES = 100
const RUNS = 7

const number = { node: 'field', name: 'x', type: { kind: 'integer', magnitude: '999999999' } } as const
const text = { node: 'field', name: 's', type: { kind: 'string' } } as const

/** 100 series by two dimensions; counts, sums and extremes, or a quantile sketch. */
function makePlan(
  metric: string,
  measures: MetricPlan['measures'],
  tallies: MetricPlan['tallies'],
): MetricPlan {
  return {
    metric,
    meaning: 'of a benchmark',
    version: '0123456789abcdef',
    source: 'web',
    windowMs: 60_000,
    usedFields: [],
    dimensions: [
      { name: 'service', expr: text, type: { kind: 'string' } },
      { name: 'class', expr: number, type: { kind: 'integer' } },
    ],
    tallies,
    measures,
    ratios: [],
  }
}

const base = {
  id: 'base',
  columns: [
    { column: 'records', fn: 'count' },
    { column: 'count_1', fn: 'count', expr: text },
    { column: 'sum_2', fn: 'sum', expr: number },
    { column: 'sum_3', fn: 'sum', expr: number },
    { column: 'max_4', fn: 'max', expr: number },
  ],
} as const
const exact = (name: string, aggregate: 'count' | 'sum' | 'max', column: string) => ({
  measure: { name, call: { aggregate } },
  tally: 'base',
  columns: [column],
  scale: 0,
  float: false,
})
const totalsPlan = makePlan(
  'totals',
  [
    exact('requests', 'count', 'records'),
    exact('errors', 'count', 'count_1'),
    exact('sent', 'sum', 'sum_2'),
    exact('took', 'sum', 'sum_3'),
    exact('longest', 'max', 'max_4'),
  ],
  [base],
)
const sketchPlan = makePlan(
  'sketch',
  [
    {
      measure: { name: 'duration', call: { aggregate: 'quantiles' } },
      tally: 'keyed1',
      columns: ['records'],
      scale: 3,
      float: false,
    },
  ],
  [
    { id: 'base', columns: [{ column: 'records', fn: 'count' }] },
    { id: 'keyed1', key: number, columns: [{ column: 'records', fn: 'count' }] },
  ],
)

const GROUP = `${START_MS} + m * 60000 AS window_ms, md5('s' || s) AS series_key, 'service' || (s % 10) AS d0, CAST(s // 10 AS DECIMAL(38,0)) AS d1`
const TOTALS = `SELECT ${GROUP}, CAST(hash(m * 100 + s) % 12000 AS BIGINT) AS records,
  CAST(hash(m * 100 + s) % 100 AS BIGINT) AS count_1,
  CAST(hash(m * 100 + s + 7) % 100000000 AS DECIMAL(38,0)) AS sum_2,
  CAST(hash(m * 100 + s + 9) % 100000000 AS DECIMAL(38,0)) AS sum_3,
  CAST(hash(m * 100 + s + 5) % 1000000 AS DECIMAL(38,0)) AS max_4
  FROM range(43200) a(m), range(${SERIES}) b(s)`
const SKETCH_BASE = `SELECT ${GROUP}, CAST(50 AS BIGINT) AS records FROM range(1440) a(m), range(${SERIES}) b(s)`
const SKETCH = `SELECT ${GROUP}, 1000 + k * 2 + CAST(hash(m * 100 + s) % 2 AS BIGINT) AS "key",
  CAST(1 AS BIGINT) AS records FROM range(1440) a(m), range(${SERIES}) b(s), range(50) c(k)`

async function stage(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  for (const [name, sql] of Object.entries({ totals: TOTALS, sketch_base: SKETCH_BASE, sketch: SKETCH })) {
    await connection.run(`COPY (${sql}) TO '${join(folder, name)}.parquet' (FORMAT parquet)`)
  }
  const rejects = `SELECT '' AS block, 0::BIGINT AS "offset", '' AS metric, '' AS reason, '' AS field LIMIT 0`
  await connection.run(`COPY (${rejects}) TO '${join(folder, 'rejects')}.parquet' (FORMAT parquet)`)
  const counted = await connection.runAndReadAll(
    `SELECT sum(records) FROM '${join(folder, 'totals')}.parquet'`,
  )
  await publish(folder, Number(counted.getRows()[0]![0]))
  connection.closeSync()
  instance.closeSync()
}

async function publish(folder: string, records: number): Promise<void> {
  const file = (name: string) => join(folder, `${name}.parquet`)
  const report = await openDuckdbReport(folder, 'write')
  const sketchRecords = 50 * 1440 * SERIES
  const metric = (name: string, counted: number, tallies: { id: string; path: string }[]) => ({
    metric: name,
    counted,
    filtered: records - counted,
    rejected: 0,
    tallies,
  })
  await report.publish({
    range: {},
    sources: [
      {
        plans: [totalsPlan, sketchPlan],
        appended: records,
        staged: {
          source: 'web',
          linesRead: records,
          parsed: records,
          headers: 0,
          rejected: 0,
          rejectsPath: file('rejects'),
          metrics: [
            metric('totals', records, [{ id: 'base', path: file('totals') }]),
            metric('sketch', sketchRecords, [
              { id: 'base', path: file('sketch_base') },
              { id: 'keyed1', path: file('sketch') },
            ]),
          ],
        },
      },
    ],
    record: (revision) =>
      ({ revision, engine: 'bench', startedMs: 0, finishedMs: 0, range: {} }) as RunRecord,
  })
  await report.close()
}

async function time(name: string, report: Report, query: TotalsQuery): Promise<void> {
  const samples: { wall: number; cpu: number; rows: number }[] = []
  for (let run = 0; run < RUNS; run++) {
    const [start, used] = [performance.now(), process.cpuUsage()]
    const rows = await report.query(query)
    const { user, system } = process.cpuUsage(used)
    samples.push({ wall: performance.now() - start, cpu: (user + system) / 1000, rows: rows.windowMs.length })
  }
  const pick = (of: 'wall' | 'cpu', place: number) =>
    samples.map((sample) => sample[of]).sort((a, b) => a - b)[place]!
  const shown = (of: 'wall' | 'cpu') =>
    `${pick(of, RUNS >> 1)
      .toFixed(0)
      .padStart(5)} ms (best ${pick(of, 0).toFixed(0)})`
  console.log(`${name.padEnd(48)} wall ${shown('wall')}  CPU ${shown('cpu')}  ${samples[0]!.rows} rows`)
}

const kept = process.argv[2]
const folder = kept ?? mkdtempSync(join(tmpdir(), 'millrace-query-'))
mkdirSync(folder, { recursive: true })
if (!existsSync(join(folder, 'report.duckdb'))) await stage(folder)
console.log(
  `report: ${(statSync(join(folder, 'report.duckdb')).size / 1e6).toFixed(0)} MB; medians of ${RUNS} runs`,
)
const hourly = { kind: 'fixed', stepMs: HOUR_MS } as const
const days = Array.from({ length: 31 }, (_, day) => START_MS - 5.5 * HOUR_MS + day * 24 * HOUR_MS)
const all = { range: {}, by: ['service', 'class'], quantiles: [] }
const sums = { ...all, plan: totalsPlan, measures: totalsPlan.measures.map(({ measure }) => measure.name) }
const ranks = [50, 95, 99].map((numerator) => ({ numerator, denominator: 100 }))
const quantiles = { ...all, plan: sketchPlan, measures: ['duration'], quantiles: ranks }
const report = await openDuckdbReport(folder, 'read')
await time('sums, 30 d of minutes × 100 series, by 1 h', report, { ...sums, step: hourly })
await time('the same, by one dimension', report, { ...sums, by: ['service'], step: hourly })
await time('the same, by day in a time zone', report, {
  ...sums,
  step: { kind: 'boundaries', boundaries: days },
})
await time('quantiles, 1 d of minutes × 100 series, by 1 h', report, { ...quantiles, step: hourly })
await time('the same, by one dimension', report, { ...quantiles, by: ['service'], step: hourly })
await report.close()
if (kept === undefined) rmSync(folder, { recursive: true })
