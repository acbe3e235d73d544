/** Lines of logfmt, access logs, csv, tsv and patterns. */
import { bytes, type Cell, type ConformanceCase, type Line, totals, values } from '../conformance-case.ts'

type Rows = readonly (readonly [line: Line, expected: Cell])[]
const raw = String.raw

const LOGFMT = {
  format: 'logfmt',
  time: 'ts',
  fields: { s: 'string', i: 'integer', k: { type: 'string', from: 'a.b' } },
}
const logfmt = (name: string, value: string, rows: Rows) => values('logfmt', name, LOGFMT, value, rows)

function delimited(
  name: string,
  format: Readonly<Record<string, unknown>>,
  value: string,
  rows: Rows,
): ConformanceCase {
  const source = { format, time: 'ts', fields: { s: 'string', i: 'integer' } }
  return values('csv and tsv', name, source, value, rows)
}

const CSV = { csv: { columns: ['ts', 's', 'i'] } }

function pattern(name: string, regex: string, value: string, rows: Rows): ConformanceCase {
  return values(
    'pattern',
    name,
    { format: { pattern: regex }, time: 'ts', fields: { s: 'string' } },
    value,
    rows,
  )
}

/** Fields of an access log, each between brackets; a null is `-`. */
function accessLog(
  group: 'combined' | 'common',
  name: string,
  fields: readonly string[],
  rows: readonly (readonly [rest: string, expected: string])[],
): ConformanceCase {
  const value = fields.map((field) => `'[' || coalesce(${field}, '-') || ']'`).join(' || ')
  return ofAccessLog(group, name, value, rows)
}

/** Lines begin with the client, ident and user, which have no stamp: it is put where {} stands. */
function ofAccessLog(
  group: 'combined' | 'common',
  name: string,
  value: string,
  rows: readonly (readonly [line: string, expected: string | null])[],
): ConformanceCase {
  const metric = { window: '1s', dimensions: { value }, measures: { n: 'count()' } }
  const second = (place: number) => String(place).padStart(2, '0')
  const lines = rows.map(([line], place) => line.replace('{}', `[05/Mar/2024:01:00:${second(place)} +0100]`))
  const rejects = rows.flatMap(([, expected], place) =>
    expected?.startsWith('!') ? [`${place} ${expected.slice(1)}`] : [],
  )
  const good = rows.flatMap(([, expected], place) =>
    expected?.startsWith('!') ? [] : [[`2024-03-05T00:00:${second(place)}Z`, expected, '1']],
  )
  return totals(group, name, { format: group }, metric, lines, good, { rejects })
}

export const TEXT_CASES = [
  logfmt('pairs in any order and white space', 's', [
    ['ts=TS s=a', 'a'],
    ['s=a ts=TS', 'a'],
    ['  ts=TS   s=a  ', 'a'],
    ['ts=TS\ts=a\t', 'a'],
    [bytes('ts=TS', [1], 's=a', [0x1f]), 'a'],
    ['level=info ts=TS x=1 s=a y="z"', 'a'],
  ]),
  logfmt('quoted values with the escapes of JSON', 's', [
    ['ts=TS s="a b"', 'a b'],
    ['ts=TS s="a=b"', 'a=b'],
    [raw`ts=TS s="a\"b\\c\/\n\t"`, 'a"b\\c/\n\t'],
    [raw`ts=TS s="\u00e9\ud83d\ude00"`, 'é😀'],
    ['ts=TS s=""', ''],
    ['ts=TS s="é 😀"', 'é 😀'],
  ]),
  logfmt('keys without a value have the empty text', `coalesce(s, 'none')`, [
    ['ts=TS s', ''],
    ['ts=TS s=', ''],
    ['s ts=TS', ''],
    ['ts=TS x', 'none'],
  ]),
  logfmt('of equal keys the first counts', 's', [
    ['ts=TS s=first s=last', 'first'],
    ['ts=TS s s=last', ''],
    ['ts=TS s="first" s=last', 'first'],
  ]),
  logfmt('backslashes and other marks in bare values', 's', [
    [raw`ts=TS s=a\b`, raw`a\b`],
    [raw`ts=TS s=\n`, raw`\n`],
    ["ts=TS s='a'", "'a'"],
    ['ts=TS s={a:1,b}', '{a:1,b}'],
    ['ts=TS s=\u00a0é😀', '\u00a0é😀'],
  ]),
  logfmt('keys hold any letter but spaces, = and quotes', `coalesce(k, 'none')`, [
    ['ts=TS a.b=x', 'x'],
    ['ts=TS a=y b=z', 'none'],
    ['ts=TS @!é=1 a.b=x', 'x'],
    ['ts=TS A.B=x', 'none'],
  ]),
  logfmt('lines that are not logfmt', 's', [
    ['ts=TS s="open', '!no_match'],
    ['ts=TS s=a"b', '!no_match'],
    ['ts=TS s="a"b', '!no_match'],
    ['ts=TS s=a=b', '!no_match'],
    ['ts=TS =a', '!no_match'],
    ['ts=TS "s"=a', '!no_match'],
    [raw`ts=TS s="\x41"`, '!no_match'],
    [raw`ts=TS s="\ud800"`, '!no_match'],
    [raw`ts=TS s="\u0000"`, '!no_match'],
    ['ts=TS s="a\tb"', '!no_match'],
    ['ts=TS s=ok', 'ok'],
  ]),
  logfmt('integers', 'i', [
    ['ts=TS i=12', '12'],
    ['ts=TS i="12"', '12'],
    ['ts=TS i=', null],
    ['ts=TS i', null],
    ['ts=TS', null],
    ['ts=TS i=1.9', '!invalid_field i'],
    ['ts=TS i=9223372036854775808', '!invalid_field i'],
  ]),
  logfmt('bytes that are not UTF-8, U+0000, empty lines', 's', [
    [bytes('ts=TS s=a', [0xff]), '!invalid_utf8'],
    [bytes('ts=TS s=a', [0], 'b'), '!nul_byte'],
    ['', '!empty_line'],
    [' ', '!missing_time'],
    [bytes([0x1b]), '!missing_time'],
    ['s=a', '!missing_time'],
    ['ts= s=a', '!missing_time'],
    ['ts=never s=a', '!invalid_time'],
    ['ts=TS s=a', 'a'],
  ]),

  accessLog(
    'common',
    'the fields of a request',
    ['client_ip', 'ident', 'user', 'method', 'path', 'query', 'protocol'],
    [
      ['1.2.3.4 - bob {} "GET /a?b=c HTTP/1.1" 200 12', '[1.2.3.4][-][bob][GET][/a][b=c][HTTP/1.1]'],
      ['::1 id bob ross {} "POST / HTTP/2.0" 200 12', '[::1][id][bob ross][POST][/][-][HTTP/2.0]'],
      ['host - - {} "GET /a? HTTP/1.0" 200 -', '[host][-][-][GET][/a][-][HTTP/1.0]'],
      ['h - - {} "GET /?a?b HTTP/1.0" 200 -', '[h][-][-][GET][/][a?b][HTTP/1.0]'],
    ],
  ),
  accessLog(
    'common',
    'other requests have no parts',
    ['method', 'path', 'query', 'protocol'],
    [
      ['h - - {} "-" 408 -', '[-][-][-][-]'],
      ['h - - {} "" 400 -', '[-][-][-][-]'],
      ['h - - {} "GET /" 400 -', '[-][-][-][-]'],
      ['h - - {} "GET /a b HTTP/1.1" 400 -', '[-][-][-][-]'],
      [raw`h - - {} "\x16\x03" 400 -`, '[-][-][-][-]'],
      ['h - - {} "GET /a HTTP/1.1" 200 1', '[GET][/a][-][HTTP/1.1]'],
    ],
  ),
  ofAccessLog('common', 'status and bytes', `status + coalesce(bytes, -1)`, [
    ['h - - {} "GET / HTTP/1.1" 200 12', '212'],
    ['h - - {} "GET / HTTP/1.1" 404 -', '403'],
    ['h - - {} "GET / HTTP/1.1" - 12', null],
    ['h - - {} "GET / HTTP/1.1" 200 0', '200'],
  ]),
  ofAccessLog('common', 'lines that do not match', 'path', [
    ['h - - {} "GET / HTTP/1.1" 200', '!no_match'],
    ['h - - {} "GET / HTTP/1.1" 20 1', '!no_match'],
    ['h - - {} "GET / HTTP/1.1" 200 x', '!no_match'],
    ['h - - {} "GET / HTTP/1.1" 200 1 ', '!no_match'],
    ['h - - {} "GET / HTTP/1.1 200 1', '!no_match'],
    ['h  - - {} "GET / HTTP/1.1" 200 1', '!no_match'],
    ['h - - "GET / HTTP/1.1" 200 1', '!no_match'],
    ['h - - [never] "GET / HTTP/1.1" 200 1', '!invalid_time'],
    ['h - - [-] "GET / HTTP/1.1" 200 1', '!missing_time'],
    ['', '!empty_line'],
    ['h - - {} "GET /b HTTP/1.1" 200 1', '/b'],
  ]),
  accessLog(
    'combined',
    'referer and user agent',
    ['path', 'referer', 'user_agent'],
    [
      [
        'h - - {} "GET / HTTP/1.1" 200 1 "http://a/?b" "Mozilla/5.0 (X11)"',
        '[/][http://a/?b][Mozilla/5.0 (X11)]',
      ],
      ['h - - {} "GET / HTTP/1.1" 200 1 "-" "-"', '[/][-][-]'],
      ['h - - {} "GET / HTTP/1.1" 200 1 "" ""', '[/][-][-]'],
      ['h - - {} "GET / HTTP/1.1" 200 1 "é" "😀"', '[/][é][😀]'],
    ],
  ),
  accessLog(
    'combined',
    'escapes are taken as written',
    ['path', 'referer', 'user_agent'],
    [
      [raw`h - - {} "GET /\"a HTTP/1.1" 200 1 "a\"b" "c\\"`, raw`[/\"a][a\"b][c\\]`],
      [raw`h - - {} "GET /\x41 HTTP/1.1" 200 1 "\t" "c\" \"d"`, raw`[/\x41][\t][c\" \"d]`],
    ],
  ),
  ofAccessLog('combined', 'the common format is no match', 'path', [
    ['h - - {} "GET / HTTP/1.1" 200 1', '!no_match'],
    ['h - - {} "GET / HTTP/1.1" 200 1 "-"', '!no_match'],
    ['h - - {} "GET / HTTP/1.1" 200 1 "-" "-" "x"', '!no_match'],
    ['h - - {} "GET / HTTP/1.1" 200 1 "-" "-"', '/'],
  ]),

  delimited('columns by comma', CSV, 's', [
    ['TS,a,1', 'a'],
    ['TS, a ,1', ' a '],
    ['TS,é😀,1', 'é😀'],
    ['TS,,', ''],
    ['TS,a;b\tc|d,1', 'a;b\tc|d'],
    [raw`TS,a\,1`, 'a\\'],
  ]),
  delimited('quoted columns', CSV, 's', [
    ['TS,"a,b",1', 'a,b'],
    ['TS,"a ""b""",1', 'a "b"'],
    ['TS,"",1', ''],
    ['TS,"""",1', '"'],
    ['"TS","a","1"', 'a'],
    [raw`TS,"a\",1`, 'a\\'],
  ]),
  delimited('quotes elsewhere are themselves', CSV, 's', [
    ['TS,a"b,1', 'a"b'],
    ['TS, "a",1', ' "a"'],
    ['TS,a"",1', 'a""'],
    ["TS,'a',1", "'a'"],
  ]),
  delimited('broken quotes and wrong numbers of columns', CSV, 's', [
    ['TS,"a,1', '!no_match'],
    ['TS,"a"b,1', '!no_match'],
    ['TS,"a" ,1', '!no_match'],
    ['TS,a', '!no_match'],
    ['TS,a,1,', '!no_match'],
    ['TS', '!no_match'],
    [',,', '!missing_time'],
    [',', '!no_match'],
    ['', '!empty_line'],
    [bytes('TS,a', [0], ',1'), '!nul_byte'],
    [bytes('TS,', [0xc3], ',1'), '!invalid_utf8'],
    ['TS,a,1', 'a'],
  ]),
  totals(
    'csv and tsv',
    'header lines are passed over wherever they stand',
    { format: CSV, time: 'ts', fields: { s: 'string', i: 'integer' } },
    { window: '1h', measures: { n: 'count()', total: 'sum(i)' } },
    ['ts,s,i', '2024-03-05T10:00:00Z,a,1', '"ts","s","i"', 'ts,s,i', '2024-03-05T10:00:00Z,b,2', 'TS,s,i'],
    [['2024-03-05T10:00:00Z', '2', '3']],
    { filtered: 3, rejects: ['5 invalid_time'] },
  ),
  totals(
    'csv and tsv',
    'without a header its line is a record',
    {
      format: { csv: { columns: ['ts', 's', 'i'], header: false } },
      time: 'ts',
      fields: { s: 'string', i: 'integer' },
    },
    { window: '1h', measures: { n: 'count()', total: 'sum(i)' } },
    ['ts,s,i', '2024-03-05T10:00:00Z,a,1'],
    [['2024-03-05T10:00:00Z', '1', '1']],
    { rejects: ['0 invalid_time'] },
  ),
  delimited('another delimiter', { csv: { columns: ['ts', 's', 'i'], delimiter: '|' } }, 's', [
    ['TS|a,b|1', 'a,b'],
    ['TS|"a|b"|1', 'a|b'],
    ['TS,a,1', '!no_match'],
  ]),
  delimited(
    'a delimiter that means something in regexes',
    { csv: { columns: ['ts', 's', 'i'], delimiter: '^' } },
    's',
    [
      ['TS^a.b^1', 'a.b'],
      ['TS^"a^b"^1', 'a^b'],
      ['TS^a^b^1', '!no_match'],
    ],
  ),
  delimited('columns by tab', { tsv: { columns: ['ts', 's', 'i'] } }, 's', [
    ['TS\ta b\t1', 'a b'],
    ['TS\t"a\tb"\t1', 'a\tb'],
    ['TS\t\t', ''],
    ['TS a 1', '!no_match'],
    [raw`TS	a\tb	1`, raw`a\tb`],
  ]),

  pattern('the whole line must match', raw`(?P<ts>\S+) (?P<s>[a-z]*)`, 's', [
    ['TS abc', 'abc'],
    ['TS ', ''],
    ['TS abc!', '!no_match'],
    [' TS abc', '!no_match'],
    ['TS abc\r', 'abc'],
    ['', '!empty_line'],
  ]),
  pattern(
    'alternatives hold between the ends of the line',
    raw`(?P<ts>[^ ]+)|(?P<s>x)`,
    `coalesce(s, 'none')`,
    [
      ['TS', ''],
      ['TS x', '!no_match'],
      ['x', '!invalid_time'],
    ],
  ),
  pattern(
    'a group that took no part has the empty text',
    raw`(?P<ts>\S+)(?: (?P<s>\w+))?(?: .*)?`,
    `coalesce(s, 'none')`,
    [
      ['TS a', 'a'],
      ['TS', ''],
      ['TS !', ''],
    ],
  ),
  pattern('a repeated group has its last text', raw`(?P<ts>\S+)(?: (?P<s>[a-z]))+`, 's', [
    ['TS a b c', 'c'],
    ['TS a', 'a'],
  ]),
  pattern('the shortest and the longest', raw`(?P<ts>\S+?) (?P<s>.*?) .*`, 's', [
    ['TS a b c', 'a'],
    ['TS  b', ''],
  ]),
  pattern(
    'groups without a name, and what RE2 folds',
    raw`(?P<ts>\S+) ([a-z]+|\d+) (?i:(?P<s>é[a-z]))`,
    's',
    [
      ['TS ab éK', 'éK'],
      ['TS 12 ék', 'ék'],
      ['TS 12 Ék', '!no_match'],
      ['TS 12 é\u212a', '!no_match'],
    ],
  ),
  pattern('quotes and backslashes in a line', raw`(?P<ts>\S+) (?P<s>.*)`, 's', [
    [raw`TS it's "a" \n \\ %s $1 \1`, raw`it's "a" \n \\ %s $1 \1`],
    ['TS a\rb\u2028c', 'a\rb\u2028c'],
    [bytes('TS a', [0]), '!nul_byte'],
    [bytes('TS a', [0x80]), '!invalid_utf8'],
  ]),
]
