/** A random source with lines and metrics, and its definition as text (JSON is YAML). */
import { Random } from './random.ts'
import { randomLine } from './random-line.ts'
import { randomMetric } from './random-metric.ts'
import type { FieldTypeText, ModelField, ModelFormat, ModelMetric, ModelSource } from './vocabulary.ts'

export interface World {
  readonly seed: number
  readonly source: ModelSource
  readonly metrics: readonly ModelMetric[]
  /** Input bytes, line ends included. */
  readonly bytes: Buffer
}

const TYPES: readonly (readonly [string, FieldTypeText])[] = [
  ['s', 'string'],
  ['t', 'string'],
  ['i', 'integer'],
  ['j', 'integer'],
  ['d', 'decimal(2)'],
  ['e', 'decimal(6)'],
  ['f', 'float'],
  ['b', 'boolean'],
]
const JSON_FIELDS: readonly ModelField[] = [
  { name: 'n', type: 'integer', path: ['deep', 'n'] },
  { name: 'k.l', type: 'string', path: ['k.l'] },
  { name: 'proto', type: 'string', path: ['__proto__'] },
  { name: `it's "odd"`, type: 'integer', path: [`it's "odd"`] },
]

/** The share of nasty lines is at least a fifth. */
export function randomWorld(seed: number, metricCount: number): World {
  const random = new Random(seed)
  const source = randomSource(random)
  const metrics = Array.from({ length: metricCount }, (_, index) =>
    randomMetric(random, source, `metric${index}`),
  )
  const lines = Array.from({ length: random.int(1, 60) }, () =>
    randomLine(random, source, random.chance(0.3)),
  )
  const ends = lines.map((_, index) =>
    random.chance(0.1) ? '\r\n' : index === lines.length - 1 && random.chance(0.5) ? '' : '\n',
  )
  const framed = lines.flatMap((line, index) => [line, Buffer.from(ends[index]!)])
  const bom = random.chance(0.1) ? [Buffer.from([0xef, 0xbb, 0xbf])] : []
  return { seed, source, metrics, bytes: Buffer.concat([...bom, ...framed]) }
}

function randomSource(random: Random): ModelSource {
  const kind = random.pick(['json', 'json', 'json', 'json', 'csv', 'logfmt', 'pattern'] as const)
  const plain = TYPES.map(([name, type]) => ({ name, type, path: [name] }))
  const fields = kind === 'json' ? [...plain, ...JSON_FIELDS] : plain
  const nulls = kind === 'json' || random.chance(0.5) ? [] : ['NA', '-']
  return { name: 'src', format: formatOf(random, kind), time: randomRule(random), nulls, fields }
}

/** Stamps without a year are dated by a file that was modified somewhat earlier or later. */
function randomRule(random: Random): ModelSource['time'] {
  if (!random.chance(0.15)) return { path: ['ts'], layout: 'iso' }
  const days = random.pick([-400, -70, -1, 0, 1, 300, 1000])
  const referenceMs = Date.UTC(2024, 2, 5) + days * 86_400_000 + random.int(0, 86_400_000)
  return { path: ['ts'], layout: 'rfc3164', referenceMs }
}

function formatOf(random: Random, kind: ModelFormat['kind']): ModelFormat {
  const names = TYPES.map(([name]) => name)
  if (kind === 'csv') return { kind, columns: [...names, 'ts'], delimiter: random.pick([',', ';', '\t']) }
  if (kind === 'pattern')
    return { kind, regex: ['(?P<ts>[^|]*)', ...names.map((name) => `(?P<${name}>[^|]*)`)].join('\\|') }
  return { kind }
}

/** The definition as its author would write it. */
export function worldText({ source, metrics }: Pick<World, 'source' | 'metrics'>): string {
  const fields = source.fields.map(({ name, type, path }) => [
    name,
    path[0] === name ? type : { type, from: path },
  ])
  const sources = {
    [source.name]: {
      format: formatText(source.format),
      time: { field: source.time.path[0], layout: source.time.layout },
      ...(source.nulls.length > 0 && { nulls: source.nulls }),
      fields: Object.fromEntries(fields),
    },
  }
  const texts = metrics.map(({ name, where, windowMs, dimensions, measures }) => [
    name,
    {
      source: source.name,
      ...(where !== undefined && { where }),
      window: `${windowMs}ms`,
      dimensions: Object.fromEntries(dimensions.map((each) => [each.name, each.text])),
      measures: Object.fromEntries(measures.map((each) => [each.name, each.text])),
    },
  ])
  return JSON.stringify({ sources, metrics: Object.fromEntries(texts) }, null, 1)
}

function formatText(format: ModelFormat) {
  if (format.kind === 'csv') return { csv: { columns: format.columns, delimiter: format.delimiter } }
  return format.kind === 'pattern' ? { pattern: format.regex } : format.kind
}
