/** Windows, dimensions, conditions and ratios: what becomes of values. */
import {
  bytes,
  type Cell,
  type ConformanceCase,
  inOneHour,
  JSON_SOURCE,
  joinLines,
  totals,
} from '../conformance-case.ts'

const AT = '2024-03-05T10:00:00Z'

/** Counts of records in windows of a width. */
function windows(width: string, stamps: readonly string[], rows: readonly (readonly [string, string])[]) {
  const lines = stamps.map((stamp) => `{"ts":"${stamp}"}`)
  const metric = { window: width, measures: { n: 'count()' } }
  return totals('windows', `windows of ${width}`, JSON_SOURCE, metric, lines, rows)
}

/** Counts by dimensions in one window. */
function dimensions(
  name: string,
  texts: Readonly<Record<string, string>>,
  members: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: { rejects?: string[] } = {},
): ConformanceCase {
  return inOneHour(
    'dimensions',
    name,
    { dimensions: texts, measures: { n: 'count()' } },
    members,
    rows,
    options,
  )
}

function ratios(
  name: string,
  texts: Readonly<Record<string, string>>,
  members: readonly string[],
  row: readonly Cell[],
) {
  const measures = { n: 'count()', errors: 'count(i >= 500)', sent: 'sum(d)' }
  return inOneHour('ratios', name, { measures, ratios: texts }, members, [row])
}

const NINE = '"i":9223372036854775807'

export const METRIC_CASES = [
  ratios(
    'formulas over measures',
    { rate: '100 * errors / n', rest: '-(n - errors) + 0.5' },
    ['"i":500', '"i":200', '"i":503', '"i":1'],
    ['4', '2', '0', '50', '-1.5'],
  ),
  ratios(
    'of ratios and decimals',
    { average: 'sent / n', twice: 'average * 2' },
    ['"d":0.1', '"d":0.2', ''],
    ['3', '0', '0.3', '0.09999999999999999', '0.19999999999999998'],
  ),
  ratios(
    'division by zero is null',
    { x: 'n / errors', y: 'errors / n' },
    ['"i":1'],
    ['1', '0', '0', null, '0'],
  ),

  windows(
    '250ms',
    ['2024-03-05T10:00:00.249Z', '2024-03-05T10:00:00.250Z', '2024-03-05T10:00:00.4999Z'],
    [
      ['2024-03-05T10:00:00Z', '1'],
      ['2024-03-05T10:00:00.250Z', '2'],
    ],
  ),
  windows(
    '10s',
    ['2024-03-05T10:00:09.999Z', '2024-03-05T10:00:10Z', '2024-03-05T10:00:00Z'],
    [
      ['2024-03-05T10:00:00Z', '2'],
      ['2024-03-05T10:00:10Z', '1'],
    ],
  ),
  windows(
    '5m',
    ['2024-03-05T10:04:59Z', '2024-03-05T10:05:00Z', '2024-03-05T11:05:00+01:00'],
    [
      ['2024-03-05T10:00:00Z', '1'],
      ['2024-03-05T10:05:00Z', '2'],
    ],
  ),
  windows(
    '6h',
    ['1969-12-31T23:59:59.9999Z', '1970-01-01T00:00:00Z', '1969-12-31T18:00:00Z', '1969-12-31T17:59:59Z'],
    [
      ['1969-12-31T12:00:00Z', '1'],
      ['1969-12-31T18:00:00Z', '2'],
      ['1970-01-01T00:00:00Z', '1'],
    ],
  ),
  windows(
    '1d',
    ['0002-01-01T23:59:59Z', '9000-12-31T23:59:59.999Z', '2024-02-29T12:00:00Z', '2024-03-01T00:30:00+01:00'],
    [
      ['0002-01-01T00:00:00Z', '1'],
      ['2024-02-29T00:00:00Z', '2'],
      ['9000-12-31T00:00:00Z', '1'],
    ],
  ),

  dimensions(
    'null, missing and empty texts',
    { s: 's' },
    ['"s":null', '', '"s":""', '"s":"null"', '"s":"NULL"', String.raw`"s":"\\N"`],
    [
      [null, '2'],
      ['', '1'],
      ['null', '1'],
      ['NULL', '1'],
      [String.raw`\N`, '1'],
    ],
  ),
  dimensions(
    'quotes, backslashes and marks of SQL',
    { s: 's' },
    [
      `"s":"it's"`,
      String.raw`"s":"\"q\""`,
      String.raw`"s":"a\\"`,
      `"s":"'; drop table x; --"`,
      '"s":"%s $1 {x} ?"',
      '"s":"a,b"',
    ],
    [
      ["it's", '1'],
      ['"q"', '1'],
      ['a\\', '1'],
      ["'; drop table x; --", '1'],
      ['%s $1 {x} ?', '1'],
      ['a,b', '1'],
    ],
  ),
  dimensions(
    'line ends, tabs and control characters',
    { s: 's' },
    [
      String.raw`"s":"a\nb"`,
      String.raw`"s":"a\r\nb"`,
      String.raw`"s":"\t"`,
      String.raw`"s":"\u0001\u007f"`,
      String.raw`"s":"\u2028"`,
    ],
    [
      ['a\nb', '1'],
      ['a\r\nb', '1'],
      ['\t', '1'],
      ['\u0001\u007f', '1'],
      ['\u2028', '1'],
    ],
  ),
  dimensions(
    'texts that look alike',
    { s: 's' },
    ['"s":"a"', '"s":"a "', '"s":"A"', '"s":"\\u00e9"', '"s":"e\\u0301"', '"s":"ß"', '"s":"ss"'],
    [
      ['a', '1'],
      ['a ', '1'],
      ['A', '1'],
      ['\u00e9', '1'],
      ['e\u0301', '1'],
      ['ß', '1'],
      ['ss', '1'],
    ],
  ),
  dimensions(
    'names of objects in JavaScript',
    { s: 's' },
    ['"s":"__proto__"', '"s":"constructor"', '"s":"__proto__"', '"s":"toString"'],
    [
      ['__proto__', '2'],
      ['constructor', '1'],
      ['toString', '1'],
    ],
  ),
  dimensions(
    'text of 1 KiB, counted in bytes',
    { s: 's' },
    [
      `"s":"${'a'.repeat(1024)}"`,
      `"s":"${'a'.repeat(1025)}"`,
      `"s":"${'é'.repeat(512)}"`,
      `"s":"${'é'.repeat(513)}"`,
      `"s":"${'😀'.repeat(256)}"`,
    ],
    [
      ['a'.repeat(1024), '1'],
      ['é'.repeat(512), '1'],
      ['😀'.repeat(256), '1'],
    ],
    { rejects: ['1 dimension_too_long', '3 dimension_too_long'] },
  ),
  dimensions(
    'a computed text of more than 1 KiB',
    { x: 's || s' },
    [`"s":"${'a'.repeat(513)}"`, '"s":"b"', ''],
    [
      ['bb', '1'],
      [null, '1'],
    ],
    { rejects: ['0 dimension_too_long'] },
  ),
  dimensions(
    'booleans, integers and decimals',
    { b: 'b', i: 'i', d: 'd' },
    [
      '"b":true,"i":1,"d":1.50',
      '"b":"true","i":"1","d":1.5',
      '"b":false,"i":-9223372036854775808,"d":"-9999999999999999.99"',
      '',
    ],
    [
      ['true', '1', '1.5', '2'],
      ['false', '-9223372036854775808', '-9999999999999999.99', '1'],
      [null, null, null, '1'],
    ],
  ),
  dimensions(
    'two texts that join alike',
    { s: 's', t: 't' },
    ['"s":"a","t":"bc"', '"s":"ab","t":"c"', '"s":"a,b","t":""', '"s":"a","t":null', '"s":null,"t":"a"'],
    [
      ['a', 'bc', '1'],
      ['ab', 'c', '1'],
      ['a,b', '', '1'],
      ['a', null, '1'],
      [null, 'a', '1'],
    ],
  ),
  dimensions(
    'an integer of 38 digits',
    { x: 'i * i' },
    [NINE, '"i":-9223372036854775807', '"i":0'],
    [
      ['85070591730234615847396907784232501249', '2'],
      ['0', '1'],
    ],
  ),

  totals(
    'where',
    'a condition that is false or null does not count',
    JSON_SOURCE,
    { window: '1h', where: 'i > 1', measures: { n: 'count()' } },
    [`{"ts":"${AT}","i":1}`, `{"ts":"${AT}","i":2}`, `{"ts":"${AT}"}`, `{"ts":"${AT}","i":null}`],
    [[AT, '1']],
    { filtered: 3 },
  ),
  totals(
    'where',
    'a condition on the parts of the time',
    JSON_SOURCE,
    { window: '1d', where: 'hour(ts) between 9 and 16 and day_of_week(ts) <= 5', measures: { n: 'count()' } },
    ['2024-03-05T09:00:00Z', '2024-03-05T17:00:00Z', '2024-03-09T10:00:00Z', '2024-03-05T17:59:59+01:00'].map(
      (at) => `{"ts":"${at}"}`,
    ),
    [['2024-03-05T00:00:00Z', '2']],
    { filtered: 2 },
  ),
  totals(
    'where',
    'nothing counts',
    JSON_SOURCE,
    { window: '1h', where: 'false', measures: { n: 'count()' } },
    [`{"ts":"${AT}"}`],
    [],
    { filtered: 1 },
  ),

  {
    ...totals(
      'framing',
      'CR LF, a byte order mark and no final line end',
      JSON_SOURCE,
      { window: '1h', dimensions: { s: 's' }, measures: { n: 'count()' } },
      [],
      [
        [AT, 'a', '1'],
        [AT, 'b', '1'],
        [AT, 'c', '1'],
      ],
      { rejects: ['2 empty_line'] },
    ),
    input: Buffer.from(`\ufeff{"ts":"${AT}","s":"a"}\r\n{"ts":"${AT}","s":"b"}\n\r\n{"ts":"${AT}","s":"c"}`),
  },
  {
    ...totals(
      'framing',
      'only one byte order mark and one CR are framing',
      JSON_SOURCE,
      { window: '1h', measures: { n: 'count()' } },
      [],
      [[AT, '1']],
      { rejects: ['0 invalid_json', '2 invalid_json'] },
    ),
    input: bytes(`\ufeff\ufeff{"ts":"${AT}"}\n{"ts":"${AT}"}\r\r\n`, [0x0b], `{"ts":"${AT}"}\n`),
  },
  {
    ...totals(
      'framing',
      'empty lines are rejected, and none follows the last line end',
      JSON_SOURCE,
      { window: '1h', measures: { n: 'count()' } },
      [],
      [[AT, '1']],
      { rejects: ['0 empty_line', '2 empty_line', '3 empty_line'] },
    ),
    input: joinLines(['', `{"ts":"${AT}"}`, '', '']),
  },
] satisfies readonly ConformanceCase[]
