/** Tables of the PostgreSQL report that somebody drops, empties or replaces: told everywhere, and made again by a server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MillraceError } from '../../src/core/error.ts'
import { stagedTextReader as text } from '../../src/engines/duckdb/staged-text.ts'
import { openPostgresReport } from '../../src/engines/postgres/report.ts'
import { tablesOf } from '../../src/engines/table-key.ts'
import type { Report } from '../../src/ports/report.ts'
import { makeFolder, millrace } from '../cli/run-cli.ts'
import { groupsOf } from '../contract/held-run.ts'
import { makePlan, stage } from '../contract/report-fixture.ts'
import { wholeQuery } from '../contract/whole-query.ts'
import { Serving } from '../server/serving.ts'
import { OwnPostgres } from './own-postgres.ts'

const PATIENCE_MS = 60_000
const plan = makePlan()
const tables = tablesOf(plan.metric, plan.version)

let server: OwnPostgres
let dir: string
beforeAll(async () => {
  server = await OwnPostgres.start()
  dir = mkdtempSync(join(tmpdir(), 'millrace-postgres-lost-'))
})
afterAll(async () => {
  await server?.stop()
  rmSync(dir, { recursive: true, force: true })
})

/** By what is lost, the statements; of a schema, and of the tables of one version in it. */
type Damage = (schema: string, named: typeof tables) => string
const DAMAGES: readonly (readonly [string, Damage])[] = [
  ['a dropped live table', (schema, { live, totals }) => `DROP TABLE ${schema}.${live(totals)} CASCADE`],
  [
    'a live table with rows deleted',
    (schema, { live, totals }) =>
      `DELETE FROM ${schema}.${live(totals)} WHERE ctid = (SELECT min(ctid) FROM ${schema}.${live(totals)})`,
  ],
  ['a truncated live table', (schema, { live, totals }) => `TRUNCATE ${schema}.${live(totals)}`],
  ['a dropped totals table', (schema, { totals }) => `DROP TABLE ${schema}.${totals} CASCADE`],
  ['a lost series table', (schema, { series }) => `DROP TABLE ${schema}.${series} CASCADE`],
]

describe('a report that lacks what it says it holds', () => {
  const open = (schema: string, mode: 'read' | 'write', onNews?: (news: string) => void) =>
    openPostgresReport({ url: server.url, schema }, mode, { text, ...(onNews && { onNews }) })

  /** A stream, half of whose windows are final. */
  async function fill(schema: string): Promise<void> {
    const report = await open(schema, 'write')
    await advance(report, schema, 0)
    await advance(report, schema, 1_800_000)
    await report.close()
  }

  async function advance(report: Report, schema: string, clockMs: number): Promise<void> {
    const name = `${schema}${clockMs}`
    const fromOffset = (await report.streamState('web'))?.endOffset ?? 0
    const { staged, appended } = (await stage(dir, plan, groupsOf(1), { name })).sources[0]!
    const place = { source: 'web', incarnation: 'log', clockMs, fromOffset, endOffset: fromOffset + appended }
    await report.advance({ ...place, plans: [plan], latenessMs: new Map([[plan.metric, 5000]]), staged })
  }

  const asks: readonly (readonly [string, (report: Report) => Promise<unknown>])[] = [
    ['a query', (report) => report.query(wholeQuery(plan))],
    ['its state', (report) => report.metricState(plan.metric, plan.version)],
    ['windows', (report) => report.windowRanges({ plan, range: {}, parts: { rows: 100 } })],
  ]

  it.each(DAMAGES)('is refused by every reader, and by a writer made again: %s', async (name, damage) => {
    const schema = name.replaceAll(/\W/g, '_')
    await fill(schema)
    const reader = await open(schema, 'read')
    for (const [, ask] of asks) await ask(reader)
    await server.query(damage(schema, tables))
    for (const [what, ask] of asks) {
      const error = await ask(reader).catch((thrown: unknown) => thrown)
      expect(error, what).toMatchObject({ code: 'REPORT_INCOMPLETE' })
    }
    const news: string[] = []
    const writer = await open(schema, 'write', (told) => news.push(told))
    expect(news).toEqual([expect.stringContaining(plan.metric)])
    const state = await writer.streamState('web')
    expect(state?.metrics[0]).toMatchObject({ endOffset: 0, lateness: [{ fromOffset: 0, latenessMs: 5000 }] })
    expect(await writer.metricState(plan.metric, plan.version)).toMatchObject({ firstWindowMs: null })
    await writer.requireWhole()
    await writer.close()
    await (await open(schema, 'write', (told) => news.push(told))).close()
    expect(news).toHaveLength(1)
    await reader.query(wholeQuery(plan))
    await reader.close()
  })

  it('is refused with what to do where something else has the name, or its own account is lost', async () => {
    await fill('other')
    await server.query(`ALTER TABLE other.${tables.totals} RENAME TO away;
      CREATE TABLE other.${tables.totals} (id integer)`)
    await expect(open('other', 'write')).rejects.toMatchObject({ code: 'REPORT_FOREIGN_TABLE' })
    const reader = await open('other', 'read')
    await expect(reader.query(wholeQuery(plan))).rejects.toMatchObject({ code: 'REPORT_INCOMPLETE' })
    await reader.close()
    await server.query('DROP TABLE other.stream_metrics')
    const error = (await open('other', 'write').catch((thrown: unknown) => thrown)) as MillraceError
    expect(error).toMatchObject({ code: 'REPORT_OWN_TABLE_LOST' })
    const command = /`(DROP SCHEMA[^`]*)`/.exec(error.message)![1]!
    await server.query(command)
    await (await open('other', 'write')).close()
  })

  it.each<[string, (report: Report) => Promise<unknown>]>([
    ['runs', (report) => report.runs(1)],
    ['coverage', (report) => report.metricState(plan.metric)],
    ['ledger', () => open('own_ledger', 'read')],
  ])('says to readers and to a server, with what helps, that it lost %s', async (table, ask) => {
    const schema = `own_${table}`
    await fill(schema)
    const writer = await open(schema, 'write')
    const reader = await open(schema, 'read')
    await server.query(`DROP TABLE ${schema}.${table} CASCADE`)
    const lost = { code: 'REPORT_OWN_TABLE_LOST' }
    await expect(writer.requireWhole()).rejects.toMatchObject(lost)
    await expect(open(schema, 'read')).rejects.toMatchObject(lost)
    await expect(ask(reader)).rejects.toMatchObject(lost)
    await reader.close()
    await writer.close()
  })

  it('keeps its account right through a layout of before, rows that go, and what a batch replaces', async () => {
    await fill('older')
    await server.query(`DROP TABLE older.stored_tables; DELETE FROM older.migrations WHERE number = 7`)
    const news: string[] = []
    const report = await open('older', 'write', (told) => news.push(told))
    for (const clockMs of [1_800_001, 3_600_000]) await advance(report, 'older', clockMs)
    const range = { toMs: 1_200_000 }
    await report.publish(await stage(dir, plan, groupsOf(3), { name: 'older3', range }))
    await report.requireWhole()
    expect(news).toEqual([])
    await server.query(`DELETE FROM older.${tables.totals} WHERE ctid =
      (SELECT min(ctid) FROM older.${tables.totals})`)
    await report.close()
    const again = await open('older', 'write', (told) => news.push(told))
    await again.close()
    expect(news).toEqual([expect.stringContaining(tables.totals)])
  })
})

describe('a server', () => {
  const DEFINITION = `sources:
  web: { format: json, time: { field: ts, layout: epoch_ms }, fields: { service: string, id: integer } }
metrics:
  requests:
    source: web
    window: 1m
    dimensions: { service: service }
    measures: { n: count(), spread: quantiles(id), users: distinct(id) }
    allowed_lateness: 1h
serve: { listen: "127.0.0.1:0" }
`
  let cwd: string
  let serving: Serving
  let expected: string
  const lines = (count: number, ageMs: number) =>
    Array.from({ length: count }, (_, id) =>
      JSON.stringify({ ts: Date.now() - ageMs, service: `s${id % 3}`, id }),
    ).join('\n')
  const query = () =>
    millrace(['query', 'requests', '--step', '1d', '--by', 'service', '--format', 'csv'], { cwd })

  beforeAll(async () => {
    const report = `report: { postgres: "${server.url}", schema: served }\n`
    cwd = makeFolder({ 'millrace.yaml': DEFINITION + report, 'old.log': `${lines(500, 3 * 3_600_000)}\n` })
    expect((await millrace(['ingest', 'web', 'old.log'], { cwd })).status).toBe(0)
    expect((await millrace(['batch'], { cwd })).status).toBe(0)
    serving = await Serving.start(cwd)
    expect((await serving.send('web', `${lines(300, 0)}\n`)).status).toBe(200)
    await serving.counted()
    expected = (await query()).stdout
    expect(expected).toContain('s2')
  })
  afterAll(() => serving?.stop('SIGKILL'))

  it.each([
    ...DAMAGES,
    ['a dropped schema', (schema: string) => `DROP SCHEMA ${schema}, ${schema}_views CASCADE`] as const,
  ])('brings back by itself the totals of %s', async (name, damage) => {
    const [[version] = []] = await server.query('SELECT version FROM served.metrics')
    const told = serving.said.length
    await server.query(damage('served', tablesOf('requests', String(version))))
    let answer = await query()
    for (const endMs = Date.now() + PATIENCE_MS; answer.stdout !== expected && Date.now() < endMs; ) {
      // Whatever is missing meanwhile is an error or is told; a new report does not know what it will hold.
      if (answer.status === 0 && name !== 'a dropped schema') expect(answer.stderr).not.toBe('')
      await sleep(300)
      answer = await query()
    }
    expect(answer.stdout).toBe(expected)
    expect(serving.said.slice(told)).toContain('is counted from its first line')
    const views = 'SELECT sum(n) FROM served_views.requests'
    expect(await server.query(views)).toEqual([['800']])
  })
})
