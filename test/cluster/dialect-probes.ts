/** The probes: rules and random worlds that are tested elsewhere, and what is hard for an engine on Java. */
import { checkText } from '../../src/define/load-definition.ts'
import { randomWorld, worldText } from '../model/random-world.ts'
import { splitLines } from '../model/read-line.ts'
import { EXPRESSION_CASES } from '../mutants/expression-cases.ts'
import { EVENT_MS, FIELDS, PARSE_CASES, type RuleCase } from '../mutants/rule-cases.ts'
import { type Probe, planData } from './dialect-probe.ts'
import { JSON_PROBES } from './json-probes.ts'
import { QUICK_PROBES } from './quick-probes.ts'
import { REGEX_PROBES } from './regex-probes.ts'
import { sample } from './sample.ts'
import { TEXT_PROBES } from './text-probes.ts'
import { TIME_PROBES } from './time-probes.ts'
import { VALUE_PROBES } from './value-probes.ts'

const WORLDS = Number(process.env.MILLRACE_WORLDS ?? 24)
const CHUNK = 8

export function dialectProbes(): readonly Probe[] {
  const only = process.env.MILLRACE_PROBE
  const all = [
    ...ruleProbes(),
    ...VALUE_PROBES,
    ...REGEX_PROBES,
    ...JSON_PROBES,
    ...QUICK_PROBES,
    ...TEXT_PROBES,
    ...TIME_PROBES,
    ...worldProbes(),
  ]
  return only ? all.filter(({ name }) => name.includes(only)) : sample('dialect probes', all)
}

/** Rules of one source are one probe, so that every value is computed of every line. */
function ruleProbes(): Probe[] {
  const cases = [...PARSE_CASES, ...EXPRESSION_CASES]
  const own = cases.filter(({ source }) => source)
  const plain = cases.filter(({ source }) => !source)
  const chunks = Array.from({ length: Math.ceil(plain.length / CHUNK) }, (_, index) =>
    plain.slice(index * CHUNK, (index + 1) * CHUNK),
  )
  return [...own.map((each) => [each]), ...chunks].map(ruleProbe)
}

function ruleProbe(cases: readonly RuleCase[]): Probe {
  const source = cases[0]!.source ?? { format: 'json', time: 'ts', fields: FIELDS }
  const metrics = cases.map(({ value }, index) => {
    const dimensions = value === EVENT_MS() ? {} : { v: value }
    return [`m${index}`, { source: 'src', window: '1d', dimensions, measures: { n: 'count()' } }]
  })
  return {
    name: `rules: ${cases.map(({ rule }) => rule).join('; ')}`,
    plan: planData({ sources: { src: source }, metrics: Object.fromEntries(metrics) }),
    lines: cases.flatMap(({ lines }) => lines.map(([line]) => fillStamp(line))),
  }
}

function fillStamp(line: string | Buffer): Buffer {
  const text = Buffer.from(line).toString('latin1').replace(':TS', ':"2024-03-05T10:20:30Z"')
  return Buffer.from(text, 'latin1')
}

function worldProbes(): Probe[] {
  return Array.from({ length: WORLDS }, (_, index) => {
    const world = randomWorld(5000 + index, 5)
    const metrics = world.metrics.filter((metric) => {
      const { diagnostics } = checkText(
        worldText({ source: world.source, metrics: [metric] }),
        'millrace.yaml',
      )
      return diagnostics.length === 0
    })
    const plan = planData(JSON.parse(worldText({ source: world.source, metrics })))
    return {
      name: `world ${world.seed}`,
      plan,
      lines: splitLines(world.bytes),
      withPartials: index % 4 === 0,
    }
  })
}
