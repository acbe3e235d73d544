import { createHash } from 'node:crypto'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { FieldType } from '../../core/definition.ts'
import { type Expr, MAX_EXACT_MAGNITUDE, type ValueType } from '../../core/expr.ts'
import { bucketOf } from '../../core/quantile-bucket.ts'
import { parseExpression } from '../../expression/parse-expression.ts'
import { duckdbDialect } from './dialect.ts'

let connection: DuckDBConnection

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
})

const FIELDS: Readonly<Record<string, { type: FieldType; sql: string }>> = {
  s: { type: { kind: 'string' }, sql: 'VARCHAR' },
  i: { type: { kind: 'integer' }, sql: 'BIGINT' },
  j: { type: { kind: 'integer' }, sql: 'BIGINT' },
  d: { type: { kind: 'decimal', scale: 3 }, sql: 'BIGINT' },
  f: { type: { kind: 'float' }, sql: 'DOUBLE' },
  b: { type: { kind: 'boolean' }, sql: 'BOOLEAN' },
}
const scope = {
  fields: new Map(Object.entries(FIELDS).map(([name, { type }]) => [name, type])),
  eventTime: 'ts',
}
type Inputs = Readonly<Record<string, string | number | bigint | boolean | null>>

/** Runs the expression over one row; fields without an input are null, decimals are scaled integers. */
async function run(text: string, inputs: Inputs = {}): Promise<unknown> {
  const { expr, problems } = parseExpression(text, scope)
  expect(problems).toEqual([])
  const columns = {
    field: (name: string) => `CAST(${valueSql(inputs[name] ?? null)} AS ${FIELDS[name]!.sql})`,
    eventMs: `CAST(${String(inputs.ts ?? 0)} AS BIGINT)`,
  }
  return query(duckdbDialect.printExpr(expr!, columns))
}

async function query(sql: string): Promise<unknown> {
  return (await connection.runAndReadAll(`SELECT ${sql}`)).getRows()[0]![0]
}

function valueSql(value: string | number | bigint | boolean | null): string {
  return typeof value === 'string' ? duckdbDialect.quoteText(value) : String(value)
}

type Case = readonly [text: string, inputs: Inputs, expected: unknown]
const LOWEST = -(2n ** 63n)

describe.each<[string, Case[]]>([
  [
    'lower and upper change ASCII letters only',
    [
      ['lower(s)', { s: 'ABC ÉİẞK\u212a' }, 'abc Éİẞk\u212a'],
      ['lower(s)', { s: 'GET' }, 'get'],
      ['upper(s)', { s: 'ß é ſ az' }, 'ß é ſ AZ'],
      ['upper(s)', { s: null }, null],
    ],
  ],
  [
    'length and substring count code points',
    [
      ['length(s)', { s: 'é' }, 1n],
      ['length(s)', { s: 'e\u0301' }, 2n],
      ['length(s)', { s: '👍🏽' }, 2n],
      ['length(s)', { s: '' }, 0n],
      ['substring(s, 2, 1)', { s: '👍🏽x' }, '🏽'],
    ],
  ],
  [
    'substring starts at 1 and takes nothing before it',
    [
      ['substring(s, 1, 2)', { s: 'abc' }, 'ab'],
      ['substring(s, 2)', { s: 'abc' }, 'bc'],
      ['substring(s, 9)', { s: 'abc' }, ''],
      ['substring(s, i, 2)', { s: 'abc', i: 0 }, 'a'],
      ['substring(s, i, 2)', { s: 'abc', i: -1 }, ''],
      ['substring(s, i)', { s: 'abc', i: -1 }, 'abc'],
      ['substring(s, 2, i)', { s: 'abc', i: -1 }, ''],
      ['substring(s, 1, i)', { s: 'abc', i: 2n ** 63n - 1n }, 'abc'],
      ['substring(s, i, j)', { s: 'abc', i: LOWEST, j: 2n ** 63n - 1n }, ''],
      ['substring(s, i, j)', { s: 'abc', i: -5, j: 8 }, 'ab'],
      ['substring(s, length(s) - 1)', { s: 'path/x' }, '/x'],
      ['substring(s, 2147483647, 2147483647)', { s: 'abc' }, ''],
      ['substring(s, i)', { s: 'abc' }, null],
    ],
  ],
  [
    'trim takes the ASCII space only',
    [
      ['trim(s)', { s: '  a b ' }, 'a b'],
      ['trim(s)', { s: '\t a\u00a0' }, '\t a\u00a0'],
    ],
  ],
  [
    'concat and || are null when an argument is',
    [
      ["concat(s, 'x')", { s: null }, null],
      ["s || 'x'", { s: null }, null],
      ["concat(s, '-', s)", { s: "it's" }, "it's-it's"],
      ["s || '\\'", { s: '"' }, '"\\'],
    ],
  ],
  [
    'like has no escape but the backslash, and sees code points and line ends',
    [
      ["s like 'a_b'", { s: 'aéb' }, true],
      ["s like '%b%'", { s: 'a\nb\nc' }, true],
      ["s like '100\\%'", { s: '100%' }, true],
      ["s like '100\\%'", { s: '1000' }, false],
      ["s like 'a\\_b'", { s: 'axb' }, false],
      ["s like 'a\\\\b'", { s: 'a\\b' }, true],
      ["s like 'A%'", { s: 'abc' }, false],
      ["s not like 'a%'", { s: null }, null],
    ],
  ],
  [
    'texts compare by bytes',
    [
      ["s < 'a'", { s: 'Z' }, true],
      ["s > 'z'", { s: 'é' }, true],
      ["s = 'a'", { s: 'a ' }, false],
      ["s > '\uffff'", { s: '😀' }, true],
      ["greatest(s, 'a')", { s: 'B' }, 'a'],
    ],
  ],
  [
    'logic has three values',
    [
      ['b and true', { b: null }, null],
      ['b and false', { b: null }, false],
      ['b or true', { b: null }, true],
      ['not b', { b: null }, null],
      ['i in (1, null)', { i: 1 }, true],
      ['i in (1, null)', { i: 2 }, null],
      ['i not in (1, null)', { i: 2 }, null],
      ['i between 1 and 3', { i: 3 }, true],
      ['i not between 1 and 3', { i: 4 }, true],
      ['i between 1 and null', { i: 0 }, false],
      ['i = null', { i: 1 }, null],
      ['i is null', { i: null }, true],
      ['s is not null', { s: '' }, true],
    ],
  ],
  [
    'integer division cuts toward zero; remainder has the sign of the dividend; by zero is null',
    [
      ['i / 2', { i: -5 }, -2n],
      ['i / j', { i: 5, j: -2 }, -2n],
      ['i % 3', { i: -5 }, -2n],
      ['i % (-3)', { i: 5 }, 2n],
      ['i / j', { i: 5, j: 0 }, null],
      ['i % j', { i: 5, j: 0 }, null],
      ['i / 0', { i: 5 }, null],
      ['d % 1', { d: -1500 }, -500n],
      ['d / 0', { d: 1500 }, null],
      ['i / 100', { i: 499 }, 4n],
    ],
  ],
  [
    'integers beyond 64 bits stay exact',
    [
      ['i + 1', { i: 2n ** 63n - 1n }, 2n ** 63n],
      ['-i', { i: LOWEST }, 2n ** 63n],
      ['abs(i)', { i: LOWEST }, 2n ** 63n],
      ['i / -1', { i: LOWEST }, 2n ** 63n],
      ['i / j', { i: LOWEST, j: -1 }, 2n ** 63n],
      ['i % j', { i: LOWEST, j: -1 }, 0n],
      ['i % -1', { i: LOWEST }, 0n],
      ['i * j', { i: LOWEST, j: LOWEST }, 2n ** 126n],
      ['i * j / j', { i: LOWEST, j: 2n ** 63n - 1n }, LOWEST],
      ['i * 10000000000000000000 / 10000000000000000000', { i: LOWEST }, LOWEST],
      ['i - 9223372036854775808', { i: LOWEST }, -(2n ** 64n)],
      ['1000000 * 1000000', {}, 10n ** 12n],
    ],
  ],
  [
    'decimals are scaled integers; quotients round half away from zero',
    [
      ['d + 1', { d: 1500 }, 2500n],
      ['d * 1.5', { d: 1500 }, 22500n],
      ['d / 2', { d: 1 }, 1n],
      ['d / 2', { d: -1 }, -1n],
      ['d / 2', { d: 3 }, 2n],
      ['d / 2', { d: -3 }, -2n],
      ['d / 3', { d: 1 }, 0n],
      ['d / 3', { d: 2 }, 1n],
      ['d / d', { d: 3 }, 1000n],
      ['d / 0.7', { d: 1000 }, 1429n],
      ['1.0 / 3', {}, 3n],
      ['i / 0.3', { i: 1 }, 33n],
      ['i / d', { i: 2n ** 63n - 1n, d: 1 }, (2n ** 63n - 1n) * 1000000n],
      ['100.512 / d', { d: 3000 }, 33504n],
      ['9223372036854775807 / d', { d: 1 }, (2n ** 63n - 1n) * 1000000n],
      ['d > 1', { d: 1001 }, true],
      ['d = 1.5', { d: 1500 }, true],
      ['d in (1, 1.5)', { d: 1500 }, true],
      ['case when b then 1 else 2.5 end', { b: true }, 10n],
    ],
  ],
  [
    'floats are doubles; what is not finite at the end of arithmetic is null',
    [
      ['f / 0', { f: 1 }, null],
      ['f / f', { f: 0 }, null],
      ['f % 0', { f: 1 }, null],
      ['f * 10', { f: 1e308 }, null],
      ['f * 10 - f * 10', { f: 1e308 }, null],
      ['1 / (f * 10)', { f: 1e308 }, 0],
      ['f % 2', { f: -5.5 }, -1.5],
      ['f + 0.1', { f: 0.2 }, 0.1 + 0.2],
      ['f > d', { f: 1.5, d: 1499 }, true],
      ['f = 9007199254740993', { f: 9007199254740992 }, true],
      ['coalesce(f, i + 1)', { i: 2n ** 63n - 1n }, 2 ** 63],
    ],
  ],
  [
    'case takes the first true branch; without one, and without else, it is null',
    [
      ['case when b then 1 when i = 2 then 3 end', { b: null, i: 2 }, 3n],
      ['case when b then 1 end', { b: false }, null],
      ["case s when 'a' then 1 when null then 2 else 3 end", { s: null }, 3n],
      ['case when i <> 0 then 10 / i else -1 end', { i: 0 }, -1n],
      ['coalesce(i, j, 7)', { j: 3 }, 3n],
      ['least(i, j)', { i: 1 }, null],
      ['greatest(i, 2.5)', { i: 3 }, 30n],
    ],
  ],
  [
    'regular expressions are the closed part of RE2',
    [
      ["regexp_matches(s, '(?i)é')", { s: 'É' }, false],
      ["regexp_matches(s, '(?i)k')", { s: '\u212a' }, false],
      ["regexp_matches(s, '(?i)aPi')", { s: '/API/' }, true],
      ["regexp_matches(s, '^a$')", { s: 'a\n' }, false],
      ["regexp_matches(s, '^b')", { s: 'a\nb' }, false],
      ["regexp_matches(s, 'a.b')", { s: 'a\nb' }, false],
      ["regexp_matches(s, '(?s)a.b')", { s: 'a\nb' }, true],
      ["regexp_matches(s, 'a.b')", { s: 'a\rb' }, true],
      ["regexp_matches(s, '\\s')", { s: '\u00a0' }, false],
      ["regexp_matches(s, '\\d')", { s: '٣' }, false],
      ["regexp_matches(s, '^\\w+$')", { s: 'a_Z9' }, true],
      ["regexp_matches(s, '^[^a]$')", { s: '\n' }, true],
      ["regexp_extract(s, 'x(b)?', 1)", { s: 'ax' }, ''],
      ["regexp_extract(s, 'x(b)?', 1)", { s: 'a' }, null],
      ["regexp_extract(s, '([0-9]+)', 1)", { s: 'a' }, null],
      ["regexp_extract(s, '([0-9]+)', 1)", { s: 'a12' }, '12'],
      ["regexp_extract(s, 'b*')", { s: 'a' }, ''],
      ["regexp_extract(s, 'a|b')", { s: null }, null],
      ["regexp_extract(s, 'it''s')", { s: "it's" }, "it's"],
    ],
  ],
  [
    'time parts are of the event time in UTC, also before 1970',
    [
      ['year(ts)', { ts: -1 }, 1969n],
      ['month(ts)', { ts: -1 }, 12n],
      ['day(ts)', { ts: -1 }, 31n],
      ['hour(ts)', { ts: -1 }, 23n],
      ['minute(ts)', { ts: -1 }, 59n],
      ['second(ts)', { ts: -1 }, 59n],
      ['day_of_week(ts)', { ts: 0 }, 4n],
      ['day_of_week(ts)', { ts: -1 }, 3n],
      ['day_of_week(ts)', { ts: Date.UTC(2024, 1, 25) }, 7n],
      ['year(ts) * 100 + month(ts)', { ts: Date.UTC(2024, 1, 29, 23, 59, 59) }, 202402n],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%s of %o', async (text, inputs, expected) => {
    expect(await run(text, inputs)).toEqual(expected)
  })
})

function call(fn: string, type: ValueType, ...more: string[]): Expr {
  const integer: ValueType = { kind: 'integer', magnitude: '4096' }
  const args: Expr[] = [
    { node: 'field', name: 'x', type },
    ...more.map((value) => ({ node: 'literal', value, type: integer }) as const),
  ]
  return { node: 'call', fn, args, type: integer }
}

/** The call over many values at once. */
async function overValues(
  expr: Expr,
  sqlType: string,
  values: readonly (string | bigint | boolean | null)[],
) {
  const rows = values.map((value, n) => `(${n}, CAST(${valueSql(value)} AS ${sqlType}))`)
  const printed = duckdbDialect.printExpr(expr, { field: () => 'x', eventMs: '0' })
  const sql = `SELECT ${printed} FROM (VALUES ${rows.join(', ')}) AS v(n, x) ORDER BY n`
  return (await connection.runAndReadAll(sql))
    .getRows()
    .map(([value]) => (value === null ? null : Number(value)))
}

describe('$bucket', () => {
  const edges = Array.from({ length: 38 }, (_, p) => 10n ** BigInt(p)).flatMap((unit) =>
    [1n, 2n, 5n, 9n].flatMap((lead) => [lead * unit - 1n, lead * unit, lead * unit + 1n]),
  )
  const mirrored = [...edges, ...edges.map((value) => -value)]
  const random = (most: bigint) =>
    fc
      .sample(fc.bigInt({ min: -most, max: most }), { seed: 3, numRuns: 500 })
      .flatMap((value) => [value, value / 10n ** BigInt(Math.abs(Number(value % 30n)))])

  test('equals core for 64-bit values', async () => {
    const most = 2n ** 63n - 1n
    const values = [...mirrored, ...random(most), most, LOWEST].filter((v) => v <= most && v >= LOWEST)
    const found = await overValues(
      call('$bucket', { kind: 'integer', magnitude: String(2n ** 63n) }),
      'BIGINT',
      values,
    )
    expect(found).toEqual(values.map(bucketOf))
  })

  test('equals core for 38-digit values', async () => {
    const most = MAX_EXACT_MAGNITUDE
    const values = [...mirrored, ...random(most), most, -most].filter((v) => v <= most && v >= -most)
    const found = await overValues(
      call('$bucket', { kind: 'integer', magnitude: String(most) }),
      'HUGEINT',
      values,
    )
    expect(found).toEqual(values.map(bucketOf))
  })

  test('never needs more decades than the type has', async () => {
    const values = Array.from({ length: 2001 }, (_, index) => BigInt(index - 1000))
    const type: ValueType = { kind: 'integer', magnitude: '1000' }
    expect(await overValues(call('$bucket', type), 'BIGINT', values)).toEqual(values.map(bucketOf))
  })

  test('is null for null', async () => {
    expect(
      await overValues(call('$bucket', { kind: 'integer', magnitude: '5000' }), 'BIGINT', [null]),
    ).toEqual([null])
  })
})

describe('$register and $rank', () => {
  const texts = ['', 'a', 'é', "it's", ...Array.from({ length: 3000 }, (_, index) => `user-${index}`)]
  const hex = (text: string) => createHash('md5').update(text).digest('hex')
  const register = (text: string) => Number.parseInt(hex(text).slice(0, 3), 16)
  const rank = (text: string) => 53 - BigInt(`0x${hex(text).slice(3, 16)}`).toString(2).length

  test.each([4096, 1024, 16])('the register of %i is cut from the first 12 bits', async (count) => {
    const found = await overValues(call('$register', { kind: 'string' }, String(count)), 'VARCHAR', texts)
    expect(found).toEqual(texts.map((text) => Math.trunc(register(text) / (4096 / count))))
  })

  test('the rank counts the leading zeros of the next 52 bits', async () => {
    const found = await overValues(call('$rank', { kind: 'string' }), 'VARCHAR', texts)
    expect(found).toEqual(texts.map(rank))
    expect(Math.max(...(found as number[]))).toBeGreaterThan(9)
  })

  test.each<[ValueType, string, (bigint | boolean)[]]>([
    [{ kind: 'integer', magnitude: '99' }, 'BIGINT', [0n, -7n, 42n]],
    [{ kind: 'integer', magnitude: String(10n ** 30n) }, 'HUGEINT', [10n ** 30n]],
    [{ kind: 'decimal', scale: 3, magnitude: '9999' }, 'BIGINT', [1500n]],
    [{ kind: 'boolean' }, 'BOOLEAN', [true, false]],
  ])('values of %o count by their canonical text', async (type, sqlType, values) => {
    const found = await overValues(call('$rank', type), sqlType, values)
    expect(found).toEqual(values.map((value) => rank(String(value))))
  })

  test('are null for null', async () => {
    expect(await overValues(call('$rank', { kind: 'string' }), 'VARCHAR', [null])).toEqual([null])
    expect(await overValues(call('$register', { kind: 'string' }, '4096'), 'VARCHAR', [null])).toEqual([null])
  })
})

test('names and texts are quoted, whatever they hold', async () => {
  const hostile = `"; DROP TABLE x; --' \\ \n`
  expect(await query(`${duckdbDialect.quoteText(hostile)}`)).toBe(hostile)
  const sql = `${duckdbDialect.quoteName(hostile)} FROM (SELECT 7 AS ${duckdbDialect.quoteName(hostile)})`
  expect(await query(sql)).toBe(7)
  expect(() => duckdbDialect.quoteText('a\0b')).toThrow()
})
