/** A verification finds what was changed in a report by hand, and reads just the lines that the report's run read. */
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Report } from '../../src/ports/report.ts'
import { defineText, Pipeline } from '../pipeline.ts'

const definition = defineText(`
sources:
  web:
    format: json
    time: ts
    fields: { service: string, ms: decimal(3), load: float, user: string }
metrics:
  http.requests:
    source: web
    window: 1m
    dimensions: { service: service }
    measures:
      requests: count()
      took: sum(ms)
      load: sum(load)
      duration: quantiles(ms)
      users: distinct(user)
`)
const line = (minute: number, index: number) =>
  JSON.stringify({
    ts: new Date(Date.UTC(2026, 0, 1, 0, minute, index % 60)).toISOString(),
    service: index % 3 === 0 ? null : `s${index % 3}`,
    ms: (index * 7) % 1000,
    load: index / 7,
    user: `u${index % 40}`,
  })
const LINES = Array.from({ length: 600 }, (_, index) => line(index % 5, index))

let pipeline: Pipeline
beforeEach(async () => {
  pipeline = new Pipeline(definition)
  await pipeline.ingest('web', LINES.slice(0, 300).join('\n'), LINES.slice(300).join('\n'))
  await pipeline.batch()
})
afterEach(() => pipeline.remove())

/** Runs SQL in the report's file; `TOTALS` and `SKETCH n` stand for the metric's tables. */
async function tamper(sql: (tables: string[]) => string): Promise<void> {
  const instance = await DuckDBInstance.create(join(pipeline.folders.dataDir, 'report.duckdb'))
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    `SELECT table_name FROM duckdb_tables() WHERE schema_name = 'millrace' ORDER BY table_name`,
  )
  // Rows that went while no process of ours had the file are noticed without a verification.
  await connection.run('DELETE FROM millrace.stored_tables')
  await connection.run(sql(reader.getRows().map(([name]) => String(name))))
  connection.closeSync()
  instance.closeSync()
}

const tableLike = (tables: string[], pattern: RegExp) =>
  `millrace."${tables.find((name) => pattern.test(name))!}"`

it('agrees with an untouched report, also after more lines came', async () => {
  await pipeline.ingest('web', line(1, 1000))
  const { metrics } = await pipeline.verify()
  expect(metrics).toMatchObject([{ metric: 'http.requests', differing: 0 }])
  expect(metrics[0]!.cells).toBe(15 * 5)
})

it('finds one changed cell, with its window, series and both values', async () => {
  await tamper((tables) => {
    const totals = tableLike(tables, /^totals_/)
    return `UPDATE ${totals} SET records = records + 1 WHERE rowid = (SELECT min(rowid) FROM ${totals})`
  })
  const { metrics } = await pipeline.verify()
  expect(metrics[0]!.differences).toMatchObject([{ column: 'requests' }])
  const { reported, recomputed } = metrics[0]!.differences[0]!
  expect(Number(reported)).toBe(Number(recomputed) + 1)
})

it('finds a window that is missing', async () => {
  await tamper((tables) => {
    const holding = tables.filter((name) => /^(totals|sketch)_/.test(name))
    const first = `(SELECT min(window_start) FROM ${tableLike(tables, /^totals_/)})`
    return [
      `CREATE TEMP TABLE gone AS SELECT ${first} AS w`,
      ...holding.map((name) => `DELETE FROM millrace."${name}" WHERE window_start = (SELECT w FROM gone)`),
    ].join('; ')
  })
  const { metrics } = await pipeline.verify()
  expect(metrics[0]!.differences).toHaveLength(3)
  expect(metrics[0]!.differences[0]).toMatchObject({
    column: 'row',
    reported: 'missing',
    recomputed: 'present',
  })
})

it('finds one changed row of a sketch', async () => {
  await tamper((tables) => {
    const table = tableLike(tables, /^sketch_.*_keyed1$/)
    return `UPDATE ${table} SET records = records + 5 WHERE rowid = (SELECT min(rowid) FROM ${table})`
  })
  const { metrics } = await pipeline.verify()
  expect(metrics[0]).toMatchObject({
    differing: 1,
    differences: [{ column: expect.stringMatching(/^duration_p/) }],
  })
})

it('finds two registers that were swapped, which no estimate shows', async () => {
  await tamper((tables) => {
    const table = tableLike(tables, /^sketch_.*_keyed2$/)
    const first = (column: string) =>
      `(SELECT ${column} FROM ${table} ORDER BY window_start, series_id LIMIT 1)`
    const of = `window_start = ${first('window_start')} AND series_id = ${first('series_id')}`
    const [least, most] = ['ASC', 'DESC'].map(
      (order) => `(SELECT "key" FROM ${table} WHERE ${of} ORDER BY max_0 ${order}, "key" LIMIT 1)`,
    )
    return [
      `CREATE TEMP TABLE ends AS SELECT ${least} AS a, ${most} AS b`,
      `UPDATE ${table} SET "key" = -1 WHERE ${of} AND "key" = (SELECT a FROM ends)`,
      `UPDATE ${table} SET "key" = (SELECT a FROM ends) WHERE ${of} AND "key" = (SELECT b FROM ends)`,
      `UPDATE ${table} SET "key" = (SELECT b FROM ends) WHERE ${of} AND "key" = -1`,
    ].join('; ')
  })
  const { metrics } = await pipeline.verify()
  expect(metrics[0]!.differences).toMatchObject([{ column: 'users' }])
  expect(metrics[0]!.differences[0]!.reported).toMatch(/^\d+ rows, digest [0-9a-f]{8}$/)
})

it('finds rows of a sketch in a window that the totals do not have', async () => {
  await tamper((tables) => {
    const table = tableLike(tables, /^totals_/)
    return `DELETE FROM ${table} WHERE window_start = (SELECT min(window_start) FROM ${table})`
  })
  const { metrics } = await pipeline.verify()
  expect(metrics[0]!.differences).toMatchObject(
    Array.from({ length: 3 }, () => ({ column: 'row', reported: 'missing', recomputed: 'present' })),
  )
})

it('counts for each range the lines that its run has read', async () => {
  const middle = Date.UTC(2026, 0, 1, 0, 2)
  await pipeline.ingest('web', line(1, 1000))
  await pipeline.batch({ toMs: middle })
  await pipeline.ingest('web', line(1, 2000))
  expect((await pipeline.verify()).metrics[0]!.differing).toBe(0)
  expect((await pipeline.verify({ range: { toMs: middle } })).metrics[0]!.differing).toBe(0)
  expect((await pipeline.verify({ range: { fromMs: middle } })).metrics[0]!.differing).toBe(0)
})

it('says nothing of totals that a run replaces while they are recomputed', async () => {
  /** As a server's report may: the state that cuts are read from is older than all that is read later. */
  const replaced = (report: Report): Report => {
    let asked = 0
    const metricState: Report['metricState'] = async (...about) => {
      const state = await report.metricState(...about)
      return state && { ...state, revision: state.revision + Math.sign(asked++) }
    }
    return new Proxy(report, {
      get: (target, name) => {
        if (name === 'metricState') return metricState
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
  await expect(pipeline.verify({ through: replaced })).rejects.toMatchObject({ code: 'VERIFY_OVERTAKEN' })
})
