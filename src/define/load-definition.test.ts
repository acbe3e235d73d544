/** Definitions from files: the good one in full, broken ones each with the code and place of every problem. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BROKEN } from './fixtures/broken-definitions.ts'
import { DESIGN_EXAMPLE } from './fixtures/design-example.ts'
import { checkText, loadDefinition } from './load-definition.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-define-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

test('loads the example of the design', async () => {
  const file = await write('good.yaml', `${DESIGN_EXAMPLE}archive: { mirror: ../copy }\n`)
  const { definition, diagnostics } = await loadDefinition(file)
  expect(diagnostics).toEqual([])
  expect(definition!.archive.mirror).toBe(join(folder, '../copy'))
  const source = definition!.sources.get('web')!
  expect(source.time).toEqual({ field: 'ts', path: ['ts'], layout: { kind: 'iso' }, zone: 'UTC' })
  expect(source.fields[3]).toEqual({
    ...{ name: 'duration_ms', path: ['duration_ms'] },
    type: { kind: 'decimal', scale: 3 },
  })
  const metric = definition!.metrics.get('http.server.requests')!
  expect(metric).toMatchObject({ source: 'web', windowMs: 60_000, allowedLatenessMs: 600_000 })
  expect(metric.dimensions.map((dimension) => dimension.name)).toEqual(['service', 'class'])
  expect(metric.measures.map((measure) => measure.call.aggregate)).toEqual([
    ...['count', 'count', 'sum', 'quantiles', 'distinct'],
  ])
  expect(metric.measures.map((measure) => measure.unit)).toEqual([
    undefined,
    undefined,
    'By',
    'ms',
    undefined,
  ])
  expect(metric.ratios.map((ratio) => ratio.name)).toEqual(['error_rate'])
})

test('adapters keep their address and options, with paths from the file on', async () => {
  const file = await write(
    'cluster.yaml',
    `${DESIGN_EXAMPLE}archive: { hdfs: "http://namenode:9870", path: /millrace, replication: 3 }
batch: { spark: "spark://master:7077", memory: 2g, home: ../spark }
report: { postgres: "postgres://millrace@db/metrics" }
`,
  )
  const { definition, diagnostics } = await loadDefinition(file)
  expect(diagnostics).toEqual([])
  expect(definition).toMatchObject({
    archive: {
      adapter: {
        adapter: 'hdfs',
        address: 'http://namenode:9870',
        options: { path: '/millrace', replication: 3 },
      },
    },
    batch: { adapter: { adapter: 'spark', options: { memory: '2g', home: join(folder, '../spark') } } },
    report: { adapter: { adapter: 'postgres', address: 'postgres://millrace@db/metrics', options: {} } },
  })
})

test('the same definition in JSON is the same', async () => {
  const { definition } = await loadDefinition(await write('same.yaml', DESIGN_EXAMPLE))
  const { parse } = await import('yaml')
  const json = JSON.stringify(parse(DESIGN_EXAMPLE), undefined, '\t')
  const loaded = await loadDefinition(await write('same.json', json))
  expect(loaded.diagnostics).toEqual([])
  expect(loaded.definition!.metrics).toEqual(definition!.metrics)
  expect(loaded.definition!.sources).toEqual(definition!.sources)
})

describe('a broken definition gives every problem with its place:', () => {
  test.each(BROKEN.map((item) => [item.what, item] as const))('%s', (_what, { text, problems }) => {
    const { definition, diagnostics } = checkText(text, 'millrace.yaml')
    expect(definition).toBeUndefined()
    expect(diagnostics.map(({ code, line, column }) => `${code} ${line}:${column}`)).toEqual(problems)
    for (const { message, hint } of diagnostics) {
      expect(message).toMatch(/^\S.*\.$/s)
      expect(`${message} ${hint}`).not.toMatch(/\{\w+\}|\[object|NaN/)
    }
  })
})

test('hints name what was meant', () => {
  const hintOf = (from: string, to: string): string | undefined =>
    checkText(DESIGN_EXAMPLE.replace(from, to), 'x').diagnostics[0]?.hint
  expect(hintOf('window: 1m', 'windwo: 1m')).toBe('Did you mean window?')
  expect(hintOf('source: web', 'source: wbe')).toBe('Did you mean web?')
  expect(hintOf('status: integer', 'status: int')).toBe('Write integer.')
  expect(hintOf('status: integer', 'status: intger')).toBe('Did you mean integer?')
  expect(hintOf('window: 1m', 'window: 7m')).toBe('Windows near it that do: 6m, 8m')
  expect(hintOf('format: json', 'format: jsno')).toBe('Did you mean json?')
  expect(hintOf('window: 1m', 'window: 60')).toBe('For example: "1m"')
})

test('a binary file, a folder and a file that is not there are told apart', async () => {
  const binary = await loadDefinition(await write('photo.yaml', new Uint8Array([0xff, 0xd8, 0, 1])))
  expect(binary.diagnostics).toMatchObject([{ code: 'DEFINE_NOT_TEXT', line: 1, column: 1 }])
  await expect(loadDefinition(join(folder, 'none.yaml'))).rejects.toMatchObject({ code: 'DEFINE_UNREADABLE' })
  await expect(loadDefinition(folder)).rejects.toThrow(/it is a folder/)
})

test('no YAML crashes the loader', () => {
  const key = fc.oneof(
    fc.constantFrom(
      ...['sources', 'metrics', 'web', 'format', 'csv', 'pattern', 'columns', 'time', 'fields'],
    ),
    fc.constantFrom(
      ...['source', 'window', 'measures', 'ratios', 'dimensions', 'where', '__proto__', 'constructor'],
    ),
    fc.string({ maxLength: 8 }),
  )
  const leaf = fc.oneof(
    fc.constantFrom<unknown>('json', 'integer', 'count()', '1m', 'a / b', 'web', null, true, 1, ''),
    fc.string({ unit: 'binary', maxLength: 12 }),
  )
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      fc.array(tie('node'), { maxLength: 3 }),
    ),
  })).node
  const someOf = <T>(value: fc.Arbitrary<T>) => fc.dictionary(key, value, { maxKeys: 5 })
  const document = fc.record(
    { sources: someOf(someOf(tree)), metrics: someOf(someOf(tree)) },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(document, tree), (data) => {
      const { definition, diagnostics } = checkText(JSON.stringify(data) ?? '', 'x.yaml')
      expect(definition === undefined).toBe(diagnostics.length > 0)
    }),
    { numRuns: 1500 },
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(DESIGN_EXAMPLE.length), fc.nat(20), (junk, at, cut) => {
      checkText(DESIGN_EXAMPLE.slice(0, at) + junk + DESIGN_EXAMPLE.slice(at + cut), 'x.yaml')
      checkText(junk, 'x.yaml')
    }),
    { numRuns: 500 },
  )
  for (const deep of ['[', '{a: ', '- ', '&a [*a, ']) checkText(deep.repeat(20_000), 'x.yaml')
})

test('names of JavaScript objects are ordinary names, except __proto__', () => {
  const text = DESIGN_EXAMPLE.replaceAll('service', 'constructor').replaceAll('web', 'toString')
  const { definition, diagnostics } = checkText(text, 'x.yaml')
  expect(diagnostics).toEqual([])
  expect(definition!.sources.get('toString')!.fields[0]!.name).toBe('constructor')
})
