/** JSON lines: what is accepted, what each type takes, and which lines are rejected for what. */
import { describe, expect, it } from 'vitest'
import { parseLines, reasonsOf } from './parse-lines.ts'

const JSON_SOURCE = { format: { kind: 'json' } } as const
const AT = '"ts":"2026-01-31T08:00:00.000Z"'

const value = async (type: string, token: string) => {
  const source = { ...JSON_SOURCE, fields: { v: type as 'string' } }
  const [line] = await parseLines(source, [`{${AT},"v":${token}}`])
  return line!.reason ?? line!.fields.v
}
const table = async (type: string, cases: Record<string, string | null>) => {
  const found: Record<string, string | null> = {}
  for (const token of Object.keys(cases)) found[token] = (await value(type, token)) ?? null
  expect(found).toEqual(cases)
}

describe('fields of JSON lines', () => {
  it('strings: JSON strings, booleans and canonical integers', () =>
    table('string', {
      '"a"': 'a',
      '""': '',
      '"\\u0041\\n\\"\\\\ \\ud83d\\ude00"': 'A\n"\\ 😀',
      '"null"': 'null',
      null: null,
      true: 'true',
      false: 'false',
      '12': '12',
      '-12': '-12',
      '-0': '0',
      '123456789012345678901234567890': '123456789012345678901234567890',
      '1.5': '!',
      '1.0': '!',
      '1e3': '!',
      '1e400': '!',
      '-1e400': '!',
      '1e-8': '!',
      '"1.5"': '1.5',
      '"1e400"': '1e400',
      '"-"': '-',
      '"-1.5"': '-1.5',
      '{}': '!',
      '{"a":1}': '!',
      '"{}"': '{}',
      '[]': '!',
      '[1]': '!',
      '"[1]"': '[1]',
      NaN: '!',
      '-NaN': '!',
      nan: '!',
      inf: '!',
      Infinity: '!',
      '-infinity': '!',
      '"NaN"': 'NaN',
      '"Infinity"': 'Infinity',
      '"10.0.0.1"': '10.0.0.1',
    }))

  it('integers: the canonical spelling within 64 bits, as a number or a string', () =>
    table('integer', {
      '12': '12',
      '-12': '-12',
      '0': '0',
      '-0': '0',
      '"-0"': '0',
      '"12"': '12',
      '9223372036854775807': '9223372036854775807',
      '-9223372036854775808': '-9223372036854775808',
      '9223372036854775808': '!',
      '18446744073709551615': '!',
      '-9223372036854775809': '!',
      '1.0': '!',
      '1e3': '!',
      '1.9': '!',
      '"012"': '!',
      '"+1"': '!',
      '" 1"': '!',
      '"1_0"': '!',
      '"0x10"': '!',
      '""': '!',
      '"1.0"': '!',
      true: '!',
      '{}': '!',
      null: null,
    }))

  it('decimals: rounded half away from zero, 18 digits', () =>
    table('decimal(3)', {
      '12.5': '12500',
      '12': '12000',
      '0.0005': '1',
      '-0.0005': '-1',
      // The double nearest to it is 0.0005.
      '0.00049999999999999999': '1',
      '"0.000499999999999999999999999999999999999999999999999"': '0',
      '1e3': '1000000',
      '"1.23455e1"': '12346',
      '"1.2344e1"': '12344',
      '"12345.6789e-4"': '1235',
      '"123456789012345678901e-10"': '12345678901235',
      '"00012.5"': '12500',
      '999999999999999': '999999999999999000',
      '"999999999999999.9994"': '999999999999999999',
      '"999999999999999.9995"': '!',
      '1000000000000000': '!',
      '"0e999999999999"': '0',
      '"1e-999999999999"': '0',
      '"1e999999999999"': '!',
      '-0': '0',
      '"-0.0"': '0',
      '" 1"': '!',
      '"1 "': '!',
      '"1_0"': '!',
      '".5"': '!',
      '"5."': '!',
      '"+5"': '!',
      '"0x10"': '!',
      '"1e"': '!',
      '""': '!',
      NaN: '!',
      true: '!',
    }))

  it('floats: finite numbers', () =>
    table('float', {
      '1.5': '1.5',
      '1e3': '1000.0',
      '"2"': '2.0',
      '1e400': '!',
      '"1e-400"': '0.0',
      NaN: '!',
      Infinity: '!',
      '"inf"': '!',
      '" 1"': '!',
      '".5"': '!',
    }))

  it('booleans: true and false', () =>
    table('boolean', {
      true: 'true',
      '"false"': 'false',
      '1': '!',
      '"t"': '!',
      '"TRUE"': '!',
      '"yes"': '!',
      '""': '!',
      null: null,
    }))
})

describe('lines of JSON', () => {
  it('rejects what is no JSON object', async () => {
    const reasons = await reasonsOf(JSON_SOURCE, [
      `{${AT}}`,
      ` \t{${AT}} `,
      '',
      ' ',
      `{${AT}`,
      `{${AT}} x`,
      `{${AT}}{}`,
      `[{${AT}}]`,
      '5',
      '"x"',
      'null',
      `{'ts':1}`,
      `\ufeff{${AT}}`,
      `{${AT},"a":01}`,
      `{${AT},"a":"\u0001"}`,
      `{${AT},"a":"\\ud800"}`,
      `{${AT}}\0`,
      Buffer.from([0x7b, 0xff, 0x7d]),
      'x'.repeat(1_048_577),
    ])
    expect(reasons).toEqual([
      ...['ok', 'ok', 'empty_line', 'invalid_json', 'invalid_json', 'invalid_json', 'invalid_json'],
      ...['not_an_object', 'not_an_object', 'not_an_object', 'not_an_object', 'invalid_json', 'invalid_json'],
      ...['invalid_json', 'invalid_json', 'invalid_json', 'invalid_json', 'invalid_utf8', 'line_too_long'],
    ])
  })

  it('reads a line of exactly 1 MiB', async () => {
    const line = `{${AT},"a":"${'x'.repeat(1_048_576 - AT.length - 9)}"}`
    expect(Buffer.byteLength(line)).toBe(1_048_576)
    expect(await reasonsOf(JSON_SOURCE, [line])).toEqual(['ok'])
  })

  it('rejects invalid UTF-8 wherever it stands, though the rest is a good line', async () => {
    const line = (bytes: number[]) =>
      Buffer.concat([Buffer.from(`{${AT},"a":"x`), Buffer.from(bytes), Buffer.from('"}')])
    const bad = [
      [0xff],
      [0xc3],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82],
      [0x80],
    ]
    expect(await reasonsOf(JSON_SOURCE, bad.map(line))).toEqual(bad.map(() => 'invalid_utf8'))
    const good = [[0xc3, 0xa9], [0xf0, 0x9f, 0x98, 0x80], [0xef, 0xbf, 0xbd], [0x7f]]
    expect(await reasonsOf(JSON_SOURCE, good.map(line))).toEqual(good.map(() => 'ok'))
    const ends = [
      Buffer.concat([Buffer.from([0xff]), line([])]),
      Buffer.concat([line([]), Buffer.from([0xff])]),
    ]
    expect(await reasonsOf(JSON_SOURCE, ends)).toEqual(['invalid_utf8', 'invalid_utf8'])
  })

  it('rejects trailing commas with any white space, at any depth', async () => {
    const spaces = ['', ' ', '  ', '\t', '\r', '\n', ' \t ', '\r\n', '   ', '\t\t']
    const bad = spaces.flatMap((space) => [
      `{${AT},${space}}`,
      `{${AT},"a":{"b":1,${space}}}`,
      `{${AT},"a":[1,${space}]}`,
      `{"a":[[1,${space}]],${AT}}`,
      `{"s":"x, y",${AT},${space}} `,
      `{"a":{"b":[{"c":2},${space}]},${AT}}`,
    ])
    expect(new Set(await reasonsOf(JSON_SOURCE, bad))).toEqual(new Set(['invalid_json']))
  })

  it('takes commas and brackets inside strings and white space elsewhere', async () => {
    const good = [
      `{"a":",}",${AT}}`,
      `{"a":", ]","b":" }",${AT}}`,
      `{"a":",\\t}",${AT}}`,
      `{"a":"\\",}",${AT}}`,
      `{ ${AT} , "a" : [ 1 , 2 ] }`,
      `{\t${AT},\t"a":[1,\t2]\t}`,
      `{"a":"\\\\",${AT} }`,
      `{"a":[ ],"b":{ },${AT}}`,
    ]
    expect(new Set(await reasonsOf(JSON_SOURCE, good))).toEqual(new Set(['ok']))
  })

  it('rejects U+0000 by the parity of backslashes', async () => {
    const reasons = await reasonsOf(JSON_SOURCE, [
      `{"a":"\\u0000",${AT}}`,
      `{"a":"\\\\u0000",${AT}}`,
      `{"a":"\\\\\\u0000",${AT}}`,
      `{"a\\u0000":1,${AT}}`,
      `{"a":"\\u00001",${AT}}`,
      `{"a":"x\\\\u0000\\u0000",${AT}}`,
    ])
    expect(reasons).toEqual([
      'invalid_json',
      'ok',
      'invalid_json',
      'invalid_json',
      'invalid_json',
      'invalid_json',
    ])
  })

  it('passes over NaN in fields that are not used, takes the first of duplicate keys', async () => {
    const source = { ...JSON_SOURCE, fields: { a: 'integer' } } as const
    const lines = await parseLines(source, [`{"b":NaN,${AT},"a":1,"a":2}`, `{${AT},"a":null,"a":2}`])
    expect(lines.map(({ reason, fields }) => [reason, fields.a])).toEqual([
      [null, '1'],
      [null, null],
    ])
  })

  it('addresses nested keys, keys with dots, slashes, tildes and quotes, never places in arrays', async () => {
    const paths = [
      ['a', 'b'],
      ['id.orig_h'],
      ['x/y'],
      ['m~n'],
      ['q"q'],
      ['b\\c'],
      ['0'],
      ['o', '0'],
      ['l', '0'],
      ['é'],
      ["it's"],
      ['$'],
      ['*'],
      ['l', '-'],
      [''],
    ]
    const fields = Object.fromEntries(paths.map((path, i) => [`f${i}`, ['string', ...path] as const]))
    const record = {
      ts: '2026-01-31T08:00:00Z',
      a: { b: 'ab' },
      'id.orig_h': 'ip',
      'x/y': 'xy',
      'm~n': 'mn',
      'q"q': 'qq',
      'b\\c': 'bc',
      0: 'zero',
      o: { 0: 'o0' },
      l: ['no', 'no'],
      é: 'e',
      "it's": 'its',
      $: 'dollar',
      '*': 'star',
      '': 'empty',
    }
    const [line] = await parseLines({ ...JSON_SOURCE, fields }, [JSON.stringify(record)])
    expect(line!.reason).toBeNull()
    expect(Object.values(line!.fields)).toEqual([
      'ab',
      'ip',
      'xy',
      'mn',
      'qq',
      'bc',
      'zero',
      'o0',
      null,
      'e',
      'its',
      'dollar',
      'star',
      null,
      'empty',
    ])
  })

  it('reads null texts as null, tells a missing from an invalid time', async () => {
    const source = { ...JSON_SOURCE, nullTexts: ['NA', '-'], fields: { v: 'integer' } } as const
    const lines = await parseLines(source, [
      `{${AT},"v":"NA"}`,
      `{${AT},"v":"-"}`,
      `{"ts":"-","v":1}`,
      `{"ts":null}`,
      `{"v":1}`,
      `{"ts":""}`,
      `{"ts":5}`,
      `{"ts":{}}`,
    ])
    const times = [
      'missing_time',
      'missing_time',
      'missing_time',
      'invalid_time',
      'invalid_time',
      'invalid_time',
    ]
    expect(lines.map(({ reason, fields }) => reason ?? fields.v)).toEqual([null, null, ...times])
  })
})
