/** JSON that Java's parsers read otherwise: tokens in every type, whole lines, and keys. */
import { type Probe, planData } from './dialect-probe.ts'

const TYPES = { s: 'string', i: 'integer', d: 'decimal(3)', w: 'decimal(12)', f: 'float', b: 'boolean' }
const AT = '"ts":"2026-01-31T08:00:00.000Z"'

export function jsonProbe(
  name: string,
  fields: object,
  lines: readonly (string | Buffer)[],
  more: object = {},
  time: unknown = 'ts',
): Probe {
  const uses = Object.keys(fields).map((field) => `"${field.replaceAll('"', '""')}" is null`)
  const measures = Object.fromEntries(uses.map((use, index) => [`n${index}`, `count(${use})`]))
  const source = { format: 'json', time, fields, ...more }
  const metric = { source: 'src', window: '1d', measures: { n: 'count()', ...measures } }
  return {
    name,
    plan: planData({ sources: { src: source }, metrics: { m: metric } }),
    lines: lines.map((line) => Buffer.from(line)),
  }
}

const NUMBERS = [
  ...[
    '0',
    '-0',
    '12',
    '-12',
    '1.0',
    '1.5',
    '-1.5',
    '1.50',
    '100.0',
    '-0.0',
    '-0.000',
    '-0e5',
    '0e5',
    '0.0',
    '1e3',
  ],
  ...[
    '1E3',
    '1e+3',
    '1e-3',
    '1e400',
    '-1e400',
    '1E400',
    '1e-400',
    '1e-8',
    '1e-7',
    '1e-6',
    '1e-5',
    '0.0001',
    '1e20',
  ],
  ...['1e21', '1e22', '1e23', '2e23', '5e-324', '2.2250738585072014e-308', '1.7976931348623157e308'],
  ...['0.000001', '0.0000001', '0.00000012345', '123456789.123456789', '0.30000000000000004', '0.1', '0.2'],
  ...[
    '12345678901234567.0',
    '9007199254740993',
    '9007199254740993.0',
    '123456789012345678901.5',
    '100000000.5',
  ],
  ...['9223372036854775807', '-9223372036854775808', '9223372036854775808', '18446744073709551615'],
  ...['9999999999999999999', '9999999999999999999.0', '9223372036854775807.0', '-9223372036854775809'],
  ...['12345678901234567890', '12345678901234567890.0', '1234567890123456789012345678901234567890'],
  ...[
    '123456789012345678901234567890123456789',
    '12345678901234567890123456789012345678.5',
    `1${'0'.repeat(999)}`,
  ],
  ...[
    `1${'0'.repeat(1500)}`,
    `0.${'0'.repeat(1500)}1`,
    `1.${'0'.repeat(500)}1`,
    '0.00049999999999999999',
    '0.0005',
  ],
  ...[
    '999999999999999',
    '1000000000000000',
    '999999999999999.9994',
    '999999999999999.9',
    '1.7e9',
    '1700000000.25',
  ],
  ...['5.684341886080801486968994140625E-14', '2.0E-3', '8.41E21', '4.35', '0.285', '1.005', '2.675', '-2.5'],
]
const WORDS = [
  'true',
  'false',
  'null',
  'NaN',
  '-NaN',
  'nan',
  'inf',
  'Infinity',
  '-infinity',
  '-inf',
  '+inf',
  'INF',
]
const TEXTS = [
  ...[
    '""',
    '"a"',
    '"null"',
    '"NaN"',
    '"Infinity"',
    '"-Infinity"',
    '"1.5"',
    '"1\\u002e5"',
    '"1.0"',
    '"12"',
    '"012"',
    '"-0"',
    '"+1"',
  ],
  ...[
    '" 1"',
    '"1 "',
    '"1_0"',
    '"0x10"',
    '"1e3"',
    '"1E3"',
    '"1e400"',
    '"1e-400"',
    '"-"',
    '"-1.5"',
    '".5"',
    '"5."',
  ],
  ...[
    '"1e"',
    '"true"',
    '"TRUE"',
    '"t"',
    '"yes"',
    '"{}"',
    '"[1]"',
    '"1d"',
    '"1f"',
    '"1L"',
    '"10.0.0.1"',
    '"1.0.0"',
  ],
  ...[
    '"0e999999999"',
    '"1e-999999999999"',
    '"1e999999999"',
    '"123456789012345678901e-10"',
    '"12345.6789e-4"',
  ],
  ...[
    '"0.000499999999999999999999999999999999999999999999"',
    '"999999999999999.9995"',
    '"-0.0005"',
    '"-0.00049"',
  ],
  ...[
    '"\\u0041\\n\\"\\\\ \\ud83d\\ude00"',
    '"😀\\/\\b\\f"',
    '"\\u00e9é"',
    '"\\\\u0000"',
    '"#12"',
    '"٣"',
    '"１"',
  ],
]
const NESTED = ['{}', '{"a":1}', '[]', '[1]', '[1.0,{"b":[]}]', '{"a":"\\u0041"}']
const BAD = [
  ...[
    '01',
    '+1',
    '.5',
    '5.',
    '1.e5',
    '1e',
    '0x10',
    '1_0',
    '--1',
    '-',
    "'a'",
    'a',
    'True',
    'nul',
    'undefined',
    '1 2',
  ],
  ...[
    '"\t"',
    '"\u0001"',
    '"\u007f"',
    '"\\x41"',
    '"\\u12"',
    '"\\ud800"',
    '"\\ude00"',
    '"\\ud83d\\u0041"',
    '"a',
    '"a""b"',
  ],
  ...[
    '"\\u0000"',
    '"\\ud83d\\ud83d\\ude00"',
    '1/**/',
    '[1,]',
    '{"a":1,}',
    '[1',
    '{1:2}',
    '{5 :1}',
    '{NaN:1}',
    '1,,',
    '"\\',
  ],
  ...[
    '"\u00a0"',
    '\u00a01',
    '"\\u00001"',
    '"x\\\\u0000\\u0000"',
    '1\v',
    '1\f',
    '[,1]',
    '{,}',
    '[]]',
    '{}}',
    '[NaN,]',
  ],
]

/** Each token as every type, once alone and once with a later field that repeats all keys. */
function tokenLines(tokens: readonly string[]): string[] {
  const all = (token: string) =>
    Object.keys(TYPES)
      .map((key) => `"${key}":${token}`)
      .join(',')
  return tokens.flatMap((token) => [`{${AT},${all(token)}}`, `{${all(token)},${AT},${all('"2"')}}`])
}

/** Doubles of all sizes as JavaScript prints them, and with a digit more. */
function randomNumbers(count: number): string[] {
  let state = 7
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  return Array.from({ length: count }, (_, index) => {
    const size = 10 ** Math.trunc(next() * 24 - 9)
    const text = String((next() + next() / 2 ** 31) * size * (next() < 0.2 ? -1 : 1))
    return index % 3 === 0 && /^[-0-9.]+$/.test(text) && text.includes('.')
      ? `${text}${Math.trunc(next() * 9 + 1)}`
      : text
  })
}

/** Doubles with sixteen or seventeen digits, powers of two and their neighbours among them. */
function longNumbers(count: number): string[] {
  const powers = Array.from({ length: 72 }, (_, index) => 2 ** (index - 13)).flatMap((power) =>
    [1, 1 - 2 ** -53, 1 + 2 ** -52, 1.25, 1 / 3, 0.7, 1.1].map((factor) => power * factor),
  )
  const random = randomNumbers(count).map((text, index) => Number(text) / (1 + (index % 7)))
  const all = [...powers, ...random].map(Math.abs).filter((value) => value >= 1e-5 && value < 1e19)
  return all.map((value) =>
    value % 1 === 0 ? `${BigInt(value)}.0` : value.toExponential(17 + (value < 1 ? 3 : 0)),
  )
}

const KEYS = [
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
  [`both'"`],
  [`both'"`, `again"'`],
  ['$'],
  ['?'],
  ['a]b['],
  ['$[0]'],
  [''],
  ['A'],
]
const OBJECT = {
  ts: '2026-01-31T08:00:00Z',
  a: { b: 'ab', c: null },
  ...{ 'id.orig_h': 'ip', 'x/y': 'xy', 'm~n': 'mn', 'q"q': 'qq', 'b\\c': 'bc', 0: 'zero', o: { 0: 'o0' } },
  ...{
    l: ['no', { b: 1 }],
    é: 'e',
    "it's": 'its',
    [`both'"`]: { [`again"'`]: 'deep' },
    $: 'dollar',
    '?': 'what',
  },
  ...{ 'a]b[': 'brackets', '$[0]': 'path', '': 'empty' },
}

const LINES = [
  `{${AT}}`,
  ` \t{${AT}} \r`,
  ...[
    '',
    ' ',
    '5',
    '"x"',
    'null',
    '[]',
    '{}',
    '[1,2]',
    '1,2',
    ',',
    ']',
    '[',
    '{',
    '}',
    '],[',
    'NaN',
    '"',
    '""',
    '\\',
  ],
  ...[
    `{${AT}`,
    `{${AT}} x`,
    `{${AT}}{}`,
    `{${AT}},`,
    `{${AT}},{}`,
    `{${AT}}]`,
    `{${AT}}],[`,
    `{${AT}}],[""`,
    `[{${AT}}]`,
  ],
  ...[
    `{${AT}},""`,
    `{${AT}},""] `,
    `{${AT}},""],"`,
    `[{${AT}}],"d41d8cd98f00b204e9800998ecf8427e"]`,
    `{${AT}}//`,
  ],
  ...[
    `\ufeff{${AT}}`,
    `{${AT}}\0`,
    `{'ts':1}`,
    `{ts:1}`,
    `{${AT},"a":[1,]}`,
    `{${AT},}`,
    `{${AT} ,\t}`,
    `{,${AT}}`,
  ],
  ...[
    `{"a":",}",${AT}}`,
    `{"a":"\\",}",${AT}}`,
    `{${AT},"u":NaN}`,
    `{${AT},"u":[NaN,-inf]}`,
    `{${AT},"u":"NaN"}`,
  ],
  ...[
    `{${AT},"s":"1","s":"2"}`,
    `{${AT},"s":null,"s":"2"}`,
    `{${AT},"\\u0073":"1","s":"2"}`,
    `{"ts":null,${AT}}`,
  ],
  ...[`{${AT},"u":{"x":1,"x":2},"s":"3"}`, `{${AT},"u":1,"u":2,"i":123456789012345678901234567890,"s":-0.0}`],
  ...[
    `{${AT},"s":{"a":1,"a":2}}`,
    `{${AT},"s":[],"s":1}`,
    `{${AT},"u":NaN,"s":{"i":1},"i":5,"f":1.5,"d":1e3}`,
  ],
  ...[
    `{"ts":5}`,
    `{"ts":{}}`,
    `{"ts":[]}`,
    `{"ts":""}`,
    `{"ts":true}`,
    `{"ts":NaN}`,
    `{"ts":1e400}`,
    `{"s":"x"}`,
  ],
  `{${AT},"u":${'['.repeat(900)}${']'.repeat(900)}}`,
  `{${AT},"${'k'.repeat(60_000)}":1,"s":"x"}`,
  `{${AT},"u":"${'x\\"y'.repeat(50_000)}","s":"x"}`,
  `{${AT},"u":[${'{"a":"b","a":1.50},'.repeat(20_000)}1],"s":"x"}`,
  `{${AT},"s":"${'x'.repeat(1_048_576 - AT.length - 9)}"}`,
  `{${AT},"s":"${'x'.repeat(1_048_576 - AT.length - 8)}"}`,
  `{${AT},"s":"${'\\\\'.repeat(500_000)}"}`,
  `{${AT},"s":"${'😀a'.repeat(200_000)}"}`,
  Buffer.from([0x7b, 0xff, 0x7d]),
  ...[
    [0xff],
    [0xc3],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x80],
    [0xc3, 0xa9],
  ].map((bytes) => Buffer.concat([Buffer.from(`{${AT},"s":"x`), Buffer.from(bytes), Buffer.from('"}')])),
]

const keyFields = Object.fromEntries(KEYS.map((path, index) => [`k${index}`, { type: 'string', from: path }]))

export const JSON_PROBES: readonly Probe[] = [
  jsonProbe('json: tokens', TYPES, tokenLines([...NUMBERS, ...WORDS, ...TEXTS, ...NESTED, ...BAD])),
  jsonProbe('json: random numbers', TYPES, tokenLines(randomNumbers(400))),
  jsonProbe(
    'json: shortest digits',
    Object.fromEntries([0, 2, 9, 12, 14, 15, 16, 17].map((scale) => [`d${scale}`, `decimal(${scale})`])),
    longNumbers(500).map((token) => {
      const members = [0, 2, 9, 12, 14, 15, 16, 17].map((scale) => `"d${scale}":${token}`)
      return `{${AT},${members.join(',')}}`
    }),
  ),
  jsonProbe('json: lines', TYPES, LINES),
  jsonProbe('json: keys', keyFields, [
    JSON.stringify(OBJECT),
    JSON.stringify(OBJECT).replace('"a":', '"z":NaN,"a":'),
    JSON.stringify(OBJECT).replace('"a":', '"a":[{"b":1}],"a":'),
    JSON.stringify({ ...OBJECT, a: 'text', o: [1], l: { 0: 'l0' }, 0: 5 }),
    `{${AT},"a":"{\\"b\\":1}"}`,
    `{${AT},"a":{"b":1,"b":2},"a":{"b":3}}`,
  ]),
  jsonProbe(
    'json: null texts',
    TYPES,
    tokenLines(['"NA"', '1000.0', '1e3', '"1000.0"', '12', '"-"', 'true']),
    {
      nulls: ['NA', '1000.0', '12', '-'],
    },
  ),
  ...(['epoch_s', 'epoch_ms', 'epoch_us', 'epoch_ns'] as const).map((layout) =>
    jsonProbe(
      `json: ${layout}`,
      TYPES,
      [...NUMBERS, ...TEXTS, ...WORDS, '1700000000123.5', '-0.0005', '1700000000.1229999'].map(
        (t) => `{"ts":${t}}`,
      ),
      {},
      { field: 'ts', layout },
    ),
  ),
]
