/** Odd lines of JSON in one query of Flink: what it tallies and what it passes on add up to the embedded engine's totals. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { defineText, Pipeline } from '../pipeline.ts'
import { FlinkRowsEngine, seen } from './flink-rows-engine.ts'

const DEFINITION = defineText(`sources:
  web: { format: json, time: ts, fields: { id.x: string, n: integer, ms: decimal(2), ok: boolean } }
metrics:
  requests:
    source: web
    window: 1m
    dimensions: { id: id.x, ok: ok }
    measures: { count: count(), n: sum(n), least: min(n), ms: sum(ms), spread: quantiles(n), who: distinct(id.x) }
`)
const TIME = '"ts":"2026-03-02T10:00:01.5Z"'
const VALUES = [
  ...[
    '1',
    '-1',
    '0',
    '-0',
    '1.0',
    '1.5',
    '1e2',
    '"7"',
    '"x"',
    'null',
    'true',
    'false',
    '""',
    '" "',
    '{}',
    '[]',
    '[1]',
  ],
  ...[
    '123456789012345678',
    '1234567890123456789',
    '12345678901234567890',
    '0.1',
    '0.12',
    '0.125',
    '01',
    '+1',
    '.5',
    '1.',
  ],
  ...[
    '"a\\"b"',
    '"a\\\\b"',
    '"\\u0041"',
    '"\\ud800"',
    '"\\u0000"',
    '"naïve 😀"',
    '"a\tb"',
    '"a:b,c"',
    '"}"',
    '"it\'s"',
    'nul',
  ],
]
const ODD_TIMES = [
  ...[
    '2026-03-02 10:00:01',
    '2026-03-02T10:00:01Z',
    '2026-03-02T10:00:01.123456789Z',
    '2026-03-02T10:00:01,5Z',
  ],
  ...[
    '2026-02-30T10:00:01Z',
    '2024-02-29T23:59:59.9Z',
    '2026-03-02T24:00:00Z',
    '2026-03-02T10:00:01+01:00',
    '',
    'x',
  ],
]
const SUITE = resolve('../shared/data/suites/jsontestsuite')

function makeLines(): Buffer[] {
  const fields = ['id.x', 'n', 'ms', 'ok']
  const texts = [
    ...fields.flatMap((field) => VALUES.map((value) => `{${TIME},"${field}":${value}}`)),
    ...VALUES.map((value) => ` { ${TIME} , "n"\t: ${value} , "id.x":"y" } `),
    ...ODD_TIMES.map((time) => `{"ts":"${time}","n":3}`),
    ...[
      `{${TIME},"n":1,"n":2}`,
      `{${TIME},"n":1,"x":{"n":2}}`,
      `{${TIME},"x":"n","n":2}`,
      `{${TIME},"nn":1,"idxx":"z"}`,
    ],
    ...[
      `{${TIME},"n":1}x`,
      `{${TIME},"n":1,}`,
      `{${TIME} "n":1}`,
      `${TIME},"n":1}`,
      `{${TIME}"n":1}`,
      `{${TIME},"id.x":"a""n":1}`,
      `{${TIME},"id.x":"a"x,"n":1}`,
      `{"n":1${TIME}}`,
      `{"n":1"x":2,${TIME}}`,
      `{"n":1",${TIME}}`,
      `{"x":"y""n":1,${TIME}}`,
      `{"x":1"n":1,${TIME}}`,
      `{{${TIME},"n":1}`,
      `{${TIME},"n":1}}`,
      `{${TIME},"n":1, }`,
      `{,${TIME},"n":1}`,
      `{ ${TIME}, "n": 5, "id.x": "y", "x": [1, "a", null] }`,
      `{ ${TIME}, "n": 5, "id.x": "y", "x": [1, "a", null]}`,
      `{${TIME},"x":[1,],"n":5}`,
      `{${TIME},"x":["n"],"n":5,"id.x":"é","y":"\\u00e9\\n"}`,
      `{${TIME},"id\\u002ex":"z","n":5}`,
      `{"id.x":null,${TIME},"ok": true,"n": 6,"ms": -1.5}`,
      `{"id.x":7,${TIME},"ok":"false","n":"6","ms":"2"}`,
      `{"id.x": 7,${TIME},"ok": "false","n": "6","ms": "2.25","nul":null}`,
      '{}',
      '[]',
      '',
      'null',
      `{${TIME},"n":1`,
      `{${TIME}}`,
    ],
  ]
  const bad = [0x80, 0xff, 0xc3].map((byte) =>
    Buffer.concat([Buffer.from(`{${TIME},"id.x":"a`), Buffer.from([byte]), Buffer.from('"}')]),
  )
  const long = [300, 70_000].map((length) =>
    Buffer.from(`{${TIME},"id.x":"a","pad":"${'x'.repeat(length)}"}`),
  )
  return [...[...texts, ...edits()].map((text) => Buffer.from(text)), ...bad, ...long, ...suiteLines()]
}

/** One character more or less, at each place of a plain line. */
function edits(): string[] {
  const line = `{${TIME},"id.x":"a","n":1,"x":"b","ms":2.5,"y":[1,"c"],"ok":true}`
  const places = Array.from({ length: line.length + 1 }, (_, place) => place)
  return places.flatMap((place) => [
    line.slice(0, place) + line.slice(place + 1),
    ...[...'{}[]",:\\ 0-x'].map((character) => line.slice(0, place) + character + line.slice(place)),
  ])
}

/** Those of one line, as values and as whole lines. */
function suiteLines(): Buffer[] {
  if (!existsSync(SUITE)) return []
  const files = readdirSync(SUITE).filter((name) => name.endsWith('.json'))
  const contents = files.map((name) => readFileSync(join(SUITE, name))).filter((text) => text.length < 5000)
  return contents
    .filter((text) => !text.includes(0x0a))
    .flatMap((text) => [text, Buffer.concat([Buffer.from(`{${TIME},"n":`), text, Buffer.from('}')])])
}

it('flink tallies only what it reads as the embedded engine does', async () => {
  const lines = makeLines()
  await compare(DEFINITION, ['requests'], lines)
  console.log(`${lines.length} odd lines: ${JSON.stringify(seen)}`)
  expect(seen.ours).toBeGreaterThan(200)
}, 900_000)

const KINDS = ['string', 'integer', 'decimal(2)', 'float', 'boolean']
const FIELDS = Array.from({ length: 30 }, (_, place) => ({
  name: `field_${place}`,
  kind: KINDS[place % KINDS.length]!,
}))
const measuresOf = (kind: string, print: (name: string) => string) =>
  FIELDS.filter((field) => field.kind === kind)
    .map(({ name }) => print(name))
    .join(', ')
/** Metrics that share rows, with conditions and without, and one of other groups. */
const MANY_FIELDS = defineText(`sources:
  web:
    format: json
    time: { field: ts, layout: epoch_ns }
    nulls: ["-", "none"]
    fields: { ${FIELDS.map(({ name, kind }) => `${name}: ${kind}`).join(', ')} }
metrics:
  sums: { source: web, window: 1m, measures: { ${measuresOf('integer', (name) => `s_${name}: sum(${name})`)}, spread: quantiles(field_1) } }
  most: { source: web, window: 1m, where: field_4, measures: { ${measuresOf('decimal(2)', (name) => `m_${name}: max(${name})`)}, amounts: distinct(field_2) } }
  texts: { source: web, window: 1m, where: field_1 > 0 or field_9, measures: { users: distinct(field_0), others: distinct(field_5) } }
  by_text: { source: web, window: 1h, dimensions: { d: field_0, e: field_4 }, where: field_1 < 40, measures: { n: count(), sent: sum(field_2) } }
`)

function manyFields(): Buffer[] {
  const value = (kind: string, number: number) => {
    if (number % 11 === 3) return ['null', '"-"', '"none"'][number % 3]!
    const values: Readonly<Record<string, string>> = {
      ...{
        string: `"v${number % 7}"`,
        integer: String(number % 90),
        'decimal(2)': `${number % 50}.${number % 10}`,
      },
      ...{ float: `${number % 9}.5`, boolean: String(number % 2 === 0) },
    }
    return values[kind]!
  }
  return Array.from({ length: 300 }, (_, line) => {
    const members = FIELDS.filter((_, place) => (line + place) % 13 !== 5).map(
      ({ name, kind }, place) => `"${name}": ${value(kind, line * 31 + place * 7)}`,
    )
    members.splice(
      line % members.length,
      0,
      `"ts": ${1_772_445_600_000_000_000n + BigInt(line) * 777_777_777n}`,
    )
    return Buffer.from(`{${members.join(', ')}}`)
  })
}

it('flink reads thirty fields into rows that metrics share', async () => {
  const before = seen.ours
  await compare(MANY_FIELDS, ['sums', 'most', 'texts', 'by_text'], manyFields())
  expect(seen.ours - before).toBe(300)
}, 900_000)

async function compare(
  definition: ReturnType<typeof defineText>,
  metrics: readonly string[],
  lines: readonly Buffer[],
): Promise<void> {
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
  const sides = [new Pipeline(definition), new Pipeline(definition, {}, async () => new FlinkRowsEngine())]
  const answers: unknown[] = []
  for (const side of sides) {
    await side.ingest('web', bytes)
    await side.batch()
    const totals: string[] = []
    for (const metric of metrics)
      totals.push(await side.queryCsv(metric, { quantiles: ['0.01', '0.5', '1'] }))
    const { lines: rejected } = await side.rejects('web', lines.length)
    // Of lines that come by a stream no block is known.
    answers.push({ totals, rejected: rejected.map(({ block: _, ...rest }) => rest) })
    side.remove()
  }
  expect(answers[1]).toEqual(answers[0])
}
