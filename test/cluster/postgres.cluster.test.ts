/** The PostgreSQL report keeps the contract, and shows its views as any client sees them. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { printExact } from '../../src/core/exact-number.ts'
import type { MetricPlan } from '../../src/core/plan.ts'
import type { TimeRange } from '../../src/core/run-record.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { stagedTextReader as text } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import { randomGroups, seeded } from '../contract/random-groups.ts'
import { describeReport } from '../contract/report.contract.ts'
import { describeDigests } from '../contract/report-digest.contract.ts'
import { type Group, makePlan, stage } from '../contract/report-fixture.ts'
import { describeReportRename } from '../contract/report-rename.contract.ts'
import { describeReportStream } from '../contract/report-stream.contract.ts'
import { OwnPostgres } from './own-postgres.ts'

let server: OwnPostgres
let dir: string
beforeAll(async () => {
  server = await OwnPostgres.start()
  dir = mkdtempSync(join(tmpdir(), 'millrace-postgres-report-'))
})
afterAll(async () => {
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const open = (schema: string, mode: 'read' | 'write') =>
  openPostgresReport({ url: server.url, schema }, mode, { text })

const openFolder = (folder: string, mode: 'read' | 'write') =>
  open(`t_${createHash('md5').update(folder).digest('hex').slice(0, 12)}`, mode)

describeReport('postgres', openFolder)
describeDigests('postgres', openFolder)
describeReportRename('postgres', openFolder)
describeReportStream('postgres', openFolder)
describeReportStream('postgres beside duckdb', openFolder, openDuckdbReport)
describeDigests('postgres beside duckdb', openFolder, openDuckdbReport)

const plan = makePlan()

async function publish(
  schema: string,
  groups: readonly Group[],
  extra: { range?: TimeRange; of?: MetricPlan } = {},
) {
  const { of = plan, ...rest } = extra
  const publication = await stage(dir, of, groups, { ...rest, name: schema })
  const report = await open(schema, 'write')
  return report.publish(publication).finally(() => report.close())
}

describe('the view of a metric', () => {
  it('holds what the view of the embedded report holds', async () => {
    const groups = randomGroups(seeded(40), 200)
    await publish('same', groups)
    const embedded = await openDuckdbReport(dir, 'write')
    await embedded.publish(await stage(dir, plan, groups)).finally(() => embedded.close())
    const columns = await server.query(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = 'same_views' ORDER BY ordinal_position`,
    )
    const names = columns.flat().map(String)
    const times = ['window_start', 'window_end']
    const list = (print: (time: string) => string) =>
      names.map((name) => (times.includes(name) ? print(name) : `CAST("${name}" AS VARCHAR)`)).join(', ')
    const mine = await server.query(
      `SELECT ${list((time) => `CAST(CAST(extract(epoch FROM ${time}) * 1000 AS bigint) AS text)`)}
        FROM same_views."http.requests"`,
    )
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const instance = await DuckDBInstance.create(join(dir, 'report.duckdb'), { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const theirs = await connection.runAndReadAll(
      `SELECT ${list((time) => `CAST(epoch_ms(${time}) AS VARCHAR)`)} FROM "http.requests"`,
    )
    expect(theirs.columnNames()).toHaveLength(names.length)
    expect(mine).toHaveLength(200)
    expect(sortedRows(mine)).toEqual(sortedRows(theirs.getRows()))
    connection.closeSync()
    instance.closeSync()
  })

  it('stands apart from the tables, whatever the metric is called', async () => {
    const long = `${'ä'.repeat(40)}`
    const others = [`${long}1`, `${long}2`, 'runs', 'say "hi"', 'metrics']
    for (const name of others) await publish('named', randomGroups(seeded(42), 2), { of: makePlan(name) })
    const views = await server.query(
      `SELECT viewname FROM pg_views WHERE schemaname = 'named_views' ORDER BY viewname`,
    )
    expect(views).toHaveLength(others.length)
    for (const [view] of views) {
      const rows = await server.query(
        `SELECT count(*) FROM named_views."${String(view).replaceAll('"', '""')}"`,
      )
      expect(rows).toEqual([['2']])
    }
  })

  it('shows the largest numbers of every kind', async () => {
    const [group] = randomGroups(seeded(43), 1)
    const largest = 10n ** 38n - 1n
    await publish('large', [
      { ...group!, valued: 1, sum: largest, least: -largest, most: 1n, buckets: [[36_174, 1]] },
    ])
    const rows = await server.query('SELECT total, least, duration_p50 FROM large_views."http.requests"')
    expect(rows[0]!.map(String)).toEqual([
      printExact(largest, 3),
      printExact(-largest, 3),
      printExact((99n * 10n ** 36n + 10n ** 38n - 1n) / 2n, 3),
    ])
  })

  it('goes over to a new version whole, with other columns, unless a user has built upon it', async () => {
    const groups = randomGroups(seeded(44), 5)
    await publish('versions', groups)
    const fresh = {
      ...makePlan(plan.metric, 'b'.repeat(16)),
      measures: plan.measures.slice(0, 2),
      ratios: [],
    }
    await server.query(
      'CREATE VIEW public.of_a_user AS SELECT total, average FROM versions_views."http.requests"',
    )
    await expect(publish('versions', groups, { of: fresh })).rejects.toMatchObject({
      code: 'REPORT_VIEW_IN_USE',
    })
    await server.query('DROP VIEW public.of_a_user')
    await publish('versions', groups, { of: fresh })
    const rows = await server.query('SELECT requests, total FROM versions_views."http.requests"')
    expect(rows).toHaveLength(5)
    const tables = await server.query(
      `SELECT count(*) FROM pg_tables WHERE schemaname = 'versions' AND tablename ~ '^(totals|series)_'`,
    )
    expect(tables).toEqual([['2']])
  })

  it('is left alone by runs that do not change it, with the rights on it', async () => {
    const groups = randomGroups(seeded(45), 5)
    await publish('steady', groups)
    const oid = () =>
      server.query(`SELECT xmin::text FROM pg_class WHERE relname = 'http.requests' AND
      relnamespace = 'steady_views'::regnamespace`)
    const before = await oid()
    await publish('steady', groups)
    await publish('steady', [], { range: { fromMs: 0, toMs: 60_000 } })
    expect(await oid()).toEqual(before)
  })
})

describe('the schema', () => {
  it('holds texts as they are', async () => {
    const awkward = [
      '\\',
      '\\N',
      '\\.',
      'a\tb',
      'a\nb',
      'a\r\nb',
      '\\n',
      "'",
      '"',
      '\u0001',
      '\u{10FFFF}',
      '',
    ]
    const groups = awkward.map((service, place): Group => {
      const [group] = randomGroups(seeded(50 + place), 1)
      return { ...group!, windowMs: 0, dimensions: [service, 1n, null, true] }
    })
    await publish('texts', groups)
    const rows = await server.query('SELECT service FROM texts_views."http.requests"')
    expect(rows.flat().sort()).toEqual([...awkward].sort())
  })

  it('keeps windows before Christ and far ahead, and fractions of a second', async () => {
    const starts = [-70_000_000_000_000, -1, 0, 1, 253_402_300_799_999, 8_000_000_000_000_000 / 4]
    const groups = starts.map((windowMs) => ({ ...randomGroups(seeded(60), 1)[0]!, windowMs }))
    await publish('ages', groups)
    const report = await open('ages', 'read')
    const totals = await report.query({
      plan,
      range: {},
      step: { kind: 'fixed', stepMs: 1 },
      by: [],
      measures: ['requests'],
      quantiles: [],
    })
    await report.close()
    expect(totals.windowMs).toEqual([...starts].sort((a, b) => a - b))
  })

  it('is made once, also when many open it at the same moment', async () => {
    const reports = await Promise.all(Array.from({ length: 6 }, () => open('together', 'write')))
    await Promise.all(reports.map((report) => report.close()))
    expect(await server.query('SELECT number, name FROM together.migrations')).toEqual([
      [1, 'tables'],
      [2, 'streams'],
      [3, 'outside'],
      [4, 'lateness'],
      [5, 'late-ranges'],
      [6, 'lost'],
      [7, 'stored-tables'],
    ])
  })

  it('of a newer or another build is refused, to read and to write', async () => {
    await publish('newer', [])
    await server.query(`INSERT INTO newer.migrations VALUES (99, 'future', 'x')`)
    for (const mode of ['read', 'write'] as const)
      await expect(open('newer', mode)).rejects.toMatchObject({ code: 'REPORT_NEWER_FORMAT' })
    await server.query(`DELETE FROM newer.migrations WHERE number = 99`)
    await server.query(`UPDATE newer.migrations SET checksum = 'x'`)
    for (const mode of ['read', 'write'] as const)
      await expect(open('newer', mode)).rejects.toMatchObject({ code: 'REPORT_MIGRATION_CHANGED' })
  })

  it('is missing until the first batch', async () => {
    await expect(open('nowhere', 'read')).rejects.toMatchObject({ code: 'REPORT_MISSING' })
    await server.query('CREATE SCHEMA nowhere')
    await expect(open('nowhere', 'read')).rejects.toMatchObject({ code: 'REPORT_MISSING' })
  })
})

function sortedRows(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(plainNumbers(row))).sort()
}

/** Engines write 1.50 and 1.5. */
function plainNumbers(row: readonly unknown[]): unknown[] {
  return row.map((value) => {
    const text = value === null ? null : String(value)
    return text !== null && /^-?\d+\.\d*$/.test(text) ? text.replace(/\.?0+$/, '') : text
  })
}
