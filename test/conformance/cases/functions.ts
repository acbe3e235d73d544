/** Every function, on plain and on nasty arguments. */
import { type Cell, JSON_SOURCE, jsonValues, totals } from '../conformance-case.ts'

type Rows = readonly (readonly [members: string, expected: Cell])[]
const call = (name: string, value: string, rows: Rows) => jsonValues('functions', name, value, rows)

/** A part of the event time at each stamp, which prints as the window that it falls in. */
function timePart(name: string, value: string, rows: readonly (readonly [string, string, string])[]) {
  const metric = { window: '1ms', dimensions: { value }, measures: { n: 'count()' } }
  const lines = rows.map(([stamp]) => `{"ts":"${stamp}"}`)
  const expected = rows.map(([, instant, part]) => [instant, part, '1'])
  return totals('parts of the time', name, JSON_SOURCE, metric, lines, expected)
}

const LEAP = ['2024-02-29T23:59:58.999Z', '2024-02-29T23:59:58.999Z'] as const
const BEFORE_1970 = ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'] as const
const OFFSET = ['2024-03-01T00:30:00+01:00', '2024-02-29T23:30:00Z'] as const
const FIRST = ['0002-01-01T00:00:00Z', '0002-01-01T00:00:00Z'] as const
const LAST = ['9000-12-31T23:59:59Z', '9000-12-31T23:59:59Z'] as const
const COMMON_CENTURY = ['1900-03-01T00:00:00Z', '1900-03-01T00:00:00Z'] as const

export const FUNCTION_CASES = [
  call('coalesce gives the first that is not null', `coalesce(s, t, 'x')`, [
    ['"s":"a","t":"b"', 'a'],
    ['"s":"","t":"b"', ''],
    ['"t":"b"', 'b'],
    ['', 'x'],
  ]),
  call('coalesce brings numbers to a common type', 'coalesce(i, d)', [
    ['"i":1,"d":0.5', '1'],
    ['"d":0.5', '0.5'],
    ['', null],
  ]),
  call('least of integers is null with a null', 'least(i, j, 5)', [
    ['"i":1,"j":-2', '-2'],
    ['"i":8,"j":9', '5'],
    ['"i":1', null],
  ]),
  call('greatest of an integer and a decimal', 'greatest(i, d)', [
    ['"i":1,"d":1.01', '1.01'],
    ['"i":2,"d":1.99', '2'],
    ['"i":9223372036854775807,"d":0.01', '9223372036854775807'],
    ['"d":1', null],
  ]),
  call('least and greatest of texts go by bytes', `least(s, t) || '<' || greatest(s, t)`, [
    ['"s":"a","t":"B"', 'B<a'],
    ['"s":"😀","t":"\ufffd"', '\ufffd<😀'],
    ['"s":"é","t":"z"', 'z<é'],
    ['"s":"","t":"a"', '<a'],
    ['"s":"a"', null],
  ]),
  call('least and greatest of floats', 'greatest(f, 1.5) = 1.5 and least(f, 0.5) = f', [
    ['"f":0.25', 'true'],
    ['"f":-1e300', 'true'],
    ['"f":2', 'false'],
    ['', null],
  ]),
  call('abs of integers', 'abs(i)', [
    ['"i":-5', '5'],
    ['"i":5', '5'],
    ['"i":-9223372036854775808', '9223372036854775808'],
    ['', null],
  ]),
  call('abs of decimals', 'abs(d)', [
    ['"d":-0.01', '0.01'],
    ['"d":"-9999999999999999.99"', '9999999999999999.99'],
  ]),
  call('abs of floats', 'abs(f) = 0.1', [
    ['"f":-0.1', 'true'],
    ['"f":0.2', 'false'],
  ]),
  call('lower changes A to Z only', 'lower(s)', [
    ['"s":"ABC xyz"', 'abc xyz'],
    ['"s":"ÀÉß"', 'ÀÉß'],
    ['"s":"\u0130\u212a"', '\u0130\u212a'],
    ['"s":"[@Z`{"', '[@z`{'],
    ['', null],
  ]),
  call('upper changes a to z only', 'upper(s)', [
    ['"s":"abc XYZ"', 'ABC XYZ'],
    ['"s":"àéß"', 'àéß'],
    ['"s":"\u0131\ufb01\u017f"', '\u0131\ufb01\u017f'],
    ['"s":"[@a`{"', '[@A`{'],
    ['', null],
  ]),
  call('length counts code points', 'length(s)', [
    ['"s":"abc"', '3'],
    ['"s":""', '0'],
    ['"s":"é"', '1'],
    ['"s":"e\\u0301"', '2'],
    ['"s":"😀"', '1'],
    ['"s":"\\ud83d\\ude00!"', '2'],
    ['"s":"👨\u200d👩\u200d👧"', '5'],
    ['"s":"日本\\n"', '3'],
    ['', null],
  ]),
  call('trim takes ASCII spaces only', `'<' || trim(s) || '>'`, [
    ['"s":"  a b  "', '<a b>'],
    ['"s":"   "', '<>'],
    ['"s":"\\t a \\t"', '<\t a \t>'],
    ['"s":"\u00a0a\u3000"', '<\u00a0a\u3000>'],
    ['"s":" \\n"', '<\n>'],
    ['', null],
  ]),
  call('substring from a start', 'substring(s, 2)', [
    ['"s":"abc"', 'bc'],
    ['"s":"a"', ''],
    ['"s":""', ''],
    ['"s":"😀bc"', 'bc'],
    ['', null],
  ]),
  call('substring with a length', 'substring(s, 2, 3)', [
    ['"s":"abcdef"', 'bcd'],
    ['"s":"abc"', 'bc'],
    ['"s":"a😀é日b"', '😀é日'],
    ['"s":"a"', ''],
  ]),
  call('substring with a length of 0', `'<' || substring(s, 1, 0) || '>'`, [['"s":"abc"', '<>']]),
  call('substring with a computed start and length', 'substring(s, i, j)', [
    ['"s":"abc","i":1,"j":2', 'ab'],
    ['"s":"abc","i":0,"j":2', 'a'],
    ['"s":"abc","i":-1,"j":3', 'a'],
    ['"s":"abc","i":-5,"j":3', ''],
    ['"s":"abc","i":2,"j":-1', ''],
    ['"s":"abc","i":3,"j":9223372036854775807', 'c'],
    ['"s":"abc","i":9223372036854775807,"j":9223372036854775807', ''],
    ['"s":"abc","i":-9223372036854775808,"j":9223372036854775807', ''],
    ['"s":"abc","i":4,"j":1', ''],
    ['"s":"abc","i":1', null],
    ['"s":"abc","j":1', null],
  ]),
  call('substring from a computed start', 'substring(s, i)', [
    ['"s":"abc","i":3', 'c'],
    ['"s":"abc","i":0', 'abc'],
    ['"s":"abc","i":-9223372036854775808', 'abc'],
    ['"s":"abc","i":9223372036854775807', ''],
  ]),
  call('concat is null with a null', `concat(s, '-', t)`, [
    ['"s":"a","t":"b"', 'a-b'],
    ['"s":"","t":""', '-'],
    ['"s":"a"', null],
  ]),
  call('|| is null with a null', `s || t || 'c'`, [
    ['"s":"a","t":"b"', 'abc'],
    ['"s":"a","t":null', null],
  ]),

  timePart('year', 'year(ts)', [
    [...LEAP, '2024'],
    [...BEFORE_1970, '1969'],
    [...FIRST, '2'],
    [...LAST, '9000'],
  ]),
  timePart('month', 'month(ts)', [
    [...LEAP, '2'],
    [...OFFSET, '2'],
    [...COMMON_CENTURY, '3'],
    [...LAST, '12'],
  ]),
  timePart('day', 'day(ts)', [
    [...LEAP, '29'],
    [...OFFSET, '29'],
    [...COMMON_CENTURY, '1'],
    [...FIRST, '1'],
  ]),
  timePart('hour is in UTC', 'hour(ts)', [
    [...LEAP, '23'],
    [...OFFSET, '23'],
    [...BEFORE_1970, '23'],
    [...FIRST, '0'],
  ]),
  timePart('minute', 'minute(ts)', [
    [...LEAP, '59'],
    [...OFFSET, '30'],
    [...BEFORE_1970, '59'],
  ]),
  timePart('second', 'second(ts)', [
    [...LEAP, '58'],
    [...BEFORE_1970, '59'],
    [...COMMON_CENTURY, '0'],
  ]),
  timePart('day_of_week counts from Monday', 'day_of_week(ts)', [
    ['2024-03-04T00:00:00Z', '2024-03-04T00:00:00Z', '1'],
    ['2024-03-05T12:00:00Z', '2024-03-05T12:00:00Z', '2'],
    ['2024-03-10T23:59:59.999Z', '2024-03-10T23:59:59.999Z', '7'],
    [...BEFORE_1970, '3'],
    [...FIRST, '2'],
    [...LAST, '3'],
  ]),
]
