/** The query and export use cases on totals of a real batch. */
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { readFile as readFileAsync } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printCsv } from '../../src/core/print-csv.ts'
import { printJson } from '../../src/core/print-json.ts'
import { openReport, openTableFile } from '../../src/engines/registry.ts'
import { exportMetric } from '../../src/run/export-metric.ts'
import { type QueryRequest, queryMetric } from '../../src/run/query-metric.ts'
import { defineText, Pipeline, sha256 } from '../pipeline.ts'

const HEAD = `
sources:
  web:
    format: json
    time: ts
    fields: { service: string, code: integer, ms: decimal(3), user: string, ok: boolean }
metrics:
`
const METRIC = `
  http.requests:
    source: web
    window: 1m
    dimensions: { service: service, ok: ok, slot: ms * 2 }
    measures:
      requests: count()
      errors: count(code >= 500)
      took: { value: sum(ms), unit: ms }
      codes: sum(code)
      slowest: max(ms)
      average: mean(ms)
      duration: quantiles(ms)
      users: distinct(user)
    ratios: { error_rate: errors / requests, double_rate: error_rate * 2 }
`
const definition = defineText(HEAD + METRIC)
const pipeline = new Pipeline(definition)

const line = (ts: string, fields: object) => JSON.stringify({ ts, ...fields })
const LINES = [
  line('2026-01-01T00:00:01Z', { service: 'b', code: 200, ms: 1.5, user: 'u1', ok: true }),
  line('2026-01-01T00:00:59Z', { service: 'b', code: 500, ms: 1.5, user: 'u2', ok: true }),
  line('2026-01-01T00:00:59.999Z', { service: '', code: '9007199254740993', ms: 0.004, user: 'u1' }),
  line('2026-01-01T00:01:00Z', { service: null, code: null, ms: null, user: null }),
  line('2026-01-01T23:59:00Z', { service: 'B,"x"', code: 404, ms: 2.125, user: 'u3', ok: false }),
]

beforeAll(async () => {
  await pipeline.ingest('web', LINES.join('\n'))
  await pipeline.batch()
})
afterAll(() => pipeline.remove())

const job = { definition, digest: sha256, openReport: () => openReport(pipeline.folders, 'read') }
const ask = (request: Partial<QueryRequest>, of = job) =>
  queryMetric(of, { metric: 'http.requests', range: {}, ...request })
const csv = async (request: Partial<QueryRequest>) => [...printCsv((await ask(request)).table)].join('')
const code = (request: Partial<QueryRequest>, of = job) =>
  ask(request, of).then(
    () => 'no error',
    (error) => error.code,
  )

describe('queryMetric', () => {
  it('shows all dimensions, measures and ratios by default', async () => {
    expect(await csv({})).toBe(
      `window_start,service,ok,slot,requests,errors,took,codes,slowest,average,duration_p50,duration_p95,duration_p99,users,error_rate,double_rate
2026-01-01T00:00:00Z,,,0.008,1,1,0.004,9007199254740993,0.004,0.004,0.004,0.004,0.004,1,1,2
2026-01-01T00:00:00Z,b,true,3,2,1,3,700,1.5,1.5,1.509,1.509,1.509,2,0.5,1
2026-01-01T00:01:00Z,,,,1,0,0,0,,,,,,0,0,0
2026-01-01T23:59:00Z,"B,""x""",false,4.25,1,0,2.125,404,2.125,2.125,2.139,2.139,2.139,1,0,0
`,
    )
  })

  it('merges to steps and dimensions, and keeps measures in the order of the definition', async () => {
    const request = { step: '1d', by: ['ok'], measures: ['error_rate', 'took', 'requests'] }
    expect(await csv(request)).toBe(
      `window_start,ok,requests,took,error_rate
2026-01-01T00:00:00Z,false,1,2.125,0
2026-01-01T00:00:00Z,true,2,3,0.5
2026-01-01T00:00:00Z,,2,0.004,0.5
`,
    )
    expect(await csv({ step: '1d', timezone: 'Europe/Berlin', by: [], measures: ['requests'] })).toBe(
      'window_start,requests\n2025-12-31T23:00:00Z,4\n2026-01-01T23:00:00Z,1\n',
    )
  })

  it('tells null from empty in JSON, with every digit of an integer', async () => {
    const { table } = await ask({ measures: ['codes'], by: ['service'] })
    const text = [...printJson(table)].join('')
    expect(text).toContain('"service": "", "codes": 9007199254740993')
    expect(text).toContain('"service": null, "codes": 0')
  })

  it('names columns of quantiles', async () => {
    const { table } = await ask({ measures: ['duration'], quantiles: ['0.999', '0.5', '1'], by: [] })
    const names = table.columns.map(({ name }) => name)
    expect(names).toEqual(['window_start', 'duration_p99_9', 'duration_p50', 'duration_p100'])
  })

  it('applies a range to window starts and a condition to dimensions', async () => {
    const measures = ['requests']
    const fromMs = Date.parse('2026-01-01T00:01:00Z')
    expect(await csv({ range: { fromMs }, by: [], measures })).toBe(
      'window_start,requests\n2026-01-01T00:01:00Z,1\n2026-01-01T23:59:00Z,1\n',
    )
    expect(await csv({ range: { toMs: fromMs }, by: [], measures })).toBe(
      'window_start,requests\n2026-01-01T00:00:00Z,3\n',
    )
    const where = `slot > 2.5 and (service = 'b' or service like 'B,"%')`
    expect(await csv({ where, by: ['slot'], measures, step: '1d' })).toBe(
      'window_start,slot,requests\n2026-01-01T00:00:00Z,3,2\n2026-01-01T00:00:00Z,4.25,1\n',
    )
    expect(await csv({ range: { fromMs: 1, toMs: 2 }, by: [], measures, step: '1mo' })).toBe(
      'window_start,requests\n',
    )
  })

  it('refuses what it does not know, with the nearest name', async () => {
    expect(await code({ metric: 'http.request' })).toBe('QUERY_UNKNOWN_METRIC')
    await expect(ask({ by: ['servce'] })).rejects.toThrow('Did you mean service?')
    await expect(ask({ measures: ['eror_rate'] })).rejects.toThrow('Did you mean error_rate?')
    expect(await code({ by: ['ok', 'ok'] })).toBe('QUERY_DUPLICATE_NAME')
    expect(await code({ quantiles: ['95'] })).toBe('QUERY_BAD_QUANTILE')
    expect(await code({ range: { fromMs: 5, toMs: 5 } })).toBe('QUERY_BAD_RANGE')
    for (const where of [
      'code = 1',
      'service',
      "service = '",
      'service = 1; DROP TABLE x',
      "service = 'a' --",
    ])
      expect([where, await code({ where })]).toEqual([where, 'QUERY_BAD_WHERE'])
    expect(await code({ step: '90s' })).toBe('STEP_NOT_NESTED')
    expect(await code({ step: '1d', timezone: 'Nowhere' })).toBe('STEP_UNKNOWN_ZONE')
  })

  it('refuses totals of another definition, or none', async () => {
    const changed = defineText(
      HEAD + METRIC.replace('code >= 500', 'code >= 400') + METRIC.replace('http.requests', 'new'),
    )
    expect(await code({}, { ...job, definition: changed })).toBe('METRIC_CHANGED')
    expect(await code({ metric: 'new' }, { ...job, definition: changed })).toBe('METRIC_WITHOUT_TOTALS')
    await expect(ask({}, { ...job, definition: changed })).rejects.toThrow(
      /--definition-version [0-9a-f]{16}/,
    )
    const { version, table: before } = await ask({})
    const old = await ask({ version }, { ...job, definition: changed })
    expect(old.table).toEqual(before)
    expect(old.warnings).toEqual([
      expect.stringContaining(`computed for version ${version} of its definition`),
    ])
    expect(await code({ version: 'f'.repeat(16) })).toBe('QUERY_UNKNOWN_VERSION')
    const renamed = defineText(HEAD + METRIC.replace('took:', 'time_taken:'))
    const { table } = await ask(
      { measures: ['time_taken'], by: [], step: '1d' },
      { ...job, definition: renamed },
    )
    expect(table.columns[1]!.values).toEqual([5129n])
  })

  it('warns where only ranges were computed', async () => {
    const partial = new Pipeline(definition)
    try {
      await partial.ingest('web', LINES.join('\n'))
      const toMs = Date.parse('2026-01-01T00:01:00Z')
      await partial.batch({ toMs })
      const other = { ...job, openReport: () => openReport(partial.folders, 'read') }
      expect((await ask({ range: { toMs } }, other)).warnings).toEqual([])
      const answer = await ask({}, other)
      expect(answer.warnings.join()).toContain('the beginning to 2026-01-01T00:01:00Z')
      expect(answer.table.rows).toBe(2)
    } finally {
      partial.remove()
    }
  })
})

describe('exportMetric', () => {
  const outDir = () => join(pipeline.folder, 'out')
  const run = (format: 'csv' | 'parquet', out: string) =>
    exportMetric({
      ...job,
      metric: 'http.requests',
      format,
      out,
      own: { folders: [pipeline.folders.dataDir] },
      makeScratchDir: async () => join(pipeline.folders.dataDir, 'export'),
      openTableFile,
    })

  it('writes the CSV of a plain query', async () => {
    mkdirSync(outDir(), { recursive: true })
    const out = join(outDir(), 'totals.csv')
    expect(await run('csv', out)).toMatchObject({ metric: 'http.requests', rows: 4, out, warnings: [] })
    expect(readFileSync(out, 'utf8')).toBe(await csv({}))
    expect(readdirSync(outDir())).toEqual(['totals.csv'])
  })

  it('writes into a pipe, and never over the report', async () => {
    const pipe = join(outDir(), 'pipe')
    execFileSync('mkfifo', [pipe])
    const read = readFileAsync(pipe, 'utf8')
    expect(await run('csv', pipe)).toMatchObject({ rows: 4, out: pipe })
    expect(await read).toBe(await csv({}))
    expect(lstatSync(pipe).isFIFO()).toBe(true)
    const report = join(pipeline.folders.dataDir, 'report.duckdb')
    await expect(run('csv', report)).rejects.toMatchObject({ code: 'CLI_OUT_REFUSED' })
    rmSync(pipe)
  })

  it('writes Parquet with typed columns and the same values', async () => {
    const out = join(outDir(), 'totals.parquet')
    expect(await run('parquet', out)).toMatchObject({ rows: 4 })
    const instance = await DuckDBInstance.create(':memory:')
    const connection = await instance.connect()
    const types = await connection.runAndReadAll(
      `SELECT column_name, column_type FROM (DESCRIBE FROM '${out}')`,
    )
    expect(Object.fromEntries(types.getRows() as [string, string][])).toMatchObject({
      window_start: 'TIMESTAMP',
      service: 'VARCHAR',
      ok: 'BOOLEAN',
      slot: 'DECIMAL(38,3)',
      requests: 'BIGINT',
      took: 'DECIMAL(38,3)',
      codes: 'DECIMAL(38,0)',
      average: 'DOUBLE',
      duration_p95: 'DECIMAL(38,3)',
      users: 'BIGINT',
    })
    const rows = await connection.runAndReadAll(
      `SELECT epoch_ms(window_start)::DOUBLE, service, ok, codes::VARCHAR, average FROM '${out}'`,
    )
    const first = Date.parse('2026-01-01T00:00:00Z')
    expect(rows.getRows()).toEqual([
      [first, '', null, '9007199254740993', 0.004],
      [first, 'b', true, '700', 1.5],
      [first + 60_000, null, null, '0', null],
      [first + 86_340_000, 'B,"x"', false, '404', 2.125],
    ])
    connection.closeSync()
    instance.closeSync()
  })

  it('leaves nothing behind where it cannot write', async () => {
    await expect(run('csv', join(outDir(), 'no', 'such', 'x.csv'))).rejects.toMatchObject({
      code: 'EXPORT_UNWRITABLE',
    })
    mkdirSync(join(outDir(), 'taken'))
    await expect(run('parquet', join(outDir(), 'taken'))).rejects.toMatchObject({ code: 'CLI_OUT_REFUSED' })
    expect(readdirSync(outDir()).sort()).toEqual(['taken', 'totals.csv', 'totals.parquet'])
    expect(existsSync(join(outDir(), 'no'))).toBe(false)
  })
})
