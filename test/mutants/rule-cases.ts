/**
 * The rules of meaning as data: a value over a source's fields, lines, and what each line must give.
 *
 * Expected is the value's text (decimals as scaled integers), null, or `!reason`; a bad field is `!field`. TS in a
 * line stands for a good stamp. Sources are JSON with the fields of FIELDS unless a case has its own.
 */

export interface RuleCase {
  readonly rule: string
  readonly source?: Readonly<Record<string, unknown>>
  readonly value: string
  readonly lines: readonly (readonly [line: string | Buffer, expected: string | null])[]
}

export const FIELDS = {
  s: 'string',
  t: 'string',
  i: 'integer',
  j: 'integer',
  d: 'decimal(2)',
  e: 'decimal(3)',
  w: 'decimal(6)',
  f: 'float',
  b: 'boolean',
}

const json = (members: string) => `{"ts":TS,${members}}`
const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const GOOD = '2024-03-05T10:20:30Z'
const GOOD_MS = String(Date.UTC(2024, 2, 5, 10, 20, 30))

const JSON_CASES: readonly RuleCase[] = [
  {
    rule: 'trailing commas reject the line',
    value: 's',
    lines: [
      ['{"ts":TS,"s":"a",}', '!invalid_json'],
      ['{"ts":TS,"s":"a" , }', '!invalid_json'],
      ['{"ts":TS,"s":"a","u":[1,]}', '!invalid_json'],
      ['{"ts":TS,"s":"a","u":{"v":[{"w":1\t,\t}]}}', '!invalid_json'],
      ['{"ts":TS,"s":"a,}","u":[",]"]}', 'a,}'],
      ['{"ts":TS,"s":"\\",}"}', '",}'],
    ],
  },
  {
    rule: 'U+0000 rejects the line',
    value: 's',
    lines: [
      [json('"s":"a\\u0000b"'), '!invalid_json'],
      [json('"s":"a","u":"\\\\\\u0000"'), '!invalid_json'],
      [json('"s":"a\\\\u0000b"'), 'a\\u0000b'],
    ],
  },
  {
    rule: 'a line is an object',
    value: 's',
    lines: [
      ['[{"ts":TS}]', '!not_an_object'],
      ['"x"', '!not_an_object'],
      ['7', '!not_an_object'],
      [' {"ts":TS,"s":"a"} ', 'a'],
    ],
  },
  {
    rule: 'junk, lone surrogates and control characters reject the line',
    value: 's',
    lines: [
      [json('"s":"\\ud800"'), '!invalid_json'],
      [json('"s":"\\udc00\\ud800"'), '!invalid_json'],
      [json('"s":"a\tb"'), '!invalid_json'],
      [`${json('"s":"a"')}x`, '!invalid_json'],
      [json(`"s":'a'`), '!invalid_json'],
      [json('"s":"\\ud83d\\ude00"'), '😀'],
    ],
  },
  {
    rule: 'of duplicate keys the first wins',
    value: 's',
    lines: [
      [json('"s":"first","s":"last"'), 'first'],
      [json('"s":null,"s":"last"'), null],
    ],
  },
  {
    rule: 'a path is literal keys',
    source: {
      format: 'json',
      time: 'ts',
      fields: { x: { type: 'string', from: ['a/b'] }, y: { type: 'string', from: ['k.l', '0'] } },
    },
    value: `concat(coalesce(x, '-'), coalesce(y, '-'))`,
    lines: [
      [json('"a/b":"x","k.l":{"0":"y"}'), 'xy'],
      [json('"a":{"b":"no"},"k":{"l":{"0":"no"}}'), '--'],
      [json('"k.l":["no"]'), '--'],
    ],
  },
  {
    rule: 'a string field takes strings, booleans and canonical integers',
    value: 's',
    lines: [
      [json('"s":"1.9"'), '1.9'],
      [json('"s":1.9'), '!field'],
      [json('"s":1e3'), '!field'],
      [json('"s":{"a":1}'), '!field'],
      [json('"s":[1]'), '!field'],
      [json('"s":"[1]"'), '[1]'],
      [json('"s":NaN'), '!field'],
      [json('"s":"NaN"'), 'NaN'],
      [json('"s":12'), '12'],
      [json('"s":-0'), '0'],
      [json('"s":true'), 'true'],
      [json('"s":123456789012345678901234567890'), '123456789012345678901234567890'],
      [json('"s":null'), null],
      [json('"t":"x"'), null],
    ],
  },
]

const TYPE_CASES: readonly RuleCase[] = [
  {
    rule: 'an integer is canonical digits of 64 bits',
    value: 'i',
    lines: [
      [json('"i":9223372036854775807'), '9223372036854775807'],
      [json('"i":-9223372036854775808'), '-9223372036854775808'],
      [json('"i":9223372036854775808'), '!field'],
      [json('"i":1.9'), '!field'],
      [json('"i":1.0'), '!field'],
      [json('"i":1e3'), '!field'],
      [json('"i":"12"'), '12'],
      [json('"i":" 12"'), '!field'],
      [json('"i":"+5"'), '!field'],
      [json('"i":"007"'), '!field'],
      [json('"i":"0x10"'), '!field'],
      [json('"i":"1_000"'), '!field'],
      [json('"i":"12.5"'), '!field'],
      [json('"i":""'), '!field'],
      [json('"i":true'), '!field'],
      [json('"i":-0'), '0'],
    ],
  },
  {
    rule: 'decimals round half away from zero, of digits and not of doubles',
    value: 'd',
    lines: [
      [json('"d":2.675'), '268'],
      [json('"d":-2.675'), '-268'],
      [json('"d":1.005'), '101'],
      [json('"d":2.674'), '267'],
      [json('"d":2.665'), '267'],
      [json('"d":1e-8'), '0'],
      [json('"d":"-0.004"'), '0'],
      [json('"d":1.5e2'), '15000'],
      [json('"d":9999999999999999'), '999999999999999900'],
      [json('"d":"9999999999999999.99"'), '999999999999999999'],
      [json('"d":"9999999999999999.995"'), '!field'],
      [json('"d":10000000000000000'), '!field'],
      [json(`"d":"${'0'.repeat(30)}1.5"`), '150'],
      [json('"d":"1234567890123456.785"'), '123456789012345679'],
      [json('"d":" 1"'), '!field'],
      [json('"d":".5"'), '!field'],
      [json('"d":"5."'), '!field'],
      [json('"d":"+5"'), '!field'],
      [json('"d":"1_0"'), '!field'],
      [json('"d":NaN'), '!field'],
      [json('"d":false'), '!field'],
    ],
  },
  {
    rule: 'a scaled decimal keeps all 18 digits',
    value: 'w',
    lines: [
      [json('"w":"123456789012.345678"'), '123456789012345678'],
      [json('"w":"-999999999999.999999"'), '-999999999999999999'],
    ],
  },
  {
    rule: 'a float is a finite number',
    value: 'case when f > 0 then 1 else 0 end',
    lines: [
      [json('"f":0.1'), '1'],
      [json('"f":"1e400"'), '!field'],
      [json('"f":"inf"'), '!field'],
      [json('"f":"nan"'), '!field'],
      [json('"f":Infinity'), '!field'],
      [json('"f":" 1"'), '!field'],
      [json('"f":"1_0"'), '!field'],
    ],
  },
  {
    rule: 'a boolean is true or false',
    value: 'b',
    lines: [
      [json('"b":true'), 'true'],
      [json('"b":"false"'), 'false'],
      [json('"b":"t"'), '!field'],
      [json('"b":1'), '!field'],
      [json('"b":"TRUE"'), '!field'],
    ],
  },
]

const stamps = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([stamp, expected]) => [`{"ts":"${stamp}"}`, expected] as const)
const timed = (time: Readonly<Record<string, unknown>>) => ({
  format: 'json',
  time: { field: 'ts', ...time },
  fields: FIELDS,
})

/** `value` null means the event time itself. */
const TIME_CASES: readonly RuleCase[] = [
  {
    rule: 'ISO stamps are a closed form and real dates',
    value: EVENT_MS(),
    lines: stamps([
      [GOOD, GOOD_MS],
      ['2024-02-29T00:00:00Z', String(Date.UTC(2024, 1, 29))],
      ['2024-02-30T00:00:00Z', '!invalid_time'],
      ['2023-02-29T00:00:00Z', '!invalid_time'],
      ['2024-03-05T24:00:00Z', '!invalid_time'],
      ['2024-03-05T10:20:60Z', '!invalid_time'],
      ['0000-03-05T10:20:30Z', '!invalid_time'],
      ['epoch', '!invalid_time'],
      ['infinity', '!invalid_time'],
      ['2024', '!invalid_time'],
      ['2024-03-05', '!invalid_time'],
      ['2024-3-5T10:20:30Z', '!invalid_time'],
      [' 2024-03-05T10:20:30Z', '!invalid_time'],
      ['2024-03-05T10:20:30 UTC', '!invalid_time'],
      ['2024-03-05T10:20:30 (BC)', '!invalid_time'],
      ['2024-03-05T10:20:30+02:00', String(Date.UTC(2024, 2, 5, 8, 20, 30))],
      ['2024-03-05T10:20:30.9999Z', String(Date.UTC(2024, 2, 5, 10, 20, 30, 999))],
      ['1969-12-31T23:59:59.9999Z', '-1'],
      ['2024-03-05 10:20:30,5', String(Date.UTC(2024, 2, 5, 10, 20, 30, 500))],
    ]),
  },
  {
    rule: 'a zone is used for stamps without an offset, and its gaps and folds have one reading',
    source: timed({ zone: 'Europe/Berlin' }),
    value: EVENT_MS(),
    lines: stamps([
      ['2024-07-01T12:00:00', String(Date.UTC(2024, 6, 1, 10))],
      ['2024-01-01T12:00:00', String(Date.UTC(2024, 0, 1, 11))],
      ['2024-01-01T12:00:00Z', String(Date.UTC(2024, 0, 1, 12))],
      ['2024-10-27T02:30:00', String(Date.UTC(2024, 9, 27, 0, 30))],
      ['2024-03-31T02:30:00', String(Date.UTC(2024, 2, 31, 1, 30))],
      ['2022-07-01T12:00:00+03:00', String(Date.UTC(2022, 6, 1, 9))],
    ]),
  },
  {
    rule: 'epochs round down',
    source: timed({ layout: 'epoch_s' }),
    value: EVENT_MS(),
    lines: [
      ['{"ts":1.9999}', '1999'],
      ['{"ts":-1.0001}', '-1001'],
      ['{"ts":-0.5}', '-500'],
      ['{"ts":1709634030}', '1709634030000'],
      ['{"ts":"1709634030.6"}', '1709634030600'],
      ['{"ts":" 5"}', '!invalid_time'],
      ['{"ts":"1_0"}', '!invalid_time'],
      ['{"ts":"0x5"}', '!invalid_time'],
      ['{"ts":true}', '!invalid_time'],
      ['{"ts":null}', '!missing_time'],
      ['{}', '!missing_time'],
    ],
  },
  {
    rule: 'nanoseconds divide toward minus infinity',
    source: timed({ layout: 'epoch_ns' }),
    value: EVENT_MS(),
    lines: [
      ['{"ts":1709634030123456789}', '1709634030123'],
      ['{"ts":-1}', '-1'],
    ],
  },
  {
    rule: 'names of months have any case',
    source: timed({ layout: '%d %b %Y' }),
    value: EVENT_MS(),
    lines: stamps([
      ['05 mAr 2024', String(Date.UTC(2024, 2, 5))],
      ['30 Feb 2024', '!invalid_time'],
      ['31 Apr 2024', '!invalid_time'],
    ]),
  },
]

/** Stands for the event time where a case asks for a value. */
export function EVENT_MS(): string {
  return '$event_ms'
}

const TEXT_CASES: readonly RuleCase[] = [
  {
    rule: 'bytes are UTF-8',
    value: 's',
    lines: [
      [bytes('{"ts":TS,"s":"a', [0xff], '"}'), '!invalid_utf8'],
      [bytes('{"ts":TS,"s":"a', [0xc0, 0x80], '"}'), '!invalid_utf8'],
      [bytes('{"ts":TS,"s":"a', [0xed, 0xa0, 0x80], '"}'), '!invalid_utf8'],
      [bytes('{"ts":TS,"s":"a', [0xe9], ' b"}'), '!invalid_utf8'],
      [bytes('{"ts":TS,"s":"é😀"}'), 'é😀'],
      ['', '!empty_line'],
    ],
  },
  {
    rule: 'a line has at most 1 MiB',
    value: 'length(s)',
    lines: [
      [`{"ts":TS,"s":"${'a'.repeat(1_048_600)}"}`, '!line_too_long'],
      [`{"ts":TS,"s":"${'a'.repeat(1_000_000)}"}`, '1000000'],
    ],
  },
  {
    rule: 'logfmt: the first key counts, escapes are undone, U+0000 rejects',
    source: { format: 'logfmt', time: 'ts', fields: { s: 'string' } },
    value: 's',
    lines: [
      [`ts=${GOOD} s=first s=last`, 'first'],
      [`ts=${GOOD} s="a\\"b\\\\c é"`, 'a"b\\c é'],
      [`ts=${GOOD} s="é"`, 'é'],
      [`ts=${GOOD} s="open`, '!no_match'],
      [`ts=${GOOD} s=a\0b`, '!nul_byte'],
      [`ts=${GOOD} x=1`, null],
    ],
  },
  {
    rule: 'csv: quotes, a fixed number of columns, the header, null texts',
    source: {
      format: { csv: { columns: ['ts', 's', 'i'] } },
      time: 'ts',
      nulls: ['NA'],
      fields: { s: 'string', i: 'integer' },
    },
    value: `concat(coalesce(s, 'null'), case when i is null then '-' else '+' end)`,
    lines: [
      ['ts,s,i', '!header'],
      [`${GOOD},"a,""é""",5`, 'a,"é"+'],
      [`${GOOD},,`, '-'],
      [`${GOOD},NA,NA`, 'null-'],
      [`${GOOD},a`, '!no_match'],
      [`${GOOD},a,5,6`, '!no_match'],
      [`${GOOD},"a`, '!no_match'],
      [`${GOOD},a,x`, '!field'],
      [`${GOOD},a\0,5`, '!nul_byte'],
    ],
  },
  {
    rule: 'a pattern matches the whole line',
    source: { format: { pattern: '(?P<ts>\\S+) (?P<s>[a-z]*)' }, time: 'ts', fields: { s: 'string' } },
    value: 's',
    lines: [
      [`${GOOD} abc`, 'abc'],
      [`${GOOD} abc!`, '!no_match'],
      [` ${GOOD} abc`, '!no_match'],
      [`${GOOD} `, ''],
    ],
  },
]

export const PARSE_CASES: readonly RuleCase[] = [...JSON_CASES, ...TYPE_CASES, ...TIME_CASES, ...TEXT_CASES]
