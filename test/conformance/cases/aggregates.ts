/** Every aggregate on every type that it takes, of many values and of none. */
import { type Cell, type ConformanceCase, inOneHour, JSON_SOURCE, totals } from '../conformance-case.ts'

const NINE = '"i":9223372036854775807'
/** Measures of all these records in one window. */
function aggregate(
  name: string,
  measures: Readonly<Record<string, string>>,
  members: readonly string[],
  row: readonly Cell[],
  options: Pick<ConformanceCase, 'bound'> = {},
): ConformanceCase {
  return inOneHour('aggregates', name, { measures }, members, [row], options)
}

function range(count: number, text: (value: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => text(index + 1))
}

export const AGGREGATE_CASES = [
  aggregate('count of records', { n: 'count()' }, ['', '"i":1', '"i":null'], ['3']),
  aggregate(
    'count of a condition',
    { n: 'count(i > 1)', m: 'count(b)', k: 'count(i is null)' },
    ['"i":1', '"i":2,"b":true', '"i":3,"b":false', ''],
    ['2', '1', '1'],
  ),
  aggregate(
    'sum of integers passes 64 bits',
    { x: 'sum(i)' },
    [NINE, NINE, NINE, '"i":-1', '"i":-9223372036854775807', ''],
    ['18446744073709551613'],
  ),
  // Alone, as the lines of other cases would pass 38 digits.
  totals(
    'aggregates',
    'sum of products passes 64 bits',
    JSON_SOURCE,
    { window: '1h', measures: { x: 'sum(i * i)' } },
    [NINE, '"i":1'].map((member) => `{"ts":"2024-03-05T10:00:00Z",${member}}`),
    [['2024-03-05T10:00:00Z', '85070591730234615847396907784232501250']],
  ),
  aggregate(
    'sum of decimals is exact',
    { x: 'sum(e)' },
    [...range(1000, () => '"e":0.001'), '"e":-0.5'],
    ['0.5'],
  ),
  aggregate('sum of an expression', { x: 'sum(d * 2 + 0.005)' }, ['"d":0.01', '"d":0.02', ''], ['0.07']),
  aggregate('sum of nothing is 0', { x: 'sum(i)', y: 'sum(d)', z: 'sum(f)' }, ['', ''], ['0', '0', '0']),
  aggregate(
    'sum of floats',
    { x: 'sum(f)' },
    range(1000, () => '"f":0.1'),
    ['100'],
    { bound: { kind: 'float', relative: 1e-9 } },
  ),
  aggregate('sum of one float', { x: 'sum(f)' }, ['"f":1e-300', ''], ['1e-300']),
  aggregate(
    'sum of floats of very different sizes',
    { x: 'sum(f)' },
    ['"f":1e16', '"f":1', '"f":-1'],
    ['10000000000000000'],
    { bound: { kind: 'float', relative: 1e-9 } },
  ),
  aggregate(
    'min and max of integers',
    { low: 'min(i)', high: 'max(i)' },
    [NINE, '"i":-9223372036854775808', '"i":0', ''],
    ['-9223372036854775808', '9223372036854775807'],
  ),
  aggregate(
    'min and max of decimals',
    { low: 'min(d)', high: 'max(d)' },
    ['"d":-0.01', '"d":0.01', '"d":0.009', ''],
    ['-0.01', '0.01'],
  ),
  aggregate(
    'min and max of wide values',
    { low: 'min(i * i)', high: 'max(-(i * i))' },
    [NINE, '"i":4294967296'],
    ['18446744073709551616', '-18446744073709551616'],
  ),
  aggregate(
    'min and max of floats',
    { low: 'min(f)', high: 'max(f * 3)' },
    ['"f":0.1', '"f":-1e300', ''],
    ['-1e+300', '0.30000000000000004'],
  ),
  aggregate(
    'min, max and mean of nothing are null',
    { a: 'min(i)', b: 'max(d)', c: 'mean(i)', d: 'mean(f)', e: 'min(f)' },
    [''],
    [null, null, null, null, null],
  ),
  aggregate(
    'mean of integers is rounded once',
    { x: 'mean(i)' },
    ['"i":1', '"i":2', '"i":2', ''],
    ['1.6666666666666667'],
  ),
  aggregate(
    'mean of integers beyond the whole doubles',
    { x: 'mean(i)' },
    ['"i":9007199254740993', '"i":9007199254740993', '"i":9007199254740994'],
    ['9007199254740994'],
  ),
  aggregate('mean of decimals', { x: 'mean(d)' }, ['"d":0.1', '"d":0.2', '"d":0.3'], ['0.2']),
  aggregate(
    'mean of floats',
    { x: 'mean(f)' },
    range(100, (value) => `"f":${value}.5`),
    ['51'],
    { bound: { kind: 'float', relative: 1e-9 } },
  ),
  aggregate(
    'quantiles of values below 100 are exact',
    { x: 'quantiles(i)' },
    range(99, (value) => `"i":${value - 50}`),
    ['0', '45', '49'],
  ),
  aggregate('quantiles of one value', { x: 'quantiles(d)' }, ['"d":0.5', ''], ['0.5', '0.5', '0.5']),
  aggregate('quantiles of nothing are null', { x: 'quantiles(i)' }, [''], [null, null, null]),
  aggregate(
    'quantiles of large integers',
    { x: 'quantiles(i)' },
    range(2000, (value) => `"i":${value * 1000}`),
    ['1000000', '1900000', '1980000'],
    { bound: { kind: 'sketch', relative: 0.01 } },
  ),
  aggregate(
    'quantiles of negative decimals',
    { x: 'quantiles(e)' },
    range(2000, (value) => `"e":${-value / 8}`),
    ['-125.125', '-12.625', '-2.625'],
    { bound: { kind: 'sketch', relative: 0.01 } },
  ),
  aggregate(
    'quantiles of wide values',
    { x: 'quantiles(i * i)' },
    range(3, () => NINE),
    Array(3).fill('85070591730234615847396907784232501249'),
    { bound: { kind: 'sketch', relative: 0.01 } },
  ),
  aggregate(
    'distinct texts',
    { x: 'distinct(s)' },
    ['"s":"a"', '"s":"A"', '"s":"a "', '"s":""', '"s":"a"', '"s":null', '"s":"é"', '"s":"e\\u0301"'],
    ['6'],
  ),
  aggregate(
    'distinct numbers and booleans',
    { a: 'distinct(i)', b: 'distinct(d)', c: 'distinct(b)' },
    [
      '"i":12,"d":1.5,"b":true',
      '"i":"12","d":"1.50","b":"true"',
      '"i":-12,"d":1.499,"b":false',
      '"i":-0,"d":0',
      '"i":0,"d":-0.0',
      '',
    ],
    ['3', '2', '2'],
  ),
  aggregate('distinct of nothing is 0', { x: 'distinct(s)', y: 'distinct(i, 16)' }, [''], ['0', '0']),
  aggregate(
    'distinct of many values',
    { x: 'distinct(s)' },
    range(5000, (value) => `"s":"user${value % 2500}"`),
    ['2500'],
    { bound: { kind: 'sketch', relative: (4 * 1.04) / 64 } },
  ),
  aggregate(
    'distinct with fewer registers',
    { x: 'distinct(i, 256)' },
    range(2000, (value) => `"i":${value * 7}`),
    ['2000'],
    { bound: { kind: 'sketch', relative: (4 * 1.04) / 16 } },
  ),
  aggregate(
    'distinct of wide values',
    { x: 'distinct(i * i)' },
    [NINE, '"i":-9223372036854775807', '"i":1', '"i":-1'],
    ['2'],
  ),
]
