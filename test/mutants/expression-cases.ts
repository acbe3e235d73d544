/** The rules of expressions as data, in the form of rule-cases.ts. */
import type { RuleCase } from './rule-cases.ts'

type Pair = readonly [members: string, expected: string | null]

function rule(name: string, value: string, pairs: readonly Pair[]): RuleCase {
  return { rule: name, value, lines: pairs.map(([members, expected]) => [`{"ts":TS,${members}}`, expected]) }
}

export const EXPRESSION_CASES: readonly RuleCase[] = [
  rule('integer division cuts toward zero', 'i / j', [
    ['"i":7,"j":2', '3'],
    ['"i":-7,"j":2', '-3'],
    ['"i":8,"j":3', '2'],
    ['"i":7,"j":0', null],
    ['"i":null,"j":2', null],
    ['"i":9007199254740993,"j":1', '9007199254740993'],
    ['"i":-9223372036854775808,"j":-1', '9223372036854775808'],
  ]),
  rule('wide quotients are exact', '(i * 1000) / j', [
    ['"i":9223372036854775807,"j":7', '1317624576693539401000'],
  ]),
  rule('the remainder has the sign of the dividend', 'i % j', [
    ['"i":-7,"j":2', '-1'],
    ['"i":7,"j":-2', '1'],
    ['"i":7,"j":0', null],
    ['"i":-9223372036854775808,"j":-1', '0'],
  ]),
  rule('decimal division rounds half away from zero', 'd / e', [
    ['"d":1,"e":3', '333'],
    ['"d":2,"e":3', '667'],
    ['"d":0.01,"e":16', '1'],
    ['"d":0.01,"e":-16', '-1'],
    ['"d":0.07,"e":4', '18'],
    ['"d":0.01,"e":4', '3'],
    ['"d":-0.01,"e":4', '-3'],
    ['"d":1,"e":0', null],
  ]),
  rule('products keep the sum of the scales', 'd * e', [
    ['"d":1.25,"e":0.001', '125'],
    ['"d":"9999999999999999.99","e":"999999999999999.999"', '999999999999999998000000000000000001'],
  ]),
  rule('sums take the larger scale', 'd + e', [['"d":0.1,"e":0.2', '300']]),
  rule('exact and float meet as the nearest double', 'i * j = f', [
    ['"i":9007199254740993,"j":4611686018427387904,"f":4.153837486827862e34', 'true'],
    ['"i":2687914223643723776,"j":626988748883398656,"f":1.6852919761882703e36', 'true'],
    ['"i":3,"j":1,"f":3', 'true'],
  ]),
  rule('arithmetic on floats that leaves the numbers is null', '(f * f) is null', [
    ['"f":1e300', 'true'],
    ['"f":2', 'false'],
  ]),
  rule('float division by zero is null', '(f / 0) is null', [['"f":2', 'true']]),
  rule('least with a null is null', 'least(i, j)', [
    ['"i":1,"j":2', '1'],
    ['"i":1', null],
  ]),
  rule('greatest with a null is null', 'greatest(s, t)', [
    ['"s":"a","t":"B"', 'a'],
    ['"s":"a"', null],
  ]),
  rule('concat with a null is null', 'concat(s, t)', [
    ['"s":"a","t":"b"', 'ab'],
    ['"s":"a"', null],
  ]),
  rule('|| with a null is null', 's || t', [['"s":"a"', null]]),
  rule('lower changes ASCII only', 'lower(s)', [
    ['"s":"ABC\\u00c9\\u0130\\u212a"', 'abc\u00c9\u0130\u212a'],
    ['"s":"ABC"', 'abc'],
  ]),
  rule('upper changes ASCII only', 'upper(s)', [['"s":"abcéßı"', 'ABCéßı']]),
  rule('length counts code points', 'length(s)', [
    ['"s":"é😀"', '2'],
    ['"s":"e\\u0301"', '2'],
  ]),
  rule('trim takes spaces', 'trim(s)', [['"s":" \\ta\\n  "', '\ta\n']]),
  rule('substring counts code points from 1', 'substring(s, 2, 2)', [
    ['"s":"é😀ab"', '😀a'],
    ['"s":"👨‍👩‍👧x"', '\u200D👩'],
  ]),
  rule('substring before the start is empty', 'substring(s, i, 2)', [
    ['"s":"abc","i":0', 'a'],
    ['"s":"abc","i":-1', ''],
    ['"s":"abc","i":3', 'c'],
  ]),
  rule('texts compare by bytes', 's < t', [
    ['"s":"B","t":"a"', 'true'],
    ['"s":"z","t":"é"', 'true'],
    ['"s":"\\uffff","t":"😀"', 'true'],
    ['"s":"a","t":"A"', 'false'],
  ]),
  rule('equal texts have equal bytes', `s in ('A', 'é')`, [
    ['"s":"a"', 'false'],
    ['"s":"e\\u0301"', 'false'],
    ['"s":"é"', 'true'],
  ]),
  rule('like is case-sensitive and escapes by \\', `s like 'a\\_%'`, [
    ['"s":"a_b"', 'true'],
    ['"s":"axb"', 'false'],
    ['"s":"A_b"', 'false'],
    ['"t":"x"', null],
  ]),
  rule('like spans lines', `s like 'a%b'`, [['"s":"a\\nb"', 'true']]),
  rule('regexp_matches looks anywhere, by case', `regexp_matches(s, 'b+c')`, [
    ['"s":"abbcd"', 'true'],
    ['"s":"ABBCD"', 'false'],
  ]),
  rule('$ is the end of the text', `regexp_matches(s, '^a$')`, [
    ['"s":"a"', 'true'],
    ['"s":"a\\n"', 'false'],
  ]),
  rule('(?i) is ASCII', `regexp_matches(s, '(?i)^é|k$')`, [
    ['"s":"É"', 'false'],
    ['"s":"\\u212a"', 'false'],
    ['"s":"K"', 'true'],
  ]),
  rule('regexp_extract without a match is null', `regexp_extract(s, 'a(b*)', 1)`, [
    ['"s":"xabb"', 'bb'],
    ['"s":"a"', ''],
    ['"s":"x"', null],
  ]),
  rule('regexp_extract of a group that is never empty', `regexp_extract(s, '[0-9]+')`, [
    ['"s":"a12b3"', '12'],
    ['"s":"x"', null],
  ]),
  rule('conditions have three values', 'not (i > 1 and j > 1)', [
    ['"i":null,"j":0', 'true'],
    ['"i":null,"j":2', null],
  ]),
  rule('in with a null is null or true', 'i in (1, j)', [
    ['"i":1', 'true'],
    ['"i":2', null],
  ]),
  rule('time parts are UTC', 'hour(ts) * 100 + day_of_week(ts)', [['"i":1', '1002']]),
  {
    rule: 'days of the event time are UTC',
    value: '(year(ts) * 100 + month(ts)) * 100 + day(ts)',
    lines: [
      ['{"ts":"2024-03-31T23:30:00Z"}', '20240331'],
      ['{"ts":"1969-12-31T23:59:59.9Z"}', '19691231'],
    ],
  },
  rule('texts with quotes stay texts', `concat(s, '''; drop table x; --"\\')`, [
    ['"s":"a"', `a'; drop table x; --"\\`],
  ]),
]
