/** Random expressions: DuckDB, given what the dialect prints, must agree with the plain JavaScript evaluator. */
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FieldType } from '../../src/core/definition.ts'
import { duckdbDialect } from '../../src/engines/duckdb/dialect.ts'
import { parseExpression, printExpr } from '../../src/expression/parse-expression.ts'
import { evaluate, type Row, type Value } from './evaluate-expr.ts'

const CASES = 800
const ROWS = 60

const FIELDS: ReadonlyMap<string, FieldType> = new Map<string, FieldType>([
  ['s', { kind: 'string' }],
  ['t', { kind: 'string' }],
  ['i', { kind: 'integer' }],
  ['j', { kind: 'integer' }],
  ['d', { kind: 'decimal', scale: 3 }],
  ['e', { kind: 'decimal', scale: 0 }],
  ['f', { kind: 'float' }],
  ['g', { kind: 'float' }],
  ['b', { kind: 'boolean' }],
  ['c', { kind: 'boolean' }],
])
const COLUMN_TYPES = {
  string: 'VARCHAR',
  integer: 'BIGINT',
  decimal: 'BIGINT',
  float: 'DOUBLE',
  boolean: 'BOOLEAN',
} as const
const NASTY_TEXTS = [
  '',
  ' ',
  'a',
  'A',
  'é',
  'É',
  'ß',
  'İ',
  'ſ',
  "it's",
  '"q"',
  'a\\b',
  '100%',
  'x_y',
  '\t a ',
]
const MORE_TEXTS = [
  'GET /Api/12',
  'line\nbreak',
  '😀x',
  'e\u0301',
  '\u00a0a\u00a0',
  'ab12cd',
  '0',
  'Zz',
  'null',
]
const TEXTS = [...NASTY_TEXTS, ...MORE_TEXTS]
const LIMIT = 2n ** 63n

const textValue = fc.oneof(fc.constantFrom(...TEXTS), fc.constant(null))
const integerValue = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n, -7n, 100n, 499n, 500n, LIMIT - 1n, -LIMIT, null),
  fc.bigInt({ min: -LIMIT, max: LIMIT - 1n }),
  fc.bigInt({ min: -20n, max: 20n }),
)
const MOST_SCALED = 10n ** 18n - 1n
const decimalValue = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 500n, 1500n, -2500n, MOST_SCALED, -MOST_SCALED, null),
  fc.bigInt({ min: -5000n, max: 5000n }),
)
const floatValue = fc.oneof(
  fc.constantFrom(0, 1.5, -2.25, 1e308, -1e308, 1e-300, 0.1, null),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const booleanValue = fc.constantFrom(true, false, null)
const row: fc.Arbitrary<Row> = fc.record({
  fields: fc.record({
    s: textValue,
    t: textValue,
    i: integerValue,
    j: integerValue,
    d: decimalValue,
    e: decimalValue,
    f: floatValue,
    g: floatValue,
    b: booleanValue,
    c: booleanValue,
  }),
  eventMs: fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
})

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`
const join = (...parts: readonly (string | fc.Arbitrary<string>)[]) =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.join(''))

const LIKES = [
  '%',
  '_',
  '',
  'a%',
  '%a%',
  '%/Api/%',
  'x\\_y',
  '100\\%',
  'a\\\\b',
  '_\\%',
  'é_',
  "it's",
  '%\n%',
]
const REGEXES = [
  '^a',
  'a$',
  '(?i)api',
  '\\d+',
  '[^a]',
  '.',
  '^$',
  '(?i)é',
  '\\s',
  '^\\w+$',
  'a|é',
  "'",
  '\\\\',
]
const GROUPS = ['([a-z]+)([0-9]*)', '(x)?y', '(\\d*)', '^(.)', '(?i)(?P<verb>get) /(?:api)/(\\d+)?', '(é|ß)']

/** Expressions of every type as text, so that the parser and the checker take part. */
const grammar = fc.letrec<Record<'text' | 'integer' | 'decimal' | 'float' | 'boolean', string>>((tie) => {
  const [text, integer, decimal, float, boolean] = [
    tie('text'),
    tie('integer'),
    tie('decimal'),
    tie('float'),
    tie('boolean'),
  ]
  const operator = fc.constantFrom(' + ', ' - ', ' * ', ' / ', ' % ')
  const comparison = fc.constantFrom(' = ', ' <> ', ' < ', ' <= ', ' > ', ' >= ')
  const either = (x: fc.Arbitrary<string>) => [
    join('case when ', boolean, ' then ', x, ' else ', x, ' end'),
    join('case when ', boolean, ' then ', x, ' end'),
    join('coalesce(', x, ', ', x, ')'),
    join(fc.constantFrom('least', 'greatest'), '(', x, ', ', x, ')'),
  ]
  const numeric = (x: fc.Arbitrary<string>, y: fc.Arbitrary<string>) => [
    join('(', x, operator, y, ')'),
    join('(', y, operator, x, ')'),
    join('(-', x, ')'),
    join('abs(', x, ')'),
  ]
  const number = fc.oneof(integer, decimal, float)
  const deep = { maxDepth: 4, depthSize: 'small' } as const
  return {
    text: fc.oneof(
      deep,
      fc.constantFrom('s', 't'),
      fc.constantFrom(...TEXTS).map(quote),
      join(fc.constantFrom('lower', 'upper', 'trim'), '(', text, ')'),
      join('substring(', text, ', ', integer, ')'),
      join('substring(', text, ', ', integer, ', ', integer, ')'),
      join('substring(', text, ', ', fc.constantFrom('1', '2', '3'), fc.constantFrom('', ', 0', ', 2'), ')'),
      join('(', text, ' || ', text, ')'),
      join('concat(', text, ', ', text, ', ', text, ')'),
      join(
        'regexp_extract(',
        text,
        ', ',
        fc.constantFrom(...GROUPS).map(quote),
        fc.constantFrom('', ', 1'),
        ')',
      ),
      ...either(text),
    ),
    integer: fc.oneof(
      deep,
      fc.constantFrom('i', 'j'),
      fc.constantFrom('0', '1', '2', '7', '100', '9223372036854775807', '(-1)', '(-3)'),
      fc
        .constantFrom('year', 'month', 'day', 'hour', 'minute', 'second', 'day_of_week')
        .map((f) => `${f}(ts)`),
      join('length(', text, ')'),
      ...numeric(integer, integer),
      ...either(integer),
    ),
    decimal: fc.oneof(
      deep,
      fc.constantFrom('d', 'e'),
      fc.constantFrom('0.0', '1.5', '2.50', '0.001', '(-1.25)'),
      ...numeric(decimal, fc.oneof(decimal, integer)),
      ...either(decimal),
    ),
    float: fc.oneof(
      deep,
      fc.constantFrom('f', 'g'),
      ...numeric(float, number),
      join(fc.constantFrom('least', 'greatest'), '(', float, ', ', number, ')'),
      ...either(float),
    ),
    boolean: fc.oneof(
      deep,
      fc.constantFrom('b', 'c', 'true', 'null'),
      join('(', number, comparison, number, ')'),
      join('(', text, comparison, text, ')'),
      join('(', fc.oneof(number, text, boolean), fc.constantFrom(' is null', ' is not null'), ')'),
      join('(', integer, fc.constantFrom(' in (', ' not in ('), integer, ', 7, null)', ')'),
      join('(', text, fc.constantFrom(' in (', ' not in ('), text, ", 'a'))"),
      join('(', number, fc.constantFrom(' between ', ' not between '), integer, ' and ', decimal, ')'),
      join('(', text, fc.constantFrom(' like ', ' not like '), fc.constantFrom(...LIKES).map(quote), ')'),
      join('regexp_matches(', text, ', ', fc.constantFrom(...REGEXES).map(quote), ')'),
      join('(', boolean, fc.constantFrom(' and ', ' or '), boolean, ')'),
      join('(not ', boolean, ')'),
    ),
  }
})
const expression = fc.oneof(grammar.text, grammar.integer, grammar.decimal, grammar.float, grammar.boolean)

function sqlValue(value: Value): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return quote(value)
  return typeof value === 'number' ? `'${value}'::DOUBLE` : `${value}`
}

/** -0 and 0 are one value. */
function plain(value: unknown): unknown {
  return value === 0 ? 0 : value
}

test(`${CASES} random expressions mean the same in DuckDB and in the model`, async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect()
  const names = [...FIELDS.keys()]
  const columns = [...FIELDS].map(([name, type]) => `${name} ${COLUMN_TYPES[type.kind]}`)
  const rows = fc.sample(row, { seed: 7, numRuns: ROWS })
  await connection.run(`CREATE TABLE r (n BIGINT, event_ms BIGINT, ${columns.join(', ')})`)
  const values = rows.map(({ fields, eventMs }, n) =>
    [n, eventMs, ...names.map((name) => sqlValue(fields[name]!))].join(', '),
  )
  await connection.run(`INSERT INTO r VALUES ${values.map((text) => `(${text})`).join(', ')}`)
  let compared = 0
  const property = fc.asyncProperty(expression, async (text) => {
    const { expr, problems } = parseExpression(text, { fields: FIELDS, eventTime: 'ts' })
    const refusals = problems.map((problem) => problem.code)
    expect(refusals.filter((code) => !ALLOWED_REFUSALS.includes(code))).toEqual([])
    fc.pre(expr !== undefined)
    const sql = duckdbDialect.printExpr(expr!, {
      field: (name) => duckdbDialect.quoteName(name),
      eventMs: 'event_ms',
    })
    const reader = await connection.runAndReadAll(`SELECT ${sql} FROM r ORDER BY n`)
    const found = reader.getRows().map(([value]) => plain(value))
    expect(found, `${text}\n${sql}`).toEqual(rows.map((each) => plain(evaluate(expr!, each))))
    const again = parseExpression(printExpr(expr!, 'ts'), { fields: FIELDS, eventTime: 'ts' })
    expect(again.problems).toEqual([])
    compared++
  })
  await fc.assert(property, { numRuns: CASES, maxSkipsPerRun: 20 })
  expect(compared).toBeGreaterThanOrEqual(CASES)
})

/** Random expressions may outgrow a limit or take a negative constant as a position; nothing else may fail. */
const ALLOWED_REFUSALS = ['TOO_WIDE', 'TOO_LARGE', 'OUT_OF_RANGE', 'ALWAYS_NULL']
