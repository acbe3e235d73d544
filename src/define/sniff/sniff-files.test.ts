/** Sniffed definitions: right about the samples, and always free of problems. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MillraceError } from '../../core/error.ts'
import { loadWithoutProblems } from '../fixtures/load-without-problems.ts'
import { sniffFiles } from './sniff-files.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const sniff = (lines: readonly string[], name = 'app.log'): string =>
  sniffFiles([{ name, head: encode(`${lines.join('\n')}\n`) }]).text

function sourceOf(lines: readonly string[], name?: string) {
  const definition = loadWithoutProblems(sniff(lines, name))
  const [source] = [...definition.sources.values()]
  const [metric] = [...definition.metrics.values()]
  return { source: source!, metric: metric!, types: typesOf(source!.fields) }
}

const typesOf = (fields: readonly { name: string; type: { kind: string; scale?: number } }[]) =>
  Object.fromEntries(fields.map(({ name, type }) => [name, type.kind + (type.scale ?? '')]))

const JSON_LINES = Array.from({ length: 20 }, (_, i) =>
  JSON.stringify({
    ts: `2026-01-02T03:04:${10 + i}Z`,
    ...{
      level: i % 5 ? 'info' : 'error',
      service: `s${i % 2}`,
      ok: i % 2 === 0,
      status: 200 + (i % 4) * 100,
    },
    ...{ duration_ms: 12.25 + i, user: `u${i}`, 'id.orig_h': `10.0.0.${i}`, 'odd name': 'x', tags: ['a'] },
    response: { bytes: 100 * i, head: { type: 'html', deep: { deeper: 1 } } },
  }),
)

describe('formats', () => {
  test('json: types, dotted keys, nested paths, metric', () => {
    const { source, metric, types } = sourceOf(JSON_LINES, '/var/log/web-1.ndjson')
    expect(source.name).toBe('web')
    expect(source.format).toEqual({ kind: 'json' })
    expect(source.time).toMatchObject({ field: 'ts', layout: { kind: 'iso' } })
    expect(types).toEqual({
      ...{ level: 'string', service: 'string', ok: 'boolean', status: 'integer', duration_ms: 'decimal4' },
      ...{ user: 'string', 'id.orig_h': 'string', 'odd name': 'string', 'response.bytes': 'integer' },
      'response.head.type': 'string',
    })
    const pathOf = (name: string) => source.fields.find((field) => field.name === name)?.path
    expect(pathOf('id.orig_h')).toEqual(['id.orig_h'])
    expect(pathOf('response.head.type')).toEqual(['response', 'head', 'type'])
    expect(metric.name).toBe('web.requests')
    expect(metric.windowMs).toBe(60_000)
    expect(metric.dimensions.map(({ name }) => name)).toEqual([
      ...['level', 'service', 'response_head_type', 'status_class'],
    ])
    expect(metric.measures.map(({ name, call, unit }) => [name, call.aggregate, unit])).toEqual([
      ['requests', 'count', undefined],
      ['errors', 'count', undefined],
      ['duration_ms', 'quantiles', 'ms'],
      ['duration_ms_sum', 'sum', 'ms'],
      ['response_bytes', 'quantiles', 'By'],
      ['response_bytes_sum', 'sum', 'By'],
      ['user_distinct', 'distinct', undefined],
      ['id_orig_h_distinct', 'distinct', undefined],
    ])
    expect(metric.ratios.map(({ name }) => name)).toEqual(['error_rate'])
  })

  test('logfmt', () => {
    const { source, types } = sourceOf(
      [1, 2, 3].map((i) => `t=2026-01-02T03:04:0${i}Z level=info msg="a b" took=1.${i} n=${i}`),
    )
    expect(source.format).toEqual({ kind: 'logfmt' })
    expect(source.time.field).toBe('t')
    expect(types).toEqual({ level: 'string', msg: 'string', took: 'decimal3', n: 'integer' })
  })

  test('combined and common access logs', () => {
    const common = '1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.0" 200 -'
    expect(sourceOf([common]).source.format).toEqual({ kind: 'common' })
    const { source, metric } = sourceOf([`${common} "-" "curl \\"7\\""`])
    expect(source.format).toEqual({ kind: 'combined' })
    expect(metric.measures[1]?.name).toBe('errors')
  })

  test('csv by its header, with nulls and another delimiter; tsv', () => {
    const csv = sourceOf(['at;amount;name', '03.01.2026 10:00:00;1.50;"a;b"', '31.01.2026 10:00:00;NA;c'])
    expect(csv.source.format).toMatchObject({
      kind: 'csv',
      delimiter: ';',
      columns: ['at', 'amount', 'name'],
    })
    expect(csv.source.nullTexts).toEqual(['NA'])
    expect(csv.types).toEqual({ amount: 'decimal4', name: 'string' })
    expect(csv.source.time.layout).toEqual({ kind: 'strptime', format: '%d.%m.%Y %H:%M:%S' })
    const tsv = sourceOf(['time\tbytes', '1700000000\t5', '1700000060\t6'])
    expect(tsv.source).toMatchObject({ format: { delimiter: '\t' }, time: { layout: { kind: 'epoch_s' } } })
  })
})

describe('patterns', () => {
  const CASES: readonly (readonly [string, string, string, readonly string[]])[] = [
    [
      'syslog',
      'Jun 14 15:16:01 combo sshd(pam_unix)[19939]: failure',
      'rfc3164',
      ['host', 'program', 'pid', 'message'],
    ],
    [
      'a syslog line without a program',
      'Jun  4 15:16:01 combo last message repeated',
      'rfc3164',
      ['host', 'program', 'pid', 'message'],
    ],
    [
      'log4j',
      '2015-10-18 18:01:47,978 INFO [main] org.apache.X: Created',
      'iso',
      ['level', 'thread', 'logger', 'message'],
    ],
    [
      'log4j with a short date',
      '17/06/09 20:10:40 INFO executor.Backend: Registered',
      '%y/%m/%d %H:%M:%S',
      ['level', 'logger', 'message'],
    ],
    [
      'Apache errors',
      '[Sun Dec 04 04:47:44 2005] [error] [client 1.2.3.4] no',
      '%a %b %d %H:%M:%S %Y',
      ['level', 'client', 'message'],
    ],
    [
      'Apache 2.4 errors',
      '[Sun Dec 04 04:47:44.123456 2005] [core:error] [pid 1:tid 2] no',
      '%a %b %d %H:%M:%S %Y',
      ['module', 'level', 'pid', 'client', 'message'],
    ],
    [
      'nginx errors',
      '2026/01/02 03:04:05 [error] 12#34: *5 open() failed',
      '%Y/%m/%d %H:%M:%S',
      ['level', 'pid', 'message'],
    ],
    [
      'glog',
      'E0517 15:04:22.619632 1952452992 logging.cc:253] Log',
      '%m%d %H:%M:%S',
      ['level', 'thread', 'file', 'line', 'message'],
    ],
    ['a level after the stamp', '2012-07-02 10:22:40,672:DEBUG:foo bar', 'iso', ['level', 'message']],
    ['milliseconds', '1428634687123 Hello, World!', 'epoch_ms', ['message']],
    ['a stamp in the middle', 'up [26/Jul/2023:00:01:26 -0700] down', 'access_log', ['before', 'message']],
    [
      'an access log with more columns',
      'host 1.2.3.4 [26/Jul/2023:00:01:26 -0700] "GET /a?b HTTP/2.0" 200 17 9',
      'access_log',
      ['before', 'method', 'path', 'status', 'bytes', 'message'],
    ],
  ]
  test.each(CASES)('%s', (_what, line, layout, fields) => {
    const { source } = sourceOf([line, line])
    expect(source.format.kind).toBe('pattern')
    expect(source.time.layout.kind === 'strptime' ? source.time.layout.format : source.time.layout.kind).toBe(
      layout,
    )
    const { regex } = source.format as { regex: string }
    const groups = [...regex.matchAll(/\(\?P<(\w+)>/g)]
      .map((match) => match[1])
      .filter((name) => name !== 'time')
    expect(groups).toEqual(fields)
  })

  test('a year from the name of the file, else none, for ingest takes it from its last change', () => {
    const line = 'Jun 14 15:16:01 combo su[1]: x'
    expect(sourceOf([line], 'auth-2019.log').source.time.year).toBe(2019)
    const head = encode(`${line}\n`)
    const { text } = sniffFiles([{ name: 'auth.log', head, modifiedMs: Date.UTC(2011, 5, 20) }])
    expect([...loadWithoutProblems(text).sources.values()][0]?.time.year).toBeUndefined()
    expect(text).toContain('taken from the last change of each file: 2011 here')
  })

  test('day and month are told apart by the stamps', () => {
    const layoutOf = (stamps: readonly string[]) =>
      sourceOf(stamps.map((stamp) => `${stamp} x`)).source.time.layout
    expect(layoutOf(['31/01/2026 10:00:00'])).toMatchObject({ format: '%d/%m/%Y %H:%M:%S' })
    expect(layoutOf(['01/31/2026 10:00:00'])).toMatchObject({ format: '%m/%d/%Y %H:%M:%S' })
  })
})

test('values: whole, with a point, too long, with exponents, leading zeros', () => {
  const typeOf = (value: string) => sourceOf([`{"ts":"2026-01-02T03:04:05Z","v":${value}}`]).types.v
  expect(typeOf('12')).toBe('integer')
  expect(typeOf('12.0')).toBe('decimal3')
  expect(typeOf('0.123456789012')).toBe('decimal9')
  expect(typeOf('1e300')).toBe('float')
  expect(typeOf('"12"')).toBe('string')
  expect(
    sourceOf(
      ['at,zip', '2026-01-02,01234', '2026-01-02T00:00:00Z,01234']
        .slice(0, 1)
        .concat('2026-01-02T00:00:00Z,01234'),
    ).types.zip,
  ).toBe('string')
})

test('windows grow with the span of the sample', () => {
  const windowOf = (days: number) =>
    sourceOf([0, days * 86_400].map((s) => `{"ts":${1_700_000_000 + s},"a":1}`)).metric.windowMs
  expect([0, 7, 60, 400].map(windowOf)).toEqual([60_000, 600_000, 3_600_000, 86_400_000])
})

test('files of one kind make one source, others their own', () => {
  const head = encode(`${JSON_LINES.join('\n')}\n`)
  const other = encode('2012-07-02 10:22:40,672:DEBUG:foo\n')
  const names = ['web-1.log', 'web-2.log', 'app.log', 'sub/app.txt']
  const { text } = sniffFiles(
    names.map((name, i) => ({ name, head: i === 2 ? other : i === 3 ? encode('1700000000 x\n') : head })),
  )
  expect([...loadWithoutProblems(text).sources.keys()]).toEqual(['web', 'app', 'app_2'])
  expect(text).toContain('# From web-1.log, web-2.log: 40 of 40 lines')
})

test('the first line names the schema; BOM, CRLF and a cut last line do no harm', () => {
  const head = encode(`\uFEFF${JSON_LINES.join('\r\n')}\r\n{"ts":"20`)
  const { text } = sniffFiles([{ name: 'x\n# - y', head }])
  expect(text.split('\n')[0]).toBe(
    '# yaml-language-server: $schema=./node_modules/millrace/schema/millrace.schema.json',
  )
  expect(text).toContain('20 of 20 lines')
  loadWithoutProblems(text)
})

test('names that are dangerous, odd or too long', () => {
  const object = {
    ts: 1_700_000_000,
    'a"b\'c': 1,
    'x: y #': 'v',
    ü: true,
    null: 1,
    ['k'.repeat(200)]: 1,
    'a\u0001': 1,
    '': 2,
  }
  const line = JSON.stringify(object).replace(
    '{',
    '{"__proto__":1,"window_start":"w","latency_p95":1.5,"latency":2.5,',
  )
  const { types } = sourceOf(
    [line, line, line, line].map((text, i) => text.replace('"w"', `"w${i % 2}"`)),
    "'; drop.log",
  )
  expect(Object.keys(types).sort()).toEqual(
    [...['a"b\'c', 'latency', 'latency_p95', 'null', 'window_start', 'x: y #', 'ü']].sort(),
  )
})

test('what cannot be known is an error with a code', () => {
  const codeOf = (head: Uint8Array): string => {
    try {
      return sniffFiles([{ name: 'f', head }]).text
    } catch (error) {
      return (error as MillraceError).code
    }
  }
  expect(codeOf(new Uint8Array())).toBe('SNIFF_EMPTY_FILE')
  expect(codeOf(encode('\n \n'))).toBe('SNIFF_EMPTY_FILE')
  expect(codeOf(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 1]))).toBe('SNIFF_BINARY_FILE')
  expect(codeOf(Uint8Array.from({ length: 500 }, (_, i) => ((i * 97) % 255) | 128))).toBe('SNIFF_BINARY_FILE')
  expect(codeOf(encode('hello\nworld\n'))).toBe('SNIFF_NO_TIME')
  expect(() => sniffFiles([])).toThrow(MillraceError)
})

test('any JSON, whatever its keys and values, gives a definition without problems', () => {
  const key = fc.oneof(
    fc.constantFrom(
      'status',
      'level',
      'user',
      'bytes',
      'duration_ms',
      'path',
      '__proto__',
      'a.b',
      'sum',
      'and',
    ),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  const value = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.string({ maxLength: 4 }),
  )
  const nested = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value, { maxKeys: 3 })), {
    maxKeys: 6,
  })
  fc.assert(
    fc.property(
      fc.array(nested, { minLength: 1, maxLength: 6 }),
      fc.string({ maxLength: 12 }),
      (objects, name) => {
        const lines = objects.map((object, i) =>
          JSON.stringify({ ts: 1_700_000_000 + i, ...object, time: 1_700_000_000 + i }),
        )
        loadWithoutProblems(sniff(lines, name))
      },
    ),
    { numRuns: 300 },
  )
})

const DATA = '../shared/data'
const FOLDERS = ['apache_combined', 'flights_csv', 'gharchive', 'iis_w3c', 'loghub', 'zeek_json', 'zoo']
const hasData = existsSync(DATA)
if (!hasData) console.warn(`SKIPPED: sniffing real logs, since ${DATA} is not there`)

describe.skipIf(!hasData)('real logs give definitions without problems', () => {
  test.each(FOLDERS)('%s', (folder) => {
    const files = readdirSync(`${DATA}/${folder}`).filter((name) => !/LICENSE|PKG-INFO/.test(name))
    let sniffed = 0
    for (const name of files) {
      const bytes = readFileSync(`${DATA}/${folder}/${name}`)
      const head = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).subarray(0, 131_072)
      try {
        const { text, undecided } = sniffFiles([{ name, head }])
        if (undecided.length === 0) loadWithoutProblems(text)
        sniffed++
      } catch (error) {
        if (!(error instanceof MillraceError)) throw error
        expect(error.code).toMatch(/^SNIFF_(NO_TIME|EMPTY_FILE)$/)
      }
    }
    console.log(`${folder}: ${sniffed} of ${files.length} files have a definition`)
    expect(sniffed).toBeGreaterThanOrEqual(files.length * 0.75)
  })
})
