/** Every mix of adapters gives the same totals: hdfs or files, spark or duckdb, postgres or a DuckDB file. */
import { expect, it } from 'vitest'
import { defineText, Pipeline } from '../pipeline.ts'
import { type ChosenRoles, clusterRoles } from './cluster-roles.ts'

const definition = defineText(`
sources:
  web:
    format: json
    time: ts
    fields: { service: string, status: integer, ms: decimal(3), load: float, user: string }
  edge:
    format: logfmt
    time: ts
    fields: { bytes: integer }
metrics:
  http.requests:
    source: web
    where: status <> 204
    window: 1m
    dimensions: { service: service, class: status / 100 }
    measures:
      requests: count()
      errors: count(status >= 500)
      took: sum(ms)
      fastest: min(ms)
      average: mean(ms)
      peak: max(load)
      duration: quantiles(ms)
      users: distinct(user)
    ratios: { error_rate: errors / requests }
  edge.bytes: { source: edge, window: 1h, measures: { sent: sum(bytes) } }
`)
const SERVICES = ['shop', 'sea"rch', "o'hara", 'back\\slash', 'naïve', '', null]
const WEB = Array.from({ length: 3000 }, (_, index) =>
  JSON.stringify({
    ts: new Date(Date.UTC(2026, 0, 1, 0, index % 7, index % 60, index % 1000)).toISOString(),
    service: SERVICES[index % SERVICES.length],
    status: [200, 204, 404, 500][index % 4],
    ms: (index * 7919) % 100_000,
    load: index / 7,
    user: `u${index % 321}`,
  }),
)
const BAD = [
  '',
  'no json',
  '{"ts":"2026-01-01T24:00:00Z"}',
  '{"ts":"2026-01-01T00:00:00Z","ms":"x"}',
  '{"a":1,}',
]
const EDGE = [
  'ts=2026-01-01T05:00:00Z bytes=9223372036854775807',
  'ts=2026-01-01T05:30:00Z bytes=9223372036854775807',
]

const MIXES: readonly ChosenRoles[] = [
  { archive: 'hdfs' },
  { batch: 'spark' },
  { report: 'postgres' },
  { archive: 'hdfs', batch: 'spark' },
  { archive: 'hdfs', report: 'postgres' },
  { batch: 'spark', report: 'postgres' },
  { archive: 'hdfs', batch: 'spark', report: 'postgres' },
]

async function totalsOf(chosen: ChosenRoles): Promise<unknown> {
  const pipeline = new Pipeline(definition, clusterRoles(chosen))
  try {
    await pipeline.ingest('web', WEB.slice(0, 1500).join('\n'), [...BAD, ...WEB.slice(1500)].join('\n'))
    await pipeline.ingest('edge', EDGE.join('\n'))
    const { ledger } = await pipeline.batch()
    const quantiles = ['0.01', '0.5', '0.95', '0.999', '1']
    return {
      ledger,
      requests: await pipeline.queryCsv('http.requests', { quantiles }),
      hourly: await pipeline.queryCsv('http.requests', { step: '1h', by: ['service'], quantiles }),
      bytes: await pipeline.queryCsv('edge.bytes'),
      rejects: await pipeline.rejects('web'),
    }
  } finally {
    pipeline.remove()
  }
}

const nameOf = ({ archive, batch, report }: ChosenRoles) =>
  `${archive ?? 'files'} + ${batch ?? 'duckdb'} + ${report ?? 'duckdb'}`

it.each(MIXES.map((chosen) => [nameOf(chosen), chosen] as const))('%s', async (_, chosen) => {
  const embedded = await totalsOf({})
  expect(embedded).toMatchObject({ bytes: expect.stringContaining('18446744073709551614') })
  expect(await totalsOf(chosen)).toEqual(embedded)
})
