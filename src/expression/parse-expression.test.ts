import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FieldType } from '../core/definition.ts'
import {
  type ExpressionProblem,
  parseCondition,
  parseDimension,
  parseExpression,
  parseMeasure,
  parseRatio,
  printExpr,
} from './parse-expression.ts'

const scope = {
  fields: new Map<string, FieldType>([
    ['path', { kind: 'string' }],
    ['status', { kind: 'integer' }],
    ['bytes', { kind: 'integer' }],
    ['duration_ms', { kind: 'decimal', scale: 3 }],
    ['price', { kind: 'decimal', scale: 15 }],
    ['load', { kind: 'float' }],
    ['ok', { kind: 'boolean' }],
    ['id.orig_h', { kind: 'string' }],
    ['User Agent', { kind: 'string' }],
    ['case', { kind: 'string' }],
    ['__proto__', { kind: 'string' }],
  ]),
  eventTime: 'ts',
}

function printed(text: string): string {
  const { expr, problems } = parseExpression(text, scope)
  expect(problems).toEqual([])
  return printExpr(expr!)
}

describe('precedence and spelling', () => {
  test.each([
    ['ok or ok and ok', 'ok or (ok and ok)'],
    ['not ok and ok', '(not ok) and ok'],
    ['not status = 1', 'not (status = 1)'],
    ['status + 1 * 2', 'status + (1 * 2)'],
    ['1 - 2 - 3', '(1 - 2) - 3'],
    ['-status * 2', '(-status) * 2'],
    ['- - status', '-(-status)'],
    ['(1 + 2) * 3', '(1 + 2) * 3'],
    ['status + 1 > 2 and ok', '((status + 1) > 2) and ok'],
    ["path || 'a' = 'b'", "concat(path, 'a') = 'b'"],
    ['status between 1 + 1 and 3 and ok', '((status >= (1 + 1)) and (status <= 3)) and ok'],
    ['status not between 1 and 3', 'not ((status >= 1) and (status <= 3))'],
    ['status != 3', 'status <> 3'],
    ['STATUS IS NOT NULL'.replace('STATUS', 'status'), 'status is not null'],
    ['status NOT IN (1, -2)', 'status not in (1, -2)'],
    ["path like 'a%'", "path like 'a%'"],
    ["LOWER(path) = 'it''s'", "lower(path) = 'it''s'"],
    ['id.orig_h', 'id.orig_h'],
    ['"User Agent"', '"User Agent"'],
    ['"case" || __proto__', 'concat("case", __proto__)'],
    ["case path when 'a' then 1 end", "case when path = 'a' then 1 else null end"],
    ['case when ok then 1 else 2.50 end', 'case when ok then 1.00 else 2.50 end'],
    ['-1.5', '-1.5'],
    ['duration_ms > 5', 'duration_ms > 5.000'],
    ['hour(ts)', 'hour(event_time)'],
    ['load * 2', 'load * 2'],
    ["regexp_matches(path, '^/a\\d')", "regexp_matches(path, '\\A/a[0-9]')"],
  ])('%s reads as %s', (text, canonical) => {
    expect(printed(text)).toBe(canonical)
  })
})

describe('types', () => {
  const typeOf = (text: string) => parseExpression(text, scope).expr?.type
  test.each([
    ['status + 1', 'integer', undefined],
    ['duration_ms + 1.5', 'decimal', 3],
    ['duration_ms * 1.5', 'decimal', 4],
    ['duration_ms / 3', 'decimal', 3],
    ['1 / 3.00', 'decimal', 2],
    ['duration_ms % 0.0001', 'decimal', 4],
    ['load + duration_ms', 'float', undefined],
    ['coalesce(null, status)', 'integer', undefined],
    ['status = null', 'boolean', undefined],
    ['length(path)', 'integer', undefined],
  ])('%s is %s', (text, kind, scale) => {
    expect(typeOf(text)).toMatchObject({ kind, ...(scale !== undefined && { scale }) })
  })

  test('magnitudes bound every result', () => {
    expect(typeOf('status / 100')).toMatchObject({ magnitude: String(2n ** 63n / 100n) })
    expect(typeOf('status % 7')).toMatchObject({ magnitude: '7' })
    expect(typeOf('-status')).toMatchObject({ magnitude: String(2n ** 63n + 1n) })
    expect(typeOf('bytes * 8')).toMatchObject({ magnitude: String(2n ** 66n) })
  })
})

/** `^` marks the start and the end of the problem's place under the text. */
function place({ start, end }: ExpressionProblem, text: string): string {
  return text.slice(start, end)
}

describe('problems', () => {
  test.each([
    ['', 'EMPTY', '', undefined],
    ['  ', 'EMPTY', '', undefined],
    ['stauts = 1', 'UNKNOWN_NAME', 'stauts', 'Did you mean status?'],
    ['path = "GET"', 'UNKNOWN_NAME', '"GET"', 'Texts stand in single quotes.'],
    ['constructor = 1', 'UNKNOWN_NAME', 'constructor', undefined],
    ['lenght(path)', 'UNKNOWN_FUNCTION', 'lenght', 'Did you mean length?'],
    ['valueOf(path)', 'UNKNOWN_FUNCTION', 'valueOf', undefined],
    [
      'cast(path)',
      'UNKNOWN_FUNCTION',
      'cast',
      'There are no casts: declare the type of the field in the source.',
    ],
    ["status = '200'", 'TYPE_MISMATCH', "status = '200'", /declare the type/],
    ['status + path', 'TYPE_MISMATCH', 'status + path', /declare the type/],
    ['status || path', 'TYPE_MISMATCH', 'status || path', /declare the type/],
    ['ok || ok', 'TYPE_MISMATCH', 'ok || ok', 'Write or.'],
    ['-path', 'TYPE_MISMATCH', '-path', /declare the type/],
    ["status like '5%'", 'TYPE_MISMATCH', 'status', /declare the type/],
    ["case when ok then 1 else 'a' end", 'TYPE_MISMATCH', "case when ok then 1 else 'a' end", /declare/],
    ['status == 1', 'BAD_CHARACTER', '==', 'Write = to compare.'],
    ['ok && ok', 'BAD_CHARACTER', '&&', 'Write and.'],
    ['!ok', 'BAD_CHARACTER', '!', 'Write not, or <> for unequal.'],
    ['status::text', 'BAD_CHARACTER', '::', /no casts/],
    ['naïve = 1', 'BAD_CHARACTER', 'ï', 'Write a name with other letters in double quotes.'],
    ['status; drop', 'BAD_CHARACTER', ';', undefined],
    ['status = 1e3', 'BAD_NUMBER', '1e3', 'Write the number out in digits.'],
    ['status = 0x10', 'BAD_NUMBER', '0x10', undefined],
    ['status = 1_000', 'BAD_NUMBER', '1_000', undefined],
    ["path = 'abc", 'UNCLOSED', "'abc", undefined],
    ["path = 'a\0b'", 'BAD_TEXT', "'a\0b'", undefined],
    ["path = '\ud800'", 'BAD_TEXT', "'\ud800'", undefined],
    ['(status = 1', 'UNCLOSED', '(', undefined],
    ['lower(path', 'UNCLOSED', '(', undefined],
    ['case when ok then 1', 'UNCLOSED', 'case', undefined],
    ['status = 1)', 'EXPECTED', ')', undefined],
    ['status =', 'EXPECTED', '', undefined],
    ['status is 1', 'EXPECTED', '1', /Only is null/],
    ['status in ()', 'EXPECTED', '(', undefined],
    ['status not 1', 'EXPECTED', '1', undefined],
    ['end = 1', 'EXPECTED', 'end', /"end" in double quotes/],
    ['1 < status < 3', 'CHAINED_COMPARISON', '<', /join/i],
    ['path like ok', 'NOT_CONSTANT', 'ok', undefined],
    ["path like 'a\\b'", 'BAD_LIKE_PATTERN', "'a\\b'", undefined],
    ["path like 'a\\'", 'BAD_LIKE_PATTERN', "'a\\'", undefined],
    ['regexp_matches(path, path)', 'NOT_CONSTANT', 'path', undefined],
    ["regexp_matches(path, 'it''s(?=a)')", 'BAD_REGEX', '(?=', undefined],
    ["regexp_extract(path, '(a)', 2)", 'BAD_GROUP', '2', undefined],
    ['substring(path, 0, 2)', 'OUT_OF_RANGE', '0', 'The first character is number 1.'],
    ['substring(path, 1, -1)', 'OUT_OF_RANGE', '-1', undefined],
    ['substring(path, 1.5)', 'WRONG_ARGUMENT', '1.5', undefined],
    ['lower(status)', 'WRONG_ARGUMENT', 'status', /declare the type/],
    ['lower(path, path)', 'WRONG_COUNT', 'lower(path, path)', undefined],
    ['least(ok, ok)', 'WRONG_ARGUMENT', 'ok', undefined],
    ['ts', 'EVENT_TIME_USE', 'ts', undefined],
    ['hour(path)', 'NOT_EVENT_TIME', 'path', undefined],
    ['count()', 'AGGREGATE_INSIDE', 'count', undefined],
    ['count(*)', 'EXPECTED', '*', 'Write count() to count records.'],
    ['null', 'ALWAYS_NULL', 'null', undefined],
    ['bytes * bytes * bytes', 'TOO_WIDE', 'bytes * bytes * bytes', undefined],
    ['price * price * price', 'TOO_WIDE', 'price * price * price', undefined],
    [`${'9'.repeat(39)}`, 'TOO_WIDE', '9'.repeat(39), undefined],
  ])('%j gives %s at %j', (text, code, at, hint) => {
    const { expr, problems } = parseExpression(text, scope)
    expect(expr).toBeUndefined()
    expect(problems.map((problem) => problem.code)).toEqual([code])
    expect(place(problems[0]!, text)).toBe(at)
    expect(problems[0]!.message).not.toContain('{')
    if (hint instanceof RegExp) expect(problems[0]!.hint).toMatch(hint)
    else expect(problems[0]!.hint).toBe(hint)
  })

  test('all are reported at once, each with its place', () => {
    const text = "stauts = 1 and lenght(path) > 2 and bytes = 'x' and hour(path) = 1"
    const { problems } = parseExpression(text, scope)
    expect(problems.map((problem) => problem.code)).toEqual([
      'UNKNOWN_NAME',
      'UNKNOWN_FUNCTION',
      'TYPE_MISMATCH',
      'NOT_EVENT_TIME',
    ])
  })

  test('depth, length and size are limited', () => {
    const codes = (text: string) => parseExpression(text, scope).problems.map((problem) => problem.code)
    expect(codes(`${'('.repeat(5000)}1${')'.repeat(4000)}`)).toEqual(['TOO_DEEP'])
    expect(codes(Array(150).fill('ok').join(' or '))).toEqual(['TOO_DEEP'])
    expect(codes(`${'not '.repeat(150)}ok`)).toEqual(['TOO_DEEP'])
    expect(codes(`path = '${'a'.repeat(10_000)}'`)).toEqual(['TOO_LONG'])
    expect(codes(`${'lower('.repeat(50)}path${')'.repeat(50)}`)).toEqual(['TOO_LARGE'])
    expect(
      codes(`${'case '.repeat(60)}path${" when 'a' then path when 'b' then path end".repeat(60)}`),
    ).toEqual(['TOO_LARGE'])
    expect(codes(Array(90).fill('ok').join(' or '))).toEqual([])
    expect(codes(`status in (${Array(900).fill(1).join(',')})`)).toEqual([])
    expect(codes(Array(60).fill('load').join(' + '))).toEqual([])
  })

  test('no text makes it throw', () => {
    const token = fc.constantFrom('status', 'path', 'ts', "'a'", '1', '1.5', '(', ')', ',', 'not', 'in', 'is')
    const more = fc.constantFrom(
      'null',
      'case',
      'when',
      'then',
      'end',
      'and',
      '-',
      '*',
      '=',
      'lower',
      '"',
      "'",
      '\\',
    )
    const text = fc.oneof(
      fc.array(fc.oneof(token, more), { maxLength: 25 }).map((parts) => parts.join(' ')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(text, (each) => {
        for (const parse of [parseExpression, parseCondition, parseMeasure]) {
          const { problems, ...found } = parse(each, scope)
          expect(problems.length > 0).toBe(Object.keys(found).length === 0)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('conditions and dimensions', () => {
  const codes = ({ problems }: { problems: readonly ExpressionProblem[] }) => problems.map(({ code }) => code)
  test('a condition is boolean', () => {
    expect(codes(parseCondition('status', scope))).toEqual(['NOT_A_CONDITION'])
    expect(codes(parseCondition('status and ok', scope))).toEqual(['NOT_A_CONDITION'])
    expect(codes(parseCondition('status > 1', scope))).toEqual([])
  })

  test('a dimension is not a float', () => {
    expect(codes(parseDimension('load', scope))).toEqual(['FLOAT_DIMENSION'])
    expect(codes(parseDimension('load > 1', scope))).toEqual([])
  })

  test('inside a time part a name means the event time before a field', () => {
    const both = { fields: new Map<string, FieldType>([['ts', { kind: 'string' }]]), eventTime: 'ts' }
    expect(parseExpression("hour(ts) = 1 and ts = 'x'", both).problems).toEqual([])
  })
})

describe('measures', () => {
  test.each([
    ['count()', { aggregate: 'count' }],
    ['COUNT(status >= 500)', { aggregate: 'count', argument: { node: 'compare' } }],
    ['sum(bytes * 8)', { aggregate: 'sum', argument: { node: 'arithmetic' } }],
    ['mean(load)', { aggregate: 'mean', argument: { type: { kind: 'float' } } }],
    ['min(duration_ms)', { aggregate: 'min' }],
    ['quantiles(duration_ms)', { aggregate: 'quantiles' }],
    ['distinct(path)', { aggregate: 'distinct' }],
    ['distinct(path, 1024)', { aggregate: 'distinct', registers: 1024 }],
  ])('%s', (text, call) => {
    const parsed = parseMeasure(text, scope)
    expect(parsed.problems).toEqual([])
    expect(parsed.call).toMatchObject(call)
  })

  test.each([
    ['bytes', 'NOT_AN_AGGREGATE'],
    ['sum(bytes) / count()', 'NOT_AN_AGGREGATE'],
    ['summ(bytes)', 'NOT_AN_AGGREGATE'],
    ['count(status)', 'NOT_A_CONDITION'],
    ['sum()', 'WRONG_COUNT'],
    ['count(ok, ok)', 'WRONG_COUNT'],
    ['sum(path)', 'WRONG_MEASURE_TYPE'],
    ['sum(ok)', 'WRONG_MEASURE_TYPE'],
    ['max(path)', 'WRONG_MEASURE_TYPE'],
    ['quantiles(load)', 'WRONG_MEASURE_TYPE'],
    ['distinct(load)', 'WRONG_MEASURE_TYPE'],
    ['sum(null)', 'ALWAYS_NULL'],
    ['sum(sum(bytes))', 'AGGREGATE_INSIDE'],
    ['distinct(path, 1000)', 'BAD_REGISTERS'],
    ['distinct(path, 8192)', 'BAD_REGISTERS'],
    ['distinct(path, 8)', 'BAD_REGISTERS'],
    ['distinct(path, status)', 'BAD_REGISTERS'],
  ])('%s gives %s', (text, code) => {
    expect(parseMeasure(text, scope).problems.map((problem) => problem.code)).toEqual([code])
  })
})

describe('ratios', () => {
  const names = new Set(['errors', 'requests', 'p.total', '__proto__'])

  test('are formulas over measures', () => {
    const { expr, uses, problems } = parseRatio('100 * errors / (requests + -1.5)', names)
    expect(problems).toEqual([])
    expect(uses).toEqual(['errors', 'requests'])
    const hundred = { node: 'number', value: 100 }
    const errors = { node: 'measure', name: 'errors' }
    const sum = {
      node: 'binary',
      operator: '+',
      left: { node: 'measure', name: 'requests' },
      right: { node: 'number', value: -1.5 },
    }
    const product = { node: 'binary', operator: '*', left: hundred, right: errors }
    expect(expr).toEqual({ node: 'binary', operator: '/', left: product, right: sum })
  })

  test.each([
    ['errors / requsets', 'UNKNOWN_NAME', 'Did you mean requests?'],
    ['errors % requests', 'RATIO_PART', undefined],
    ['count() / requests', 'RATIO_PART', 'Make it a measure of its own and name that here.'],
    ["errors / 'a'", 'RATIO_PART', undefined],
    ['errors /', 'EXPECTED', undefined],
    ['', 'EMPTY', undefined],
  ])('%j gives %s', (text, code, hint) => {
    const { expr, problems } = parseRatio(text, names)
    expect(expr).toBeUndefined()
    expect(problems[0]).toMatchObject({ code })
    expect(problems[0]!.hint).toBe(hint)
  })
})
