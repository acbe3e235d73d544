/** The plan: shared columns, stable versions, fields in use. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Measure, Metric, Source } from '../core/definition.ts'
import type { Expr } from '../core/expr.ts'
import { planMetric, planSource } from './build-plan.ts'
import { metricVersion } from './metric-version.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
const integer = { kind: 'integer', magnitude: '9223372036854775808' } as const
const field = (name: string): Expr => ({ node: 'field', name, type: integer })

const source: Source = {
  name: 'web',
  format: { kind: 'json' },
  time: { field: 'ts', path: ['ts'], layout: { kind: 'iso' }, zone: 'UTC' },
  nullTexts: [],
  fields: ['status', 'bytes', 'unused'].map((name) => ({ name, type: { kind: 'integer' }, path: [name] })),
}

function metric(measures: Measure[], change: Partial<Metric> = {}): Metric {
  return {
    name: 'requests',
    source: 'web',
    windowMs: 60_000,
    dimensions: [{ name: 'status', expr: field('status') }],
    measures,
    ratios: [],
    allowedLatenessMs: 0,
    ...change,
  }
}

const total: Measure = { name: 'sent', call: { aggregate: 'sum', argument: field('bytes') } }
const mean: Measure = { name: 'mean_sent', call: { aggregate: 'mean', argument: field('bytes') } }
const requests: Measure = { name: 'requests', call: { aggregate: 'count' } }
const percentiles: Measure = { name: 'size', call: { aggregate: 'quantiles', argument: field('bytes') } }
const users: Measure = { name: 'users', call: { aggregate: 'distinct', argument: field('bytes') } }

describe('planMetric', () => {
  it('shares equal columns between measures', () => {
    const plan = planMetric(source, metric([requests, total, mean]), digest)
    expect(plan.tallies).toHaveLength(1)
    expect(plan.tallies[0]!.columns.map((column) => column.fn).sort()).toEqual(['count', 'count', 'sum'])
    const [, sent, meanSent] = plan.measures
    expect(meanSent!.columns[0]).toBe(sent!.columns[0])
  })

  it('always counts records in the base tally', () => {
    const plan = planMetric(source, metric([total]), digest)
    expect(plan.tallies[0]!.columns.map((column) => column.column)).toContain('records')
  })

  it('gives each sketch a keyed tally of its own', () => {
    const plan = planMetric(source, metric([percentiles, users]), digest)
    expect(plan.tallies.map((tally) => tally.key?.node)).toEqual([undefined, 'call', 'call'])
    expect(new Set(plan.measures.map((measure) => measure.tally)).size).toBe(2)
  })

  it('names the fields in use, in order', () => {
    expect(planMetric(source, metric([total]), digest).usedFields).toEqual(['bytes', 'status'])
  })
})

describe('the version', () => {
  const version = (measures: Measure[], change: Partial<Metric> = {}) =>
    planMetric(source, metric(measures, change), digest).version
  const base = version([requests, total])

  it('ignores names, order, units, ratios and lateness', () => {
    expect(version([total, requests])).toBe(base)
    expect(
      version([
        { ...requests, name: 'hits' },
        { ...total, unit: 'By' },
      ]),
    ).toBe(base)
    expect(version([requests, total], { allowedLatenessMs: 5 })).toBe(base)
  })

  it('changes with window, dimensions, where and tallies', () => {
    const condition: Expr = { node: 'literal', value: true, type: { kind: 'boolean' } }
    const others = [
      version([requests, total], { windowMs: 1000 }),
      version([requests, total], { dimensions: [] }),
      version([requests, total], { where: condition }),
      version([requests]),
    ]
    expect(new Set([base, ...others]).size).toBe(5)
  })

  it('changes with the type of a used field, not with an unused one', () => {
    const retyped = (name: string): Source => ({
      ...source,
      fields: source.fields.map((each) => (each.name === name ? { ...each, type: { kind: 'float' } } : each)),
    })
    expect(planMetric(retyped('unused'), metric([requests, total]), digest).version).toBe(base)
    expect(planMetric(retyped('bytes'), metric([requests, total]), digest).version).not.toBe(base)
  })
})

describe('the version and the source', () => {
  const plan = planMetric(source, metric([total]), digest)
  const other = planMetric({ ...source, name: 'site' }, metric([total], { source: 'site' }), digest)

  it('differs by the name of the source, and the meaning does not', () => {
    expect(other.version).not.toBe(plan.version)
    expect(other.meaning).toBe(plan.meaning)
  })

  it('is known under another name from the meaning alone', () => {
    expect(metricVersion(plan.meaning, 'site', digest)).toBe(other.version)
  })

  it('asks nothing of the name that the source had', () => {
    expect(planMetric({ ...source, was: 'www' }, metric([total]), digest).version).toBe(plan.version)
  })
})

describe('the version and the zone', () => {
  const version = (time: Partial<Source['time']>) =>
    planMetric({ ...source, time: { ...source.time, ...time } }, metric([total]), digest).version

  it("hashes the zone's changes, whatever its name", () => {
    expect(version({ zone: 'US/Pacific' })).toBe(version({ zone: 'America/Los_Angeles' }))
    expect(version({ zone: 'Etc/UTC' })).toBe(version({ zone: 'UTC' }))
    const zones = [
      'UTC',
      '+01:00',
      'Europe/Berlin',
      'Europe/London',
      'America/Los_Angeles',
      'America/Vancouver',
    ]
    expect(new Set(zones.map((zone) => version({ zone }))).size).toBe(zones.length)
  })

  it('leaves out the zone of an epoch, which needs none', () => {
    const layout = { kind: 'epoch_s' } as const
    expect(version({ layout, zone: 'Europe/Berlin' })).toBe(version({ layout }))
  })
})

describe('planSource', () => {
  it('parses only the fields that some metric uses', () => {
    const plan = planSource(source, [metric([total], { dimensions: [] })], digest)
    expect(plan.fields.map((each) => each.name)).toEqual(['bytes'])
  })

  it('is plain data', () => {
    const plan = planSource(source, [metric([requests, percentiles])], digest)
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })
})
