/** One job that uses every kind of aggregate, its lines, and all that it reports, for tests of whole runs. */
import { defineText, type Pipeline } from '../pipeline.ts'

export const definition = defineText(`
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
/** Of a day of January 2026; lines of other numbers are other lines. */
export const webLine = (index: number): string =>
  JSON.stringify({
    ts: new Date(Date.UTC(2026, 0, 1, 0, index % 7, index % 60, index % 1000)).toISOString(),
    service: SERVICES[index % SERVICES.length],
    status: [200, 204, 404, 500][index % 4],
    ms: (index * 7919) % 100_000,
    load: index / 7,
    user: `u${index % 321}`,
  })
export const BAD = [
  '',
  'no json',
  '{"ts":"2026-01-01T24:00:00Z"}',
  '{"ts":"2026-01-01T00:00:00Z","ms":"x"}',
  '{"a":1,}',
]
export const EDGE = [
  'ts=2026-01-01T05:00:00Z bytes=9223372036854775807',
  'ts=2026-01-01T05:30:00Z bytes=9223372036854775807',
]

const QUANTILES = ['0.01', '0.5', '0.95', '0.999', '1']

/** As anybody may ask for it, so that equal answers are equal values. */
export async function readTotals(pipeline: Pipeline): Promise<Readonly<Record<string, unknown>>> {
  return {
    requests: await pipeline.queryCsv('http.requests', { quantiles: QUANTILES }),
    hourly: await pipeline.queryCsv('http.requests', { step: '1h', by: ['service'], quantiles: QUANTILES }),
    bytes: await pipeline.queryCsv('edge.bytes'),
    rejects: await pipeline.rejects('web'),
  }
}
