/** Lines of years far away cost verify, export and query no more than their windows. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openReport, openTableFile } from '../../src/engines/registry.ts'
import type { Report } from '../../src/ports/report.ts'
import { exportMetric } from '../../src/run/export-metric.ts'
import { queryMetric } from '../../src/run/query-metric.ts'
import { defineText, makeScratch, Pipeline, sha256 } from '../pipeline.ts'

const definition = defineText(`
sources:
  web: { format: json, time: ts, fields: { load: float, ms: integer } }
metrics:
  hits:
    source: web
    window: 1m
    measures: { n: count(), load: sum(load), spread: quantiles(ms) }
`)
const TIMES = [
  '0002-01-01T00:00:00Z',
  '2026-03-28T23:30:00Z',
  '2026-03-29T21:59:00Z',
  '2026-03-29T22:00:00Z',
  '8999-12-31T22:00:00Z',
]

const pipeline = new Pipeline(definition)
beforeAll(async () => {
  await pipeline.ingest('web', TIMES.map((ts) => JSON.stringify({ ts, load: 0.1, ms: 5 })).join('\n'))
  await pipeline.batch()
})
afterAll(() => pipeline.remove())

const job = { definition, digest: sha256, openReport: () => openReport(pipeline.folders, 'read') }

it('verify compares all windows', async () => {
  const { metrics } = await pipeline.verify()
  expect(metrics).toMatchObject([{ cells: TIMES.length * 3, differing: 0 }])
})

it('verify obeys an abort that comes while it compares', async () => {
  const stop = new AbortController()
  const aborting = (report: Report): Report =>
    new Proxy(report, {
      get: (target, name) => {
        if (name === 'windowRanges') stop.abort()
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  await expect(pipeline.verify({ signal: stop.signal, through: aborting })).rejects.toMatchObject({
    name: 'AbortError',
  })
})

it('a query of local days answers with the days that hold windows, and no false warning', async () => {
  const ask = { metric: 'hits', step: '1d', timezone: 'Europe/Berlin', by: [], measures: ['n'] }
  const answer = await queryMetric(job, { ...ask, range: {} })
  const days = ['0001-12-31T23:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z', '8999-12-30T23:00Z']
  expect(answer.table.columns.map(({ values }) => values)).toEqual([days.map(Date.parse), [1n, 2n, 1n, 1n]])
  const toMs = Date.parse('5000-01-01T00:00+01:00')
  const cut = await queryMetric(job, { ...ask, range: { toMs } })
  expect(cut).toMatchObject({ table: { rows: 3 }, warnings: [] })
})

it('an export holds every window', async () => {
  const out = join(pipeline.folder, 'hits.csv')
  const makeScratchDir = async () => makeScratch(pipeline.folder)
  const { rows } = await exportMetric({
    ...job,
    metric: 'hits',
    format: 'csv',
    out,
    own: { folders: [] },
    makeScratchDir,
    openTableFile,
  })
  const lines = readFileSync(out, 'utf8').trim().split('\n').slice(1)
  expect(rows).toBe(TIMES.length)
  expect(lines.map((line) => line.split(',')[0])).toEqual(TIMES)
})
