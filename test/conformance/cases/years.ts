/** Years of stamps that carry none: by the last modification of their file, and from a year that is given for the first. */
import { type Cell, jsonInstants } from '../conformance-case.ts'

type Rows = readonly (readonly [stamp: string, expected: Cell])[]

const by = (name: string, reference: string, rows: Rows, time: object = {}) =>
  jsonInstants('years', name, { layout: 'rfc3164', ...time }, rows, { referenceMs: Date.parse(reference) })
const from = (name: string, year: number, rows: Rows, time: object = {}) =>
  jsonInstants('years', name, { layout: 'rfc3164', year, ...time }, rows)

export const YEAR_CASES = [
  by('a file that ends before New Year', '2019-12-31T23:00:00Z', [
    ['Dec 31 22:59:59', '2019-12-31T22:59:59Z'],
    ['Jan  1 22:59:59', '2020-01-01T22:59:59Z'],
    ['Jan  1 23:00:00', '2020-01-01T23:00:00Z'],
    ['Jan  1 23:00:01', '2019-01-01T23:00:01Z'],
    ['Dec 31 23:59:59', '2019-12-31T23:59:59Z'],
  ]),
  by('a file that ends after New Year', '2020-01-01T00:10:00Z', [
    ['Dec 31 23:59:59', '2019-12-31T23:59:59Z'],
    ['Jan  1 00:00:01', '2020-01-01T00:00:01Z'],
    ['Jan  2 00:10:01', '2019-01-02T00:10:01Z'],
    ['Feb 29 10:00:00', '2016-02-29T10:00:00Z'],
  ]),
  by('29 February of the last leap year', '2023-06-01T00:00:00Z', [
    ['Feb 28 10:00:00', '2023-02-28T10:00:00Z'],
    ['Feb 29 10:00:00', '2020-02-29T10:00:00Z'],
    ['Mar  1 10:00:00', '2023-03-01T10:00:00Z'],
    ['Feb 30 10:00:00', '!invalid_time'],
  ]),
  by('a century that is no leap year', '2101-03-01T00:00:00Z', [
    ['Feb 29 10:00:00', '2096-02-29T10:00:00Z'],
    ['Mar  2 00:00:00', '2101-03-02T00:00:00Z'],
    ['Mar  2 00:00:01', '2100-03-02T00:00:01Z'],
  ]),
  by(
    'the clock of a zone decides',
    '2019-12-31T12:00:00Z',
    [
      ['Jan  2 01:00:00', '2020-01-01T12:00:00Z'],
      ['Jan  2 01:00:01', '2019-01-01T12:00:01Z'],
    ],
    { zone: 'Pacific/Auckland' },
  ),
  by(
    'the offset of a stamp decides',
    '2019-12-31T23:00:00Z',
    [
      ['Jan  2 08:00:00 +0900', '2020-01-01T23:00:00Z'],
      ['Jan  2 08:00:01 +0900', '2019-01-01T23:00:01Z'],
      ['Jan  1 18:00:01 -05', '2019-01-01T23:00:01Z'],
    ],
    { layout: '%b %d %H:%M:%S %z' },
  ),
  by(
    'days of the year',
    '2021-01-01T00:00:00Z',
    [
      ['366', '2020-12-31T00:00:00Z'],
      ['060', '2020-02-29T00:00:00Z'],
      ['002', '2021-01-02T00:00:00Z'],
      ['003', '2020-01-03T00:00:00Z'],
    ],
    { layout: '%j' },
  ),
  from('from a given year on, over New Year and back', 2019, [
    ['Dec 31 23:59:59', '2019-12-31T23:59:59Z'],
    ['Jan  1 00:00:01', '2020-01-01T00:00:01Z'],
    ['Dec 31 23:59:58', '2019-12-31T23:59:58Z'],
    ['Jan  1 00:00:02', '2020-01-01T00:00:02Z'],
    ['Feb 29 10:00:00', '2020-02-29T10:00:00Z'],
    ['Aug 30 10:00:00', '2020-08-30T10:00:00Z'],
    ['Feb 28 10:00:00', '2021-02-28T10:00:00Z'],
    ['Feb 29 10:00:00', '!invalid_time'],
    ['Mar  1 10:00:00', '2021-03-01T10:00:00Z'],
  ]),
]
