/** Every operator on every type that it takes: three-valued logic, exact arithmetic, byte order. */
import { type Cell, jsonValues } from '../conformance-case.ts'

type Rows = readonly (readonly [members: string, expected: Cell])[]
const logic = (name: string, value: string, rows: Rows) => jsonValues('logic', name, value, rows)
const comparison = (name: string, value: string, rows: Rows) => jsonValues('comparison', name, value, rows)
const exact = (name: string, value: string, rows: Rows) => jsonValues('exact arithmetic', name, value, rows)

const LOWEST = '-9223372036854775808'
const HIGHEST = '9223372036854775807'

export const OPERATOR_CASES = [
  logic('or has three values', 'b or i > 0', [
    ['"b":true', 'true'],
    ['"b":false', null],
    ['"b":false,"i":0', 'false'],
    ['"i":1', 'true'],
    ['"i":0', null],
    ['', null],
  ]),
  logic('and has three values', 'b and i > 0', [
    ['"b":true', null],
    ['"b":false', 'false'],
    ['"b":true,"i":1', 'true'],
    ['"i":1', null],
    ['"i":0', 'false'],
    ['', null],
  ]),
  logic('not of null is null', 'not b', [
    ['"b":true', 'false'],
    ['"b":false', 'true'],
    ['"b":null', null],
  ]),
  logic('is null', 's is null', [
    ['"s":""', 'false'],
    ['"s":null', 'true'],
    ['', 'true'],
    ['"s":"null"', 'false'],
  ]),
  logic('is not null', '(i + j) is not null', [
    ['"i":1,"j":2', 'true'],
    ['"i":1', 'false'],
  ]),
  logic('in with a null among the items', 'i in (1, j, null)', [
    ['"i":1', 'true'],
    ['"i":2,"j":2', 'true'],
    ['"i":3,"j":2', null],
    ['"j":2', null],
  ]),
  logic('in without nulls', `s in ('a', 'it''s', '')`, [
    ['"s":"a"', 'true'],
    [`"s":"it's"`, 'true'],
    ['"s":""', 'true'],
    ['"s":"A"', 'false'],
    ['', null],
  ]),
  logic('not in is the negation of in', `s not in ('a', t)`, [
    ['"s":"a"', 'false'],
    ['"s":"c","t":"b"', 'true'],
    ['"s":"c","t":"c"', 'false'],
    ['"s":"c"', null],
    ['"t":"b"', null],
  ]),
  logic('between with null bounds', 'i between j and 10', [
    ['"i":5,"j":5', 'true'],
    ['"i":10,"j":5', 'true'],
    ['"i":4,"j":5', 'false'],
    ['"i":11,"j":5', 'false'],
    ['"i":5', null],
    ['"i":11', 'false'],
    ['"j":5', null],
  ]),
  logic('not between', 'd not between 1 and 3.5', [
    ['"d":2', 'false'],
    ['"d":3.5', 'false'],
    ['"d":3.51', 'true'],
    ['"d":0.99', 'true'],
    ['', null],
  ]),

  comparison('integers with = and a null', 'i = j', [
    ['"i":1,"j":1', 'true'],
    ['"i":1,"j":2', 'false'],
    ['"i":-0,"j":0', 'true'],
    ['"j":1', null],
    ['', null],
  ]),
  comparison('<> and != are one', '(i <> j) = (i != j) and i <> j', [
    ['"i":1,"j":2', 'true'],
    ['"i":1,"j":1', 'false'],
    ['"i":1', null],
  ]),
  comparison(
    '< <= > >= of integers',
    `case when i < j then 'lt' when i > j then 'gt' when i <= j and i >= j then 'eq' end`,
    [
      ['"i":1,"j":2', 'lt'],
      ['"i":-1,"j":-2', 'gt'],
      [`"i":${HIGHEST},"j":9223372036854775806`, 'gt'],
      [`"i":${LOWEST},"j":${HIGHEST}`, 'lt'],
      ['"i":7,"j":7', 'eq'],
      ['"i":7', null],
    ],
  ),
  comparison('texts are ordered by their bytes in UTF-8', 's < t', [
    ['"s":"Z","t":"a"', 'true'],
    ['"s":"z","t":"é"', 'true'],
    ['"s":"a","t":"a "', 'true'],
    ['"s":"a","t":"B"', 'false'],
    ['"s":"","t":"a"', 'true'],
    ['"s":"\ufffd","t":"😀"', 'true'],
    ['"s":"a\\u0001","t":"a "', 'true'],
    ['"s":"10","t":"9"', 'true'],
  ]),
  comparison('texts are equal byte for byte', 's = t', [
    ['"s":"a","t":"a"', 'true'],
    ['"s":"a","t":"a "', 'false'],
    ['"s":"A","t":"a"', 'false'],
    ['"s":"ß","t":"ss"', 'false'],
    ['"s":"\\u00e9","t":"e\\u0301"', 'false'],
    ['"s":"","t":""', 'true'],
    ['"s":"","t":null', null],
  ]),
  comparison('false comes before true', 'b < true', [
    ['"b":false', 'true'],
    ['"b":true', 'false'],
    ['', null],
  ]),
  comparison('integers and decimals meet exactly', 'i = d', [
    ['"i":1,"d":1.00', 'true'],
    ['"i":1,"d":1.01', 'false'],
    ['"i":9007199254740993,"d":9007199254740993', 'true'],
    ['"i":9007199254740993,"d":9007199254740992', 'false'],
  ]),
  comparison('decimals of different scales', 'd < e', [
    ['"d":0.1,"e":0.1', 'false'],
    ['"d":0.1,"e":0.101', 'true'],
    ['"d":-0.1,"e":-0.101', 'false'],
  ]),
  comparison('an integer becomes the nearest double beside a float', 'i = f', [
    ['"i":3,"f":3', 'true'],
    ['"i":3,"f":3.5', 'false'],
    ['"i":9007199254740993,"f":9007199254740992', 'true'],
    [`"i":${HIGHEST},"f":9223372036854775808`, 'true'],
  ]),
  comparison('a decimal becomes the nearest double beside a float', 'd = f', [
    ['"d":0.1,"f":0.1', 'true'],
    ['"d":2.68,"f":2.68', 'true'],
    ['"d":2.68,"f":2.6800000000000006', 'false'],
  ]),
  comparison('negative zero is zero', `case when f = 0 then 'zero' when f < 0 then 'less' end`, [
    ['"f":-0.0', 'zero'],
    ['"f":-0', 'zero'],
    ['"f":0.0', 'zero'],
    ['"f":-1e-300', 'less'],
  ]),
  comparison('like with %', `s like 'a%'`, [
    ['"s":"a"', 'true'],
    ['"s":"ab"', 'true'],
    ['"s":"a\\nb"', 'true'],
    ['"s":"A"', 'false'],
    ['"s":"ba"', 'false'],
    ['"s":""', 'false'],
    ['', null],
  ]),
  comparison('like with _ takes one code point', `s like '_'`, [
    ['"s":"a"', 'true'],
    ['"s":"😀"', 'true'],
    ['"s":"\\n"', 'true'],
    ['"s":"e\\u0301"', 'false'],
    ['"s":""', 'false'],
    ['"s":"ab"', 'false'],
  ]),
  comparison('like with escaped wildcards', String.raw`s like '100\%\_\\'`, [
    [String.raw`"s":"100%_\\"`, 'true'],
    ['"s":"100%_"', 'false'],
    [String.raw`"s":"1000x\\"`, 'false'],
  ]),
  comparison('like takes regex and glob characters for themselves', `s like '[a.c]*%'`, [
    ['"s":"[a.c]*x"', 'true'],
    ['"s":"a"', 'false'],
    ['"s":"[abc]*x"', 'false'],
  ]),
  comparison('not like', `s not like '%b%'`, [
    ['"s":"abc"', 'false'],
    ['"s":"ac"', 'true'],
    ['"s":""', 'true'],
    ['', null],
  ]),

  exact('integer + passes 64 bits', 'i + j', [
    ['"i":1,"j":2', '3'],
    [`"i":${HIGHEST},"j":1`, '9223372036854775808'],
    [`"i":${LOWEST},"j":${LOWEST}`, '-18446744073709551616'],
    ['"i":1', null],
  ]),
  exact('integer - passes 64 bits', 'i - j', [
    ['"i":1,"j":2', '-1'],
    [`"i":${LOWEST},"j":${HIGHEST}`, '-18446744073709551615'],
    ['"j":1', null],
  ]),
  exact('integer * passes 64 bits', 'i * j', [
    ['"i":-3,"j":2', '-6'],
    [`"i":${HIGHEST},"j":${HIGHEST}`, '85070591730234615847396907784232501249'],
    [`"i":${LOWEST},"j":${LOWEST}`, '85070591730234615865843651857942052864'],
    ['"i":0,"j":-5', '0'],
  ]),
  exact('integer / cuts toward zero', 'i / j', [
    ['"i":7,"j":2', '3'],
    ['"i":-7,"j":2', '-3'],
    ['"i":7,"j":-2', '-3'],
    ['"i":-7,"j":-2', '3'],
    ['"i":-1,"j":2', '0'],
    ['"i":9007199254740993,"j":1', '9007199254740993'],
    [`"i":${LOWEST},"j":-1`, '9223372036854775808'],
  ]),
  exact('integer / by zero is null', 'i / j', [
    ['"i":7,"j":0', null],
    ['"i":0,"j":0', null],
    ['"i":7', null],
  ]),
  exact('wide / cuts toward zero with all digits', '(i * 1000000) / j', [
    [`"i":${HIGHEST},"j":7`, '1317624576693539401000000'],
    [`"i":${HIGHEST},"j":3`, '3074457345618258602333333'],
    [`"i":-${HIGHEST},"j":3`, '-3074457345618258602333333'],
    ['"i":1,"j":0', null],
  ]),
  exact('integer % has the sign of the dividend', 'i % j', [
    ['"i":7,"j":2', '1'],
    ['"i":-7,"j":2', '-1'],
    ['"i":7,"j":-2', '1'],
    ['"i":-7,"j":-2', '-1'],
    ['"i":-6,"j":2', '0'],
    [`"i":${LOWEST},"j":-1`, '0'],
    ['"i":7,"j":0', null],
  ]),
  exact('wide % has the sign of the dividend', '(i * 1000000) % j', [
    [`"i":${HIGHEST},"j":3`, '1'],
    [`"i":-${HIGHEST},"j":3`, '-1'],
    ['"i":1,"j":0', null],
  ]),
  exact('unary minus of the lowest integer', '-i', [
    ['"i":5', '-5'],
    [`"i":${LOWEST}`, '9223372036854775808'],
    ['"i":0', '0'],
    ['', null],
  ]),
  exact('unary minus of a decimal', '-(-d) - d - d', [
    ['"d":1.5', '-1.5'],
    ['"d":"-9999999999999999.99"', '9999999999999999.99'],
  ]),
  exact('decimal + and - take the larger scale', 'd + e - 0.0001', [
    ['"d":0.1,"e":0.2', '0.2999'],
    ['"d":-0.1,"e":0.1', '-0.0001'],
    ['"d":"9999999999999999.99","e":0', '9999999999999999.9899'],
    ['"d":1', null],
  ]),
  exact('decimal * takes the sum of the scales', 'd * e', [
    ['"d":1.25,"e":0.001', '0.00125'],
    ['"d":-0.01,"e":0.001', '-0.00001'],
    ['"d":"9999999999999999.99","e":"999999999999999.999"', '9999999999999999980000000000000.00001'],
  ]),
  exact('decimal / rounds half away from zero', 'd / e', [
    ['"d":1,"e":3', '0.333'],
    ['"d":2,"e":3', '0.667'],
    ['"d":0.01,"e":16', '0.001'],
    ['"d":-0.01,"e":16', '-0.001'],
    ['"d":0.01,"e":4', '0.003'],
    ['"d":-0.01,"e":4', '-0.003'],
    ['"d":0.07,"e":-4', '-0.018'],
    ['"d":0.01,"e":20', '0.001'],
    ['"d":0.01,"e":21', '0'],
  ]),
  exact('decimal / by zero is null', 'd / e', [
    ['"d":1,"e":0', null],
    ['"d":0,"e":0.000', null],
    ['"e":1', null],
  ]),
  exact('decimal / integer keeps the scale', 'd / i', [
    ['"d":1,"i":8', '0.13'],
    ['"d":-1,"i":8', '-0.13'],
    [`"d":"9999999999999999.99","i":${HIGHEST}`, '0'],
    ['"d":"9999999999999999.99","i":1', '9999999999999999.99'],
  ]),
  exact('decimal / a constant', 'e / 2', [
    ['"e":0.001', '0.001'],
    ['"e":-0.003', '-0.002'],
    ['"e":0.004', '0.002'],
  ]),
  exact('a constant / a decimal', '30000000.5 / e', [
    ['"e":0.001', '30000000500'],
    ['"e":-3', '-10000000.167'],
    ['"e":0', null],
  ]),
  exact('the highest integer / a decimal', `${HIGHEST} / d`, [
    ['"d":0.01', '922337203685477580700'],
    ['"d":-100', '-92233720368547758.07'],
  ]),
  exact('integer / decimal counts the integer with scale 0', 'i / d', [
    ['"i":1,"d":0.03', '33.33'],
    ['"i":-2,"d":0.03', '-66.67'],
    [`"i":${HIGHEST},"d":0.01`, '922337203685477580700'],
  ]),
  exact('decimal % has the sign of the dividend', 'd % e', [
    ['"d":5.5,"e":2', '1.5'],
    ['"d":-5.5,"e":2', '-1.5'],
    ['"d":5.5,"e":-2', '1.5'],
    ['"d":1,"e":0.3', '0.1'],
    ['"d":1,"e":0', null],
  ]),
  exact('integers and decimals mix', 'i + d * i', [
    ['"i":2,"d":0.25', '2.5'],
    [`"i":${LOWEST},"d":0.01`, '-9315605757223323566.08'],
  ]),
]
