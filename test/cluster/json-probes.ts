/** JSON that Java's parsers read otherwise: tokens in every type, whole lines, and keys. */
import { type Probe, planData } from './dialect-probe.ts'
import { BAD, longNumbers, NESTED, NUMBERS, randomNumbers, TEXTS, WORDS } from './json-tokens.ts'

export const TYPES = {
  s: 'string',
  i: 'integer',
  d: 'decimal(3)',
  w: 'decimal(12)',
  f: 'float',
  b: 'boolean',
}
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

/** Each token as every type, once alone and once with a later field that repeats all keys. */
function tokenLines(tokens: readonly string[]): string[] {
  const all = (token: string) =>
    Object.keys(TYPES)
      .map((key) => `"${key}":${token}`)
      .join(',')
  return tokens.flatMap((token) => [`{${AT},${all(token)}}`, `{${all(token)},${AT},${all('"2"')}}`])
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
