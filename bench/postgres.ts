/**
 * Times a run's swap into PostgreSQL against a plain COPY of the same rows: `npx unrun bench/postgres.ts [rows]`,
 * in turns.
 * Starts a server of its own, or uses MILLRACE_POSTGRES_URL, where it makes and drops the schema `bench`.
 */
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { MetricPlan } from '../src/core/plan.ts'
import type { RunRecord, TimeRange } from '../src/core/run-record.ts'
import { stagedTextReader } from '../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../src/engines/postgres/report.ts'
import type { Publication } from '../src/ports/report.ts'
import { OwnPostgres } from '../test/cluster/own-postgres.ts'

const ROWS = Number(process.argv[2] ?? 1_000_000)
const SERIES = 100
const WINDOWS = Math.ceil(ROWS / SERIES)
const MINUTE = 60_000
const START = Date.UTC(2026, 0, 1)
const RUNS = 5

const number = { node: 'field', name: 'x', type: { kind: 'integer', magnitude: '999999999' } } as const
const text = { node: 'field', name: 's', type: { kind: 'string' } } as const
const columns = [
  { column: 'records', fn: 'count' },
  { column: 'count_1', fn: 'count', expr: text },
  { column: 'sum_2', fn: 'sum', expr: number },
  { column: 'sum_3', fn: 'sum', expr: number },
  { column: 'max_4', fn: 'max', expr: number },
] as const
const plan: MetricPlan = {
  metric: 'http.requests',
  meaning: 'of a benchmark',
  version: '0123456789abcdef',
  source: 'web',
  windowMs: MINUTE,
  usedFields: [],
  dimensions: [
    { name: 'service', expr: text, type: { kind: 'string' } },
    { name: 'class', expr: number, type: { kind: 'integer' } },
  ],
  tallies: [{ id: 'base', columns }],
  measures: [
    {
      measure: { name: 'requests', call: { aggregate: 'count' } },
      tally: 'base',
      columns: ['records'],
      scale: 0,
      float: false,
    },
  ] as MetricPlan['measures'],
  ratios: [],
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-postgres-'))
const own = process.env.MILLRACE_POSTGRES_URL ? undefined : await OwnPostgres.start()
const url = process.env.MILLRACE_POSTGRES_URL ?? own!.url
try {
  const staged = await stageRows()
  const lines = await writeLines(staged)
  const ranged = { fromMs: START, toMs: START + WINDOWS * MINUTE }
  const ways = [
    ['plain COPY of the same rows', () => plainCopy(lines)],
    ['plain DELETE and COPY, in place of the same rows', () => plainCopy(lines, true)],
    ['swap into an empty report', () => swap(staged, {}, true)],
    ['swap in place of all the same rows', () => swap(staged, {})],
    ['the same as a range', () => swap(staged, ranged)],
  ] as const
  // In turns, since whatever else the machine does changes from minute to minute.
  const times = ways.map((): number[] => [])
  for (let run = 0; run < RUNS; run++)
    for (const [place, [, measure]] of ways.entries()) times[place]!.push(await measure())
  const [copy = 0, replace = 0] = times.map(median)
  console.log(`${WINDOWS * SERIES} totals, ${(statSync(lines).size / 1e6).toFixed(0)} MB of text

| | median of ${RUNS} | range | against COPY | against DELETE and COPY |
|---|---|---|---|---|`)
  for (const [place, [name]] of ways.entries()) {
    const sorted = [...times[place]!].sort((a, b) => a - b)
    const range = `${seconds(sorted[0]!)} to ${seconds(sorted.at(-1)!)}`
    console.log(
      `| ${name} | ${seconds(median(sorted))} | ${range} | ${[copy, replace].map((one) => `${(median(sorted) / one).toFixed(2)} ×`).join(' | ')} |`,
    )
  }
} finally {
  await own?.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function stageRows(): Promise<string> {
  const path = join(folder, 'base.parquet')
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  await connection.run(`COPY (SELECT ${START} + w * ${MINUTE} AS window_ms, md5(CAST(s AS VARCHAR)) AS series_key,
    'service-' || s % 20 AS d0, CAST(s // 20 AS DECIMAL(38,0)) AS d1, 1 + hash(w, s) % 500 AS records,
    1 + hash(w, s) % 500 AS count_1, CAST(hash(s, w) % 1000000 AS DECIMAL(38,0)) AS sum_2,
    CAST(hash(s, w) % 900000000 AS DECIMAL(38,0)) AS sum_3, CAST(hash(w + s) % 60000 AS DECIMAL(38,0)) AS max_4
    FROM range(${WINDOWS}) a(w), range(${SERIES}) b(s)) TO '${path}' (FORMAT parquet)`)
  await connection.run(`COPY (SELECT '' AS block, 0::BIGINT AS "offset", '' AS metric, '' AS reason, '' AS field
    WHERE false) TO '${join(folder, 'rejects.parquet')}' (FORMAT parquet)`)
  return path
}

async function writeLines(path: string): Promise<string> {
  const job = { metric: plan.metric, counted: 0, filtered: 0, rejected: 0, tallies: [{ id: 'base', path }] }
  const metric = await stagedTextReader.openMetric(plan, job, [])
  const pieces: Uint8Array[] = []
  for await (const piece of metric.tally(plan.tallies[0]!, 1)) pieces.push(piece)
  await metric.close()
  const file = join(folder, 'lines.txt')
  writeFileSync(file, Buffer.concat(pieces))
  return file
}

/** What psql's \copy does, into a table of the same columns, or in place of all its rows. */
async function plainCopy(file: string, isFilled = false): Promise<number> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(`CREATE TABLE public.plain (window_start timestamptz, revision bigint, series_id integer,
    records bigint, count_1 bigint, sum_2 numeric, sum_3 numeric, max_4 numeric, tenant text DEFAULT '')`)
  const list = 'window_start, revision, series_id, records, count_1, sum_2, sum_3, max_4'
  const copy = () =>
    pipeline(createReadStream(file), client.query(copyFrom(`COPY public.plain (${list}) FROM STDIN`)))
  if (isFilled) await copy()
  const begun = performance.now()
  await client.query('BEGIN')
  if (isFilled) await client.query('DELETE FROM public.plain')
  await copy()
  await client.query('COMMIT')
  const ms = performance.now() - begun
  await client.query('DROP TABLE public.plain')
  await client.end()
  return ms
}

async function swap(path: string, range: TimeRange, isFirst = false): Promise<number> {
  if (isFirst) await dropSchemas()
  const records = await countRecords(path)
  const publication: Publication = {
    range,
    sources: [
      {
        plans: [plan],
        appended: records,
        staged: {
          source: 'web',
          linesRead: records,
          parsed: records,
          headers: 0,
          rejected: 0,
          rejectsPath: join(folder, 'rejects.parquet'),
          metrics: [
            {
              metric: plan.metric,
              counted: records,
              filtered: 0,
              rejected: 0,
              tallies: [{ id: 'base', path }],
            },
          ],
        },
      },
    ],
    record: (revision) => ({ revision, startedMs: 0, finishedMs: 0, engine: 'bench', range }) as RunRecord,
  }
  const report = await openPostgresReport({ url, schema: 'bench' }, 'write', { text: stagedTextReader })
  const begun = performance.now()
  await report.publish(publication)
  const ms = performance.now() - begun
  await report.close()
  return ms
}

async function dropSchemas(): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query('DROP SCHEMA IF EXISTS bench CASCADE; DROP SCHEMA IF EXISTS bench_views CASCADE')
  await client.end()
}

async function countRecords(path: string): Promise<number> {
  const job = { metric: plan.metric, counted: 0, filtered: 0, rejected: 0, tallies: [{ id: 'base', path }] }
  const metric = await stagedTextReader.openMetric(plan, job, [])
  const { records } = await metric.count()
  await metric.close()
  return records
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1]!
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
