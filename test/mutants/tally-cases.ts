/** The rules of tallies as data: measures over a few lines, and their partials in the model's form. */

export interface TallyCase {
  readonly rule: string
  readonly measure: string
  /** Members of JSON objects. */
  readonly lines: readonly string[]
  readonly expected: string
}

export const TALLY_CASES: readonly TallyCase[] = [
  {
    rule: 'sums of integers are exact beyond 2^53 and 2^63',
    measure: 'sum(i)',
    lines: ['"i":9223372036854775807', '"i":9223372036854775807', '"i":3'],
    expected: '18446744073709551617',
  },
  {
    rule: 'sums of wide products are exact',
    measure: 'sum(i * j)',
    lines: ['"i":9007199254740993,"j":9007199254740993', '"i":1,"j":1'],
    expected: '81129638414606699710187514626050',
  },
  { rule: 'a partial sum of nothing is null', measure: 'sum(i)', lines: ['"j":1'], expected: 'null' },
  { rule: 'the minimum of nothing is null', measure: 'min(i)', lines: ['"j":1'], expected: 'null' },
  {
    rule: 'a null condition does not count',
    measure: 'count(i > 1)',
    lines: ['"j":1', '"i":2', '"i":0'],
    expected: '1',
  },
  {
    rule: 'buckets are log-linear and mirror',
    measure: 'quantiles(i)',
    lines: [
      0,
      99,
      100,
      101,
      199,
      200,
      203,
      204,
      499,
      500,
      999,
      1000,
      1019,
      1020,
      -100,
      -5,
      '9223372036854775807',
      '-9223372036854775808',
    ].map((value) => `"i":${value}`),
    expected:
      '-17167:1 -1000:1 -5:1 0:1 99:1 1000:2 1049:1 1050:2 1051:1 1124:1 1125:1 1174:1 2000:2 2001:1 17167:1',
  },
  {
    rule: 'buckets of decimals are those of the scaled integers',
    measure: 'quantiles(d)',
    lines: ['"d":0.5', '"d":-1.5', '"d":1234.56'],
    expected: '-1025:1 50:1 4011:1',
  },
  {
    rule: 'registers and ranks are cut from md5',
    measure: 'distinct(s)',
    lines: ['"s":"a"', '"s":"b"', '"s":""', '"s":"a"', '"s":null'],
    expected: '204:4 2350:1 3393:1',
  },
  {
    rule: 'fewer registers take the leading bits',
    measure: 'distinct(s, 64)',
    lines: ['"s":"a"', '"s":"b"', '"s":""'],
    expected: '3:4 36:1 53:1',
  },
  {
    rule: 'numbers are told apart by their digits',
    measure: 'distinct(i)',
    lines: ['"i":9007199254740993', '"i":9007199254740992', '"i":9007199254740992'],
    expected: '802:1 935:1',
  },
]
