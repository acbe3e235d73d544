/** Expressions at the edges of types, over rows that hold those edges. */
import { type Probe, planData } from './dialect-probe.ts'

const FIELDS = {
  s: 'string',
  i: 'integer',
  j: 'integer',
  d: 'decimal(3)',
  w: 'decimal(12)',
  f: 'float',
  b: 'boolean',
}
const TS = [
  '1969-12-31T23:59:59.999Z',
  '2024-02-29T23:59:59Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
]

const INTEGERS = [
  '9223372036854775807',
  '-9223372036854775808',
  '0',
  '1',
  '-1',
  '2',
  '-5',
  '3',
  '1000000',
  '-7',
  '499',
]
const DECIMALS = [
  '0.001',
  '-0.001',
  '1.5',
  '-1.5',
  '0.003',
  '999999999999999.999',
  '-999999999999999.999',
  '0',
  '3',
  '0.7',
]
const FLOATS = [
  '1e308',
  '-1e308',
  '0.1',
  '0.2',
  '-5.5',
  '0',
  '-0.0',
  '1e-300',
  '9007199254740992',
  '1.5',
  '5e-324',
]
const STRINGS = [
  ...[
    '',
    'abc',
    'ABC ÉİẞK\u212a',
    'ß é ſ az',
    '👍🏽x',
    '  a b ',
    '\t a\u00a0',
    "it's",
    'a\nb\nc',
    '100%',
    'a\\b',
    'a_b',
  ],
  ...[
    'Z',
    'é',
    '\uffff',
    '😀',
    'a ',
    '/api/v1/x?y=1',
    'a12',
    'ax',
    'a\rb',
    'x'.repeat(1025),
    '٣',
    'É',
    'null',
    '"q"',
  ],
]

const TEXTS = [
  ...[
    'lower(s)',
    'upper(s)',
    'trim(s)',
    "concat(s, '-', s)",
    "s || '\\'",
    "s || 'é😀''\"'",
    'substring(s, 2, 1)',
  ],
  ...[
    'substring(s, 2)',
    'substring(s, i)',
    'substring(s, i, j)',
    'substring(s, 2, i)',
    'substring(s, length(s) - 1)',
  ],
  ...['substring(s, 2147483647, 2147483647)', 'substring(s, i + j, i - j)'],
  ...[
    "case when s < 'a' then s else 'z' end",
    "least(s, 'b')",
    "greatest(s, 'B', 'a')",
    "coalesce(s, 'none')",
  ],
  ...[
    "regexp_extract(s, 'x(b)?', 1)",
    "regexp_extract(s, '([0-9]+)', 1)",
    "regexp_extract(s, 'b*')",
    "regexp_extract(s, 'it''s')",
  ],
  ...[
    "regexp_extract(s, '^/api/([a-z]+)', 1)",
    "regexp_extract(s, '(?i)(K+)|(é)', 2)",
    "regexp_extract(s, '[^a]+$')",
  ],
]
const CONDITIONS = [
  ...[
    "s like 'a_b'",
    "s like '%b%'",
    "s like '100\\%'",
    "s like 'a\\_b'",
    "s like 'a\\\\b'",
    "s like '_'",
    "s not like 'a%'",
  ],
  ...[
    "s like '%é%'",
    "s like ''",
    "s like '%'",
    "s like '(a|b)%'",
    "s = 'a'",
    "s > 'z'",
    "s > '\uffff'",
    "s <> 'a '",
    "s in ('', 'é', null)",
  ],
  ...[
    "regexp_matches(s, '(?i)é')",
    "regexp_matches(s, '(?i)k')",
    "regexp_matches(s, '(?i)aPi')",
    "regexp_matches(s, '^a$')",
  ],
  ...[
    "regexp_matches(s, '^b')",
    "regexp_matches(s, 'a.b')",
    "regexp_matches(s, '(?s)a.b')",
    "regexp_matches(s, '\\s')",
  ],
  ...[
    "regexp_matches(s, '\\d')",
    "regexp_matches(s, '^\\w+$')",
    "regexp_matches(s, '^[^a]$')",
    "regexp_matches(s, '[]\\[&-]')",
  ],
  ...[
    "regexp_matches(s, '^.$')",
    "regexp_matches(s, '^(?:[a-z]+ )*x$')",
    "regexp_matches(s, '(a|b|\\x{1F600}){2,}')",
  ],
  ...[
    'i in (1, null)',
    'i not in (1, 2)',
    'i between j and 3',
    'i not between 1 and j',
    'i = j',
    'd = w',
    'd > i',
    'f > d',
    'f = i',
  ],
  ...[
    'f = 9007199254740993',
    'd in (1, 1.5)',
    'b and i > 0',
    'not b or i > 0',
    'b = (i > 0)',
    'b < true',
    'f < 0.1',
    'i / j = 2',
  ],
]
const NUMBERS = [
  ...[
    'i / 2',
    'i / j',
    'i % 3',
    'i % -3',
    'i % j',
    'i / 0',
    'i % 0',
    'i + 1',
    '-i',
    'abs(i)',
    'i / -1',
    'i % -1',
    'i * j',
    'i + j',
    'i - j',
  ],
  ...[
    'i * j / j',
    'i * j % 1000',
    'i * 10000000000000000000 / 10000000000000000000',
    'i - 9223372036854775808',
    'i * j / 7',
  ],
  ...[
    '(i * 1000) / j',
    '1000000 * 1000000',
    'least(i, j)',
    'greatest(i, 2.5)',
    'coalesce(i, j, 7)',
    '(i + j) / 2 + 5',
  ],
  ...[
    'case when i <> 0 then 10 / i else -1 end',
    'case when b then i + 1 else 2 end',
    'abs(i - j)',
    'i * 2 + j * 3 - 4',
  ],
  ...[
    'd + 1',
    'd * 1.5',
    'd / 2',
    'd / 3',
    'd / d',
    'd / 0.7',
    'd / i',
    'i / d',
    '100.512 / d',
    '9223372036854775807 / d',
    '1.0 / 3',
    'd % 1',
    'd % 0.7',
    'w / d',
    'd * d',
  ],
  ...[
    'i / 0.3',
    '-d',
    'abs(d)',
    'd + w',
    'w - i',
    'd * w',
    'case when b then 1 else 2.5 end',
    'd / 2 / 2',
    'w / 1000000',
    'least(d, w)',
  ],
  ...[
    'year(ts) * 100 + month(ts)',
    'day(ts)',
    'hour(ts)',
    'minute(ts)',
    'second(ts)',
    'day_of_week(ts)',
    'length(s) * i',
  ],
]
const REALS = [
  ...[
    'f / 0',
    'f / f',
    'f % 0',
    'f * 10',
    'f * 10 - f * 10',
    '1 / (f * 10)',
    'f % 2',
    'f + 0.1',
    'coalesce(f, i + 1)',
    'f + i',
    'f * d',
  ],
  ...[
    'f - w',
    '-f',
    'abs(f)',
    'least(f, 1)',
    'greatest(f, d)',
    'case when b then f else i end',
    'f / 3',
    'f + i * j',
    'f * f * f',
  ],
]

function rows(): string[] {
  const size = Math.max(INTEGERS.length, STRINGS.length)
  const pick = (list: readonly string[], index: number) => list[index % list.length]!
  const rows = Array.from({ length: size * 6 }, (_, n) => {
    const members = [
      `"ts":"${pick(TS, n)}"`,
      `"s":${JSON.stringify(pick(STRINGS, n))}`,
      `"i":${pick(INTEGERS, n)}`,
      `"j":${pick(INTEGERS, n + Math.trunc(n / INTEGERS.length))}`,
      `"d":"${pick(DECIMALS, n)}"`,
      `"w":"${pick(['0.000000000001', '999999.999999999999', '-3.5', '1', '0', '-0.7'], n)}"`,
      `"f":${pick(FLOATS, n)}`,
      `"b":${pick(['true', 'false', 'null'], n)}`,
    ]
    return `{${members.filter((_, place) => place === 0 || (n + place) % 13 !== 0).join(',')}}`
  })
  return [...rows, '{"ts":"2024-01-01T00:00:00Z"}']
}

function probe(name: string, values: readonly string[], measure?: (value: string) => string): Probe {
  const source = { format: 'json', time: 'ts', fields: FIELDS }
  const metrics = values.map((value, index) => {
    const measures = { n: 'count()', ...(measure && { m: measure(value) }) }
    const dimensions = measure ? {} : { v: value }
    return [`m${index}`, { source: 'src', window: '1d', dimensions, measures }]
  })
  const plan = planData({ sources: { src: source }, metrics: Object.fromEntries(metrics) })
  return { name: `values: ${name}`, plan, lines: rows().map((line) => Buffer.from(line)) }
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}

export const VALUE_PROBES: readonly Probe[] = [
  ...chunks(TEXTS, 12).map((each, n) => probe(`texts ${n}`, each)),
  ...chunks(TEXTS, 12).map((each, n) => probe(`registers ${n}`, each, (value) => `distinct(${value}, 64)`)),
  ...chunks(CONDITIONS, 16).map((each, n) => probe(`conditions ${n}`, each, (value) => `count(${value})`)),
  ...chunks(NUMBERS, 12).map((each, n) => probe(`numbers ${n}`, each, (value) => `sum(${value})`)),
  ...chunks(NUMBERS, 8).map((each, n) => probe(`buckets ${n}`, each, (value) => `quantiles(${value})`)),
  ...chunks(NUMBERS, 24)
    .slice(0, 1)
    .map((each, n) => probe(`digests ${n}`, each.slice(0, 12), (value) => `distinct(${value})`)),
  ...chunks(REALS, 12).map((each, n) => probe(`reals ${n}`, each, (value) => `sum(${value})`)),
]
