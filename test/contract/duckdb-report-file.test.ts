/** What only the DuckDB file owes: views for any client, locks, size, formats. */
import { execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MillraceError } from '../../src/core/error.ts'
import { exactToDouble, printExact } from '../../src/core/exact-number.ts'
import { finishTotals } from '../../src/core/finish-totals.ts'
import { parseRank } from '../../src/core/quantile-rank.ts'
import type { ResultColumn } from '../../src/core/result-table.ts'
import { openDuckdbReport } from '../../src/engines/duckdb/report.ts'
import { makeFormat2 } from './older-report.ts'
import { randomGroups, seeded } from './random-groups.ts'
import { type Group, makePlan, stage } from './report-fixture.ts'
import { wholeQuery } from './whole-query.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-report-file-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const path = () => join(dir, 'report.duckdb')
const plan = makePlan()

async function publish(groups: readonly Group[], of = plan): Promise<void> {
  const publication = await stage(dir, of, groups)
  const report = await openDuckdbReport(dir, 'write')
  await report.publish(publication).finally(() => report.close())
}

/** As any other program would open the file, under a name of its own. */
async function readElsewhere(sql: string) {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run(`ATTACH '${path()}' AS elsewhere (READ_ONLY)`)
    await connection.run('USE elsewhere')
    const reader = await connection.runAndReadAll(sql)
    return { names: reader.columnNames(), types: reader.columnTypes().map(String), rows: reader.getRows() }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

it('is whole under a new name of its source when nobody closed it', async () => {
  const groups = randomGroups(seeded(44), 50)
  await publish(groups)
  const before = await readElsewhere(`SELECT count(*), sum(requests) FROM "${plan.metric}"`)
  const report = await openDuckdbReport(dir, 'write')
  await report.renameSource('web', 'site')
  // As a kill at this moment would leave it.
  const left = mkdtempSync(join(tmpdir(), 'millrace-report-left-'))
  for (const name of readdirSync(dir).filter((one) => one.startsWith('report.')))
    copyFileSync(join(dir, name), join(left, name))
  await report.close()
  rmSync(dir, { recursive: true })
  dir = left
  const reopened = await openDuckdbReport(dir, 'write')
  const held = await reopened.heldMetrics()
  await reopened.close()
  expect(held.map(({ source }) => source)).toEqual(['site'])
  expect(readdirSync(dir)).toEqual(['report.duckdb'])
  const after = await readElsewhere(`SELECT count(*), sum(requests) FROM "${plan.metric}"`)
  expect(after.rows).toEqual(before.rows)
})

describe('the view of a metric', () => {
  it('shows what a query answers, as plain numbers', async () => {
    const groups = randomGroups(seeded(40), 200)
    await publish(groups)
    const ranks = ['0.5', '0.95', '0.99'].map((text) => parseRank(text)!)
    const report = await openDuckdbReport(dir, 'read')
    const measures = plan.measures.map(({ measure }) => measure.name)
    const totals = await report.query({
      plan,
      range: {},
      step: { kind: 'fixed', stepMs: plan.windowMs },
      by: plan.dimensions.map(({ name }) => name),
      measures,
      quantiles: ranks,
    })
    await report.close()
    const shown = new Set([...measures, 'per_request'])
    const table = finishTotals(plan, totals, { by: plan.dimensions, sources: plan.measures, ranks, shown })
    const order = 'window_start, service NULLS LAST, code NULLS LAST, load NULLS LAST, cached NULLS LAST'
    const view = await readElsewhere(`SELECT * EXCLUDE (window_end) FROM "http.requests" ORDER BY ${order}`)
    expect(view.names).toEqual(table.columns.map(({ name }) => name))
    expect(view.rows).toHaveLength(200)
    for (const [row, values] of view.rows.entries())
      for (const [place, column] of table.columns.entries()) expectSame(column, row, values[place])
  })

  it('has typed columns, and the end of each window', async () => {
    await publish(randomGroups(seeded(41), 3))
    const { names, types } = await readElsewhere('FROM "http.requests"')
    expect(Object.fromEntries(names.map((name, place) => [name, types[place]]))).toEqual({
      window_start: 'TIMESTAMP',
      window_end: 'TIMESTAMP',
      service: 'VARCHAR',
      code: 'BIGINT',
      load: 'DECIMAL(38,3)',
      cached: 'BOOLEAN',
      requests: 'BIGINT',
      total: 'DECIMAL(38,3)',
      least: 'DECIMAL(38,3)',
      most: 'DECIMAL(38,3)',
      average: 'DOUBLE',
      heat: 'DOUBLE',
      duration_p50: 'DECIMAL(38,3)',
      duration_p95: 'DECIMAL(38,3)',
      duration_p99: 'DECIMAL(38,3)',
      users: 'BIGINT',
      per_request: 'DOUBLE',
    })
    const ends = await readElsewhere(
      `SELECT DISTINCT window_end - window_start = INTERVAL '1 minute' FROM "http.requests"`,
    )
    expect(ends.rows).toEqual([[true]])
  })

  it('stands apart from the tables, whatever the metric is called', async () => {
    for (const name of ['runs', 'say "hi"', 'Größe'])
      await publish(randomGroups(seeded(42), 2), makePlan(name))
    const { rows } =
      await readElsewhere(`SELECT count(*) FROM runs UNION ALL SELECT count(*) FROM "say ""hi"""
      UNION ALL SELECT count(*) FROM "Größe" UNION ALL SELECT count(*) FROM millrace.runs`)
    expect(rows).toEqual([[2n], [2n], [2n], [3n]])
  })

  it('shows the largest numbers of every kind', async () => {
    const [group] = randomGroups(seeded(43), 1)
    const largest = 10n ** 38n - 1n
    await publish([{ ...group!, valued: 1, sum: largest, least: -largest, most: 1n, buckets: [[36_174, 1]] }])
    const { rows } = await readElsewhere('SELECT total, least, duration_p50 FROM "http.requests"')
    expect(rows[0]!.map(String)).toEqual([
      `${printExact(largest, 3)}`,
      printExact(-largest, 3),
      printExact((99n * 10n ** 36n + 10n ** 38n - 1n) / 2n, 3),
    ])
  })
})

function expectSame(column: ResultColumn, row: number, shown: unknown): unknown {
  const value = column.values[row]!
  if (value === null || typeof value === 'string' || typeof value === 'boolean')
    return expect(shown).toBe(value)
  if (column.type === 'timestamp')
    return expect((shown as { micros: bigint }).micros).toBe(BigInt(value) * 1000n)
  // The view divides doubles, which core does not, so the last digit may differ.
  if (column.type === 'double') return expect(shown).toBeCloseTo(Number(value), 9)
  const text = String(shown)
  expect(Number(text)).toBe(exactToDouble(value as bigint, column.scale))
  return expect(text.replace(/\.?0+$/, '') || '0').toBe(
    printExact(value as bigint, column.scale).replace(/\.?0+$/, '') || '0',
  )
}

describe('the report file', () => {
  it.each([
    ['the same data', {}],
    ['the same range', { fromMs: 0, toMs: 30 * 60_000 }],
  ])('does not grow when %s is published again and again', async (_, range) => {
    const groups = randomGroups(seeded(44), 1500)
    await publish(groups)
    const first = statSync(path()).size
    const inRange = ({ windowMs }: Group) => !('toMs' in range) || (windowMs >= 0 && windowMs < range.toMs)
    const publication = await stage(dir, plan, groups.filter(inRange), { range })
    for (let run = 0; run < 20; run++) {
      const report = await openDuckdbReport(dir, 'write')
      await report.publish(publication).finally(() => report.close())
    }
    expect(statSync(path()).size).toBeLessThanOrEqual(3 * first)
  })

  it('is missing until the first batch', async () => {
    await expect(openDuckdbReport(dir, 'read')).rejects.toMatchObject({ code: 'REPORT_MISSING' })
    const instance = await DuckDBInstance.create(path())
    instance.closeSync()
    await expect(openDuckdbReport(dir, 'read')).rejects.toMatchObject({ code: 'REPORT_MISSING' })
  })

  it('of a newer format is refused, to read and to write', async () => {
    await publish([])
    const instance = await DuckDBInstance.create(path())
    const connection = await instance.connect()
    await connection.run('UPDATE millrace.format SET version = 99')
    connection.closeSync()
    instance.closeSync()
    for (const mode of ['read', 'write'] as const)
      await expect(openDuckdbReport(dir, mode)).rejects.toMatchObject({ code: 'REPORT_NEWER_FORMAT' })
  })

  it('of format 2 is brought up to date with the one allowance that it knows', async () => {
    const { staged, appended } = (await stage(dir, plan, randomGroups(seeded(45), 20))).sources[0]!
    const report = await openDuckdbReport(dir, 'write')
    const advance = { source: 'web', incarnation: 'log', fromOffset: 7, endOffset: 7 + appended }
    const latenessMs = new Map([[plan.metric, 90_000]])
    await report.advance({ ...advance, clockMs: 10 * 60_000 + 5, plans: [plan], latenessMs, staged })
    const state = await report.streamState('web')
    expect(state?.metrics[0]).toMatchObject({
      finalBeforeMs: 8 * 60_000,
      lateness: [{ fromOffset: 7, latenessMs: 90_000 }],
    })
    await report.close()
    await makeFormat2(path())
    await expect(openDuckdbReport(dir, 'read')).rejects.toMatchObject({ code: 'REPORT_OLDER_FORMAT' })
    const upgraded = await openDuckdbReport(dir, 'write')
    expect(await upgraded.streamState('web')).toEqual(state)
    await upgraded.close()
  })

  it.each([
    ['no DuckDB file', () => 'not a database'.repeat(1000)],
    ['empty', () => ''],
    ['cut off', (whole: Buffer) => whole.subarray(0, whole.length / 2)],
  ])('that is %s is called damaged, with the command that makes room for a new one', async (_, damage) => {
    await publish(randomGroups(seeded(46), 20))
    writeFileSync(path(), damage(readFileSync(path())))
    writeFileSync(`${path()}.wal`, 'of the damaged file')
    writeFileSync(`${path()}.damaged`, 'an older one')
    let command = ''
    for (const mode of ['read', 'write'] as const) {
      const error = await openDuckdbReport(dir, mode).catch((error: MillraceError) => error)
      expect(error).toMatchObject({ code: 'REPORT_DAMAGED' })
      command = (error as MillraceError).message.match(/`(mv .*?)`/)![1]!
    }
    execFileSync('sh', ['-c', command])
    await publish(randomGroups(seeded(46), 20))
    expect(readdirSync(dir).filter((name) => name.includes('damaged'))).toEqual([
      'report.duckdb.damaged',
      'report.duckdb.damaged-2',
      'report.duckdb.damaged-2.wal',
    ])
  })

  it('of an older format keeps what waits: its windows become ranges, the nearest joined where they are many', async () => {
    await publish([])
    const instance = await DuckDBInstance.create(path())
    const connection = await instance.connect()
    const start = 'make_timestamp_ms(i * 120000 + (i // 1500) * 600000)'
    for (const sql of [
      'DROP TABLE millrace.late_ranges',
      `CREATE TABLE millrace.late_windows (tenant VARCHAR, source VARCHAR, metric VARCHAR, version VARCHAR,
        window_start TIMESTAMP, lines BIGINT, end_offset BIGINT)`,
      `INSERT INTO millrace.late_windows SELECT '', 'web', '${plan.metric}', '${plan.version}', ${start}, 2, 9
        FROM range(3000) t(i)`,
      `INSERT INTO millrace.late_windows VALUES
        ('', 'web', '${plan.metric}', '${plan.version}', make_timestamp_ms(-60000), 1, 5),
        ('', 'web', '${plan.metric}', '${plan.version}', make_timestamp_ms(-60000), 1, 7)`,
      'UPDATE millrace.format SET version = 4',
    ])
      await connection.run(sql)
    connection.closeSync()
    instance.closeSync()
    await expect(openDuckdbReport(dir, 'read')).rejects.toMatchObject({ code: 'REPORT_OLDER_FORMAT' })
    await (await openDuckdbReport(dir, 'write')).close()
    const report = await openDuckdbReport(dir, 'read')
    const ranges = await report.lateRanges().finally(() => report.close())
    expect(ranges).toHaveLength(1000)
    expect(ranges.reduce((sum, { lines }) => sum + lines, 0)).toBe(6002)
    expect(ranges[0]!.fromMs).toBe(-60_000)
    // The widest gap of all is kept.
    const end = 1499 * 120_000 + 60_000
    expect(ranges.filter(({ fromMs, toMs }) => fromMs < end + 1 && toMs > end)).toEqual([])
  })

  it('may be read by many at once, and written by one: others wait, then are told who has it', async () => {
    await publish([])
    const writer = await openDuckdbReport(dir, 'write')
    const here = openDuckdbReport(dir, 'read', { waitMs: 100 })
    await expect(here).rejects.toMatchObject({
      code: 'REPORT_LOCKED',
      params: { pid: ` (process ${process.pid})` },
    })
    const late = openDuckdbReport(dir, 'read')
    setTimeout(() => writer.close(), 200)
    await (await late).close()
  })

  it('held by another process is waited for', async () => {
    await publish([])
    const script = `const { DuckDBInstance } = require('@duckdb/node-api')
      DuckDBInstance.create(process.argv[1]).then(() => { console.log('held'); setTimeout(() => process.exit(), 1500) })`
    const holder = spawn(process.execPath, ['-e', script, path()], { stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    const params = { pid: ` (process ${holder.pid})` }
    await expect(openDuckdbReport(dir, 'write', { waitMs: 50 })).rejects.toMatchObject({
      code: 'REPORT_LOCKED',
      params,
    })
    const report = await openDuckdbReport(dir, 'read')
    expect(await report.runs(5)).toHaveLength(1)
    await report.close()
  })
})

it('is published into while others read it, whose queries make tables of their own', async () => {
  const report = await openDuckdbReport(dir, 'write')
  try {
    const publication = await stage(dir, plan, randomGroups(seeded(41), 60))
    await report.publish(publication)
    for (let turn = 1; turn < 8; turn++) {
      const reading = Array.from({ length: 4 }, () => report.query(wholeQuery(plan)))
      await report.publish(publication)
      await Promise.all(reading)
    }
    expect((await report.metricState(plan.metric))?.revision).toBe(8)
  } finally {
    await report.close()
  }
})

it('writes and reads nothing once its file was deleted or replaced, and spares the file in its place', async () => {
  await publish(randomGroups(seeded(41), 20))
  const copy = readFileSync(path())
  const publication = await stage(dir, plan, randomGroups(seeded(42), 20))
  for (const what of ['deleted', 'replaced']) {
    const report = await openDuckdbReport(dir, 'write')
    await report.look!()
    rmSync(path())
    if (what === 'replaced') writeFileSync(path(), copy)
    const gone = { code: 'REPORT_GONE', message: expect.stringContaining(what) }
    await expect(report.look!()).rejects.toMatchObject(gone)
    await expect(report.publish(publication)).rejects.toMatchObject(gone)
    await expect(report.runs(1)).rejects.toMatchObject(gone)
    await report.close()
    if (what === 'deleted') writeFileSync(path(), copy)
  }
  expect(readFileSync(path()).equals(copy)).toBe(true)
  await publish(randomGroups(seeded(42), 20))
})

it('shows the whole version while only a range of a new one was computed', async () => {
  await publish(randomGroups(seeded(42), 50))
  const other = makePlan(plan.metric, 'b'.repeat(16))
  const MINUTE = 60_000
  const range = { fromMs: 0, toMs: 10 * MINUTE }
  const some = randomGroups(seeded(43), 50).filter(({ windowMs }) => windowMs >= 0 && windowMs < range.toMs)
  const publication = await stage(dir, other, some, { range })
  const report = await openDuckdbReport(dir, 'write')
  await report.publish(publication).finally(() => report.close())
  expect((await readElsewhere(`SELECT * FROM "${plan.metric}"`)).rows).toHaveLength(50)
  await publish(some, other)
  expect((await readElsewhere(`SELECT * FROM "${plan.metric}"`)).rows).toHaveLength(some.length)
})
