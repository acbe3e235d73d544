/** JSON for the quick pass, which leaves a line as soon as one value is unusual: so one unusual thing in each line. */
import type { Probe } from './dialect-probe.ts'
import { jsonProbe, TYPES } from './json-probes.ts'
import { BAD, longNumbers, NESTED, NUMBERS, randomNumbers, TEXTS, WORDS } from './json-tokens.ts'

const AT = '"ts":"2026-01-31T08:00:00.000Z"'
const KEYS = Object.keys(TYPES)
/** A usual value of every type, such as the quick pass takes: 12 digits behind the point leave room for no more than 0.27. */
const USUAL: Readonly<Record<string, string>> = {
  s: '"x"',
  i: '7',
  d: '1.5',
  w: '0.25',
  f: '-0.5',
  b: 'true',
}
const members = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([key, token]) => `"${key}":${token}`)
    .join(',')

const TIES = ['0.0005', '0.0015', '1.0005', '-2.5005', '8.1235', '8.12349999999999', '8.1235000000000001']
/** About 2^38 / 10^3, 2^53 and what 18 digits hold. */
const LARGE = ['274877906.943', '274877906.944', '274877906.9444', '-274877906.945', '0.274877906944']
const WIDE = ['9007199254740991', '9007199254740992.5', '999999999999999.999', '1000000000000000.0', '1e15']
const PLACES = [
  '9223372036854775807',
  '9223372036854775808',
  '-9223372036854775809',
  '1e0',
  '1E2',
  '-0',
  '-0.0',
]

/** Each token as one type, before and after the time. */
function oneByOne(tokens: readonly string[]): string[] {
  return tokens.flatMap((token) =>
    KEYS.flatMap((key) => [`{${AT},${members({ ...USUAL, [key]: token })}}`, `{"${key}":${token},${AT}}`]),
  )
}

/** Every key twice, in each order of values that one of its types takes, refuses, or has nothing of. */
function twice(): string[] {
  const values = ['null', '1', '2', '"1"', '"a"', '1.5', 'true', '{}', '[]', '{"s":1}']
  return KEYS.flatMap((key) =>
    values.flatMap((first) =>
      values.flatMap((second) => {
        const escaped = `"\\u00${key.charCodeAt(0).toString(16)}"`
        const pair = `"${key}":${first},"${key}":${second}`
        return [
          `{${AT},${pair}}`,
          `{"${key}":${first},${AT},${escaped}:${second}}`,
          `{${escaped}:${first},${AT} , "${key}" : ${second}}`,
        ]
      }),
    ),
  )
}

const TIME_TWICE = ['null', '"2026-02-01T00:00:00Z"', '"no"', '1', '"2026-01-31 08:00:00"', '{"ts":"x"}']
const DUPLICATES = [
  ...TIME_TWICE.flatMap((other) => [`{${AT},"ts":${other}}`, `{"ts":${other},${AT}}`]),
  ...TIME_TWICE.map((other) => `{${AT},"\\u0074s":${other}}`),
  ...TIME_TWICE.map((other) => `{"t\\u0073":${other},${AT}}`),
  `{${AT},"z":1,"z":2,"s":"a"}`,
]

/** All fields have values, so that the text is looked at: names as values and in other objects, escapes, bad bytes. */
const FULL = Object.keys(TYPES)
  .map((key) => `"${key}":${USUAL[key]}`)
  .join(',')
const STRINGS = [
  ...[
    's',
    'ts',
    'x',
    '',
    '\\"',
    '\\"s\\":1',
    '\\\\',
    '\\\\\\"',
    '\\u0041',
    '\\u0000',
    '\\ud800',
    '\\n\\t\\/',
    '\ufffd',
    'é',
  ],
  ...['"', '\\', '\\x', '\\\\"', ',"s":"b', '","s":"b', '"},{"s":"b'],
]
const FULL_LINES = [
  ...STRINGS.flatMap((text) => [
    `{${AT},${FULL},"x":"${text}"}`,
    `{"${text}":1,${AT},${FULL}}`,
    `{${AT},"s":"${text}",${FULL}}`,
  ]),
  ...KEYS.flatMap((key) => ['null', '1', '"s"', '{}'].map((token) => `{${AT},${FULL},"${key}":${token}}`)),
  ...KEYS.map((key) => `{${AT},${FULL},"o":{"${key}":1},"l":["${key}"]}`),
  ...KEYS.map((key) => `{${AT},${FULL.replace(`"${key}"`, `"\\u00${key.charCodeAt(0).toString(16)}"`)}}`),
  ...KEYS.map((key) => `{"\\u00${key.charCodeAt(0).toString(16)}":null,${AT},${FULL}}`),
  ...['\xff', '\xc0\x80', '\xed\xa0\x80', '\xe2\x82', '\xf4\x90\x80\x80', '\xc3\xa9'].map((bytes) =>
    Buffer.from(`{${AT},${FULL},"x":"${bytes}"}`, 'latin1'),
  ),
]

/** What stands between members, and each token where no field is, which nothing but the grammar looks at. */
const BETWEEN = [
  '',
  ' ',
  ', ',
  ' ,',
  ',  ',
  ',,',
  ', ,',
  ',\t',
  ';',
  ':',
  '"',
  '}',
  '},',
  ',{',
  ']',
  '\u0001',
]
const COLONS = [' :', ': ', ':  ', ' : ', ':\t', '', '::', '=', ',']
const GRAMMAR = [
  ...[...NUMBERS, ...WORDS, ...TEXTS, ...NESTED, ...BAD].flatMap((token) => [
    `{${AT},${FULL},"x":${token}}`,
    `{"x": ${token}, ${AT},${FULL}}`,
  ]),
  ...BETWEEN.flatMap((text) => [
    `{${AT}${text}${FULL}}`,
    `{"x":1${text}"y":"z"${text}${AT},${FULL}}`,
    `{${AT},${FULL}${text}"x":null${text}"y":true}`,
    `{${text}${AT},${FULL}${text}}`,
  ]),
  ...COLONS.flatMap((text) => [
    `{"x"${text}1,${AT},${FULL}}`,
    `{${AT},${FULL.replace('"s":', `"s"${text}`)}}`,
    `{${AT.replace('"ts":', `"ts"${text}`)},${FULL}}`,
  ]),
  ...KEYS.map((_, index) => '\u0001'.repeat(index + 1)).flatMap((text) => [
    `${text}{${AT},${FULL}}`,
    `{${text}${AT},${FULL}}`,
    `{${AT},${FULL},"x":"${text}"}`,
    text,
  ]),
]

/** Names of fields where they are no keys of the line itself, and keys that only look like them. */
const LOOKALIKES = [
  ...[
    `{${AT},"x":"s","s":"a"}`,
    `{${AT},"s":"s"}`,
    `{${AT},"s":"\\"s\\":1","i":1}`,
    `{${AT},"x":"\\\\","s":"a"}`,
  ],
  ...[
    `{${AT},"o":{"s":"in"},"s":"out"}`,
    `{${AT},"s":"out","o":{"s":"in","ts":"no"}}`,
    `{${AT},"o":{"s":"in"}}`,
  ],
  ...[`{${AT},"l":[{"s":1},{"i":"x"}],"i":5}`, `{"o":{${AT}}}`, `{${AT},"S":"upper","I":"x","TS":"no"}`],
  ...[
    `{${AT},"j_seal":"x","s":"a"}`,
    `{${AT},"J_SEAL":1,"s":"a"}`,
    `{${AT},"":"x","s":"a"}`,
    `{${AT},"s ":"a"}`,
  ],
  ...[`{${AT},"x":"\\u0000","s":"a"}`, `{${AT},"x":"\\ud800","s":"a"}`, `{${AT},"x":"\\\\u0000","s":"a"}`],
]

/** What stands around or between members, with brackets in the line and without. */
const ENDS = [
  '',
  ']',
  '}',
  ',',
  ' ',
  '\t',
  ' {}',
  ',{}',
  ',{"j_seal":""}',
  ']{',
  '],[',
  ' ]',
  '"',
  '\u0000',
  'x',
  '//',
]
const SHAPES = [
  `{${AT},"s":"a"}`,
  `{${AT},"s":"]"}`,
  `{${AT},"l":[1],"i":3}`,
  `{${AT},"s":"a",}`,
  `{${AT} "s":"a"}`,
]
const WHOLE = [
  ...SHAPES.flatMap((shape) => ENDS.flatMap((end) => [`${shape}${end}`, `${end}${shape}`])),
  ...SHAPES.flatMap((shape) => [shape.slice(0, -1), shape.slice(1), `[${shape}]`, `${shape}${shape}`]),
  ...[`{\t${AT}\r,\n"s"\t:\r"a" }`, `{${AT},'s':'a'}`, `{${AT},s:"a"}`, `{${AT},"x":NaN}`, `{${AT},"x":01}`],
  ...[`{${AT},"x":1.}`, `{${AT},"x":tru}`, `{${AT},"x":"\t"}`, `{${AT},"x":"\\x"}`, `{${AT},"x":/**/1}`],
  ...[
    'null',
    '{}',
    '[]',
    '1',
    '"s"',
    '',
    ' ',
    '{"s":"a"}',
    '{"ts":null}',
    '{"ts":""}',
    '{"ts":[]}',
    '{"ts":1}',
  ],
  Buffer.from(`{${AT},"x":"\xff"}`, 'latin1'),
  Buffer.from(`{${AT},"s":"\xc3\xa9"}`, 'latin1'),
  Buffer.from(`{${AT},"x":"${'a'.repeat(1_048_600)}"}`),
]

const NAMES = { 'id.orig_h': 'string', 'a-b': 'integer', '@t': 'float', A1: 'boolean' }
const named = Object.fromEntries(
  Object.entries(NAMES).map(([key, type], index) => [`n${index}`, { type, from: [key] }]),
)

const { s, i, d, w, f, b } = TYPES
const FEW = [{ s }, { s, i, d }, { w, f, b }]

const PROBES: readonly Probe[] = [
  jsonProbe('quick: tokens', TYPES, oneByOne([...NUMBERS, ...WORDS, ...TEXTS, ...NESTED, ...BAD])),
  jsonProbe('quick: limits', TYPES, oneByOne([...TIES, ...LARGE, ...WIDE, ...PLACES])),
  jsonProbe('quick: random numbers', TYPES, oneByOne([...randomNumbers(300), ...longNumbers(150)])),
  jsonProbe('quick: duplicates', TYPES, [...twice(), ...DUPLICATES]),
  jsonProbe('quick: lookalikes', TYPES, LOOKALIKES),
  jsonProbe('quick: all fields', TYPES, FULL_LINES),
  jsonProbe('quick: whole lines', TYPES, WHOLE),
  jsonProbe('quick: grammar', TYPES, GRAMMAR),
  jsonProbe('quick: null texts', TYPES, oneByOne(['"NA"', '"a"', '""', '"x"', '"NA "', 'null']), {
    nulls: ['NA', 'x', ''],
  }),
  jsonProbe('quick: names', named, [
    `{${AT},"id.orig_h":"ip","a-b":4,"@t":1.5,"A1":false}`,
    `{${AT},"idXorig_h":"ip","a1":true,"id":{"orig_h":"x"}}`,
    `{${AT},"id.orig_h":"ip","id.orig_h":"other","a1":true,"A1":false}`,
  ]),
  ...FEW.map((fields) =>
    jsonProbe(`quick: only ${Object.keys(fields)}`, fields, [...twice(), ...DUPLICATES, ...LOOKALIKES]),
  ),
]

export const QUICK_PROBES = PROBES.map((probe): Probe => ({ ...probe, withGroups: true }))
