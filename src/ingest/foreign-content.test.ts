/** What is plainly no lines of a source, and what is left to the engines though it is bad. */
import { describe, expect, it } from 'vitest'
import { foreignContent, type LineRule } from './foreign-content.ts'

const time = { field: 't', path: ['t'], layout: { kind: 'iso' }, zone: 'UTC' } as const
const rule = (format: LineRule['format'], path = 'a'): LineRule => {
  return { format, time, fields: [{ name: path, type: { kind: 'string' }, path: [path] }] }
}
const JSON_RULE = rule({ kind: 'json' })
const COMBINED = rule({ kind: 'combined' })
const CSV = rule({ kind: 'csv', delimiter: ',', columns: ['t', 'a'], header: false })
const is = (content: string | number[], of = JSON_RULE) =>
  foreignContent(typeof content === 'string' ? Buffer.from(content) : Buffer.from(content), of)?.is

const OTLP = '{"resourceLogs":[{"resource":{},"scopeLogs":[]}]}'
const LOKI = '{ "streams" : [ {"stream":{"app":"x"},"values":[["1","line"]]} ] }'
const words = (text: string) => [...Buffer.from(text)]

describe('what is plainly no lines', () => {
  it.each([
    ['[{"a":1},{"a":2}]', 'a JSON array'],
    ['\n [\n  {\n "a":1},\n{"a":2}\n]\n', 'a JSON array'],
    ['[\n{"a":1},\n{"a":2}\n]\n', 'a JSON array'],
    ['[]', 'a JSON array'],
    ['[["1","x"]]', 'a JSON array'],
    [OTLP, 'a message of OTLP'],
    [JSON.stringify(JSON.parse(OTLP), null, 2), 'a message of OTLP'],
    [LOKI, "a push of Loki's protocol"],
    ['{"a":1}{"a":2}', 'several JSON objects on one line'],
    ['{"a":"}\\"{"}  {"a":[{}]}\n{"a":1}{"a":2}\n', 'several JSON objects on one line'],
    ['{"a":1},{"a":2}\n', 'several JSON objects on one line'],
    ['{\n  "a": 1\n}\n', 'a JSON object on several lines'],
    ['{ \r\n}\r\n', 'a JSON object on several lines'],
    ['--b0\r\nContent-Disposition: form-data; name="f"\r\n\r\n{"a":1}\n', 'a form with parts'],
  ])('%j is %s', (content, what) => {
    expect(is(content)).toBe(what)
  })

  it('is MessagePack, for any format', () => {
    for (const of of [JSON_RULE, COMBINED, rule({ kind: 'pattern', regex: '(?P<t>.*)' })]) {
      expect(is([0x82, 0xa1, ...words('a'), 1, 0xa1, ...words('b'), 2], of)).toBe('MessagePack')
      expect(is([0x91, 0x81, 0xd9, 4, ...words('time'), 1], of)).toBe('MessagePack')
      expect(is([0x93, 0xa3, ...words('tag'), 0xce, 1, 2, 3, 4, 0x80], of)).toBe('MessagePack')
      expect(is([0xde, 0, 16, 0xa1, ...words('a'), 1], of)).toBe('MessagePack')
      // Quotes of Windows-1252.
      expect(is([0x93, ...words('Hello'), 0x94], of)).toBeUndefined()
      expect(is([0x85, 0xa0, ...words(' a')], of)).toBeUndefined()
    }
  })

  it('is JSON of other protocols for access logs and tables too', () => {
    for (const of of [COMBINED, CSV, rule({ kind: 'logfmt' })]) {
      expect(is('[{"a":1}]', of)).toBe('a JSON array')
      expect(is(OTLP, of)).toBe('a message of OTLP')
    }
  })
})

describe('what may be lines, or bad ones among them', () => {
  it.each([
    ...[
      '',
      '\n',
      '{"a":1}\n',
      '{"a":1}\n{"a":2}',
      'not json\n',
      '{"a":1}{"a":2}\n{"a":3}\n',
      '{"a":',
      '{}\n{}\n',
    ],
    ...[
      '[1,2]\n',
      '[2026-03-01] x\n',
      '[{"a":1}]\n{"a":2}\n',
      '{"a":[{"b":1}]}',
      '{"streams":1}',
      '{"a":1} x',
      '[',
    ],
    ...['{\n', '"text"\n', '\ufeff'],
  ])('%j', (content) => {
    expect(is(content)).toBeUndefined()
  })

  it('are fields of the source, and texts of a pattern', () => {
    expect(is('{"streams":[1],"a":1}', rule({ kind: 'json' }, 'streams'))).toBeUndefined()
    expect(is('[{"a":1}]', rule({ kind: 'pattern', regex: '(?P<t>.*)' }))).toBeUndefined()
    expect(is('{"a":1}{"a":2}', COMBINED)).toBeUndefined()
  })
})
