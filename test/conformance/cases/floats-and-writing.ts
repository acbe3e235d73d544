/** Arithmetic of floats, case, and how expressions are written. */
import { type Cell, jsonValues } from '../conformance-case.ts'

type Rows = readonly (readonly [members: string, expected: Cell])[]
const float = (name: string, value: string, rows: Rows) => jsonValues('float arithmetic', name, value, rows)
const choice = (name: string, value: string, rows: Rows) => jsonValues('case', name, value, rows)
const writing = (name: string, value: string, rows: Rows) => jsonValues('writing', name, value, rows)

export const FLOAT_AND_WRITING_CASES = [
  float('IEEE 754 sums', 'f + 0.2 > 0.3', [
    ['"f":0.1', 'true'],
    ['"f":0.09999999999999999', 'false'],
  ]),
  float('IEEE 754 differences and products', 'f * 3 - 0.3 > 0', [
    ['"f":0.1', 'true'],
    ['"f":0.2', 'true'],
    ['"f":-0.1', 'false'],
  ]),
  float('a quotient is the nearest double', 'f / 3 = 0.3333333333333333', [
    ['"f":1', 'true'],
    ['"f":0.9999999999999998', 'false'],
  ]),
  float('division and remainder by zero are null', '(f / i) is null and (f % i) is null', [
    ['"f":2,"i":0', 'true'],
    ['"f":0,"i":0', 'true'],
    ['"f":2,"i":1', 'false'],
  ]),
  float('% has the sign of the dividend', 'f % i = 1.5', [
    ['"f":5.5,"i":2', 'true'],
    ['"f":5.5,"i":-2', 'true'],
    ['"f":-5.5,"i":2', 'false'],
  ]),
  float('a result that is infinite is null', '(f * f) is null', [
    ['"f":1e300', 'true'],
    ['"f":-1e300', 'true'],
    ['"f":1e150', 'false'],
  ]),
  float('a chain is looked at once, at its end', '(1 / (f * f)) is null', [
    ['"f":1e300', 'false'],
    ['"f":2', 'false'],
    ['"f":0', 'true'],
  ]),
  float('infinity over infinity is null', '(f * f / (f * f)) is null', [
    ['"f":1e300', 'true'],
    ['"f":2', 'false'],
  ]),
  float('unary minus', '-f > 1', [
    ['"f":-1.5', 'true'],
    ['"f":1.5', 'false'],
    ['', null],
  ]),

  choice('the first true branch counts', `case when i > 0 then 'a' when i > -5 then 'b' else 'c' end`, [
    ['"i":1', 'a'],
    ['"i":0', 'b'],
    ['"i":-9', 'c'],
    ['', 'c'],
  ]),
  choice('without else it gives null', `case when b then 1 end`, [
    ['"b":true', '1'],
    ['"b":false', null],
    ['', null],
  ]),
  choice('the simple form compares with =', `case s when 'a' then 1 when t then 2 else 3 end`, [
    ['"s":"a"', '1'],
    ['"s":"x","t":"x"', '2'],
    ['"s":"x"', '3'],
    ['', '3'],
  ]),
  choice('results meet in a common type', 'case when b then i when not b then d else null end', [
    ['"b":true,"i":1,"d":0.25', '1'],
    ['"b":false,"i":1,"d":0.25', '0.25'],
    ['"i":1', null],
  ]),

  writing('* binds more than +, and / and % go from the left', '1 + i * 2 - 6 / 4 % 3', [['"i":5', '10']]),
  writing('- groups from the left', 'i - j - 1', [['"i":5,"j":3', '1']]),
  writing('/ groups from the left', 'i / j * 2', [['"i":7,"j":2', '6']]),
  writing('not binds less than a comparison', 'not i = 1', [
    ['"i":1', 'false'],
    ['"i":2', 'true'],
  ]),
  writing('and binds more than or', 'b or i > 0 and i < 0', [
    ['"b":true,"i":0', 'true'],
    ['"b":false,"i":1', 'false'],
  ]),
  writing('|| binds more than =', `s || t = 'ab'`, [
    ['"s":"a","t":"b"', 'true'],
    ['"s":"a","t":"c"', 'false'],
  ]),
  writing('unary minus binds more than *', '-i * -j', [['"i":2,"j":3', '6']]),
  writing('keywords and functions in any case', `CASE WHEN i Is Not NULL tHEN UPPER(s) eLSE 'x' End`, [
    ['"i":1,"s":"a"', 'A'],
    ['"s":"a"', 'x'],
  ]),
  writing('a doubled quote and a plain backslash in a text', String.raw`s = 'it''s \n \\'`, [
    [String.raw`"s":"it's \\n \\\\"`, 'true'],
    [String.raw`"s":"it's \n \\"`, 'false'],
  ]),
  writing('true, false and null', `case when coalesce(b, false) = true then null else 'no' end`, [
    ['"b":true', null],
    ['"b":false', 'no'],
    ['', 'no'],
  ]),
  writing('a decimal constant has the scale it is written with', 'i + 1.50', [
    ['"i":1', '2.5'],
    ['"i":-2', '-0.5'],
  ]),
  writing('constants of more than 64 bits', 'i + 99999999999999999999', [['"i":1', '100000000000000000000']]),
]
