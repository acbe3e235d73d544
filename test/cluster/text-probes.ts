/** csv, logfmt, access logs and patterns: every form that Java's expressions could read otherwise, and long lines. */
import { type Probe, planData } from './dialect-probe.ts'

const T = '2026-01-31T08:00:00Z'
const LONG = 300_000

function probe(
  name: string,
  source: object,
  fields: readonly string[],
  lines: readonly (string | Buffer)[],
): Probe {
  const measures = Object.fromEntries(fields.map((field, index) => [`n${index}`, `count(${field} is null)`]))
  const metric = { source: 'src', window: '1d', measures: { n: 'count()', ...measures } }
  const plan = planData({ sources: { src: source }, metrics: { m: metric } })
  return { name: `text: ${name}`, plan, lines: lines.map((line) => Buffer.from(line)) }
}

const CSV_LINES = [
  ...[
    `${T},1,a`,
    `"${T}","2","b"`,
    `${T},3,"a,b"`,
    `${T},4,"say ""hi"""`,
    `${T},5,""`,
    `${T},6,`,
    `${T},,x`,
    `${T},"",x`,
  ],
  ...[
    `${T},7,5" disc`,
    `${T},8,  spaced `,
    `${T},9,""""`,
    `${T},10,"é,😀"`,
    `${T},1`,
    `${T},1,a,b`,
    `${T},1,"a`,
    `${T},1,"a"b`,
  ],
  ...[
    `${T},1,"a" `,
    `${T},1, "a,b"`,
    `${T}`,
    'ts,n,s',
    '"ts","n","s"',
    'ts,n,S',
    's,n,ts',
    '"ts",n,s',
    '',
    ',,',
    ',',
    `${T},1,a\0`,
  ],
  ...[
    `NA,1,a`,
    `${T},NA,NA`,
    `${T},1.0,x`,
    `${T},-0,x`,
    `${T},9223372036854775808,x`,
    `${T},1,"a\nb"`,
    `${T},1,a\rb`,
  ],
  ...[
    `${T},1,"${'""'.repeat(LONG)}"`,
    `${T},1,"${'😀a'.repeat(LONG / 2)}"`,
    `${T},1,${'é😀'.repeat(LONG / 3)}`,
    `${T},1,"${'x,'.repeat(LONG)}`,
  ],
  Buffer.concat([Buffer.from(`${T},1,`), Buffer.from([0xc3])]),
]
const csv = (delimiter: string) => ({
  format: { csv: { columns: ['ts', 'n', 's'], delimiter, header: true } },
  time: 'ts',
  nulls: ['NA'],
  fields: { s: 'string', n: 'integer' },
})

const LOGFMT_LINES = [
  ...[
    `ts=${T} a=b n=1`,
    `n=1 a="x y" ts="${T}"`,
    `ts=${T} a="q\\"q\\\\ \\u00e9\\n\\ud83d\\ude00" n=2`,
    `ts=${T} a n=`,
    `ts=${T} a=""`,
  ],
  ...[
    `  ts=${T}\ta=b  `,
    `ts=${T} b="a=1 n=2" n=3`,
    `ts=${T} a=1 a=2`,
    `ts=${T} ba=1 a.b=2 a=C:\\dir`,
    `ts=${T} ƒ=1 a=ü`,
    'a=1',
    'ts= a=1',
  ],
  ...[
    'ts a=1',
    '   ',
    'ts=1\0',
    '',
    ...['a==', 'a="1', 'a="1"b=2', 'a=b"c', '"k"=1', '=1', 'a="\\x41"'].map((text) => `ts=${T} ${text}`),
  ],
  ...[
    'a="\\ud800"',
    'a="\\u0000"',
    'a="\t"',
    'a="\\ude00"',
    'a="\\u12"',
    'a="\\/\\b\\f\\r"',
    'a="\u0001"',
    'a\u0001b=1',
    'a="é"',
  ].map((text) => `ts=${T} ${text}`),
  ...[
    `ts=${T} a="${'\\\\'.repeat(LONG)}"`,
    `ts=${T} ${'k=v '.repeat(LONG / 2)}a=1`,
    `ts=${T} a="${'😀x'.repeat(LONG / 2)}`,
    `ts=${T} a=${'é😀'.repeat(LONG / 3)}`,
  ],
]

const START = '10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700]'
const H = 'h - - [10/Oct/2000:13:55:36 -0700]'
const COMMON_LINES = [
  ...[
    `${START} "GET /a.gif?x=1&y=2 HTTP/1.0" 200 2326`,
    `::1 - - [10/Oct/2000:13:55:36 -0700] "POST / HTTP/1.1" 304 -`,
  ],
  ...[
    `h - a b [10/Oct/2000:13:55:36 -0700] "-" 408 0`,
    `${H} "\\x16\\x03 \\"x" 400 0`,
    `${H} "GET /a b HTTP/1.1" 400 0`,
    `${H} "GET /a?" 400 0`,
  ],
  ...[
    `${H} "GET /a?b?c HTTP/2.0" 200 0`,
    `${H} "GET /a? HTTP/2.0" 200 0`,
    `${H} "GET /é%20😀 HTTP/1.1" 20 0`,
    `${H} "GET / HTTP/1.1" 200 007`,
  ],
  ...[
    '',
    'x',
    `${H} "" 200 -`,
    `${H} "GET  / HTTP/1.1" 200 1`,
    `${H} "GET /\\"x HTTP/1.1" 200 1`,
    `h - - [31/Feb/2000:13:55:36 -0700] "-" 200 1`,
  ],
  ...[
    'h - - [-] "GET / HTTP/1.0" 200 5',
    `${H} "GET / HTTP/1.0" 200 5 `,
    ` ${H} "GET / HTTP/1.0" 200 5`,
    `h  - - ${H} "GET / HTTP/1.0" 200 5`,
  ],
  `${H} "GET /${'\\"'.repeat(LONG)} HTTP/1.1" 200 1`,
  `${H} "GET /?${'a%20'.repeat(LONG / 2)} HTTP/1.1" 200 1`,
  `${H} "${'\\x16'.repeat(LONG / 2)}" 400 1`,
]
const COMBINED_LINES = [
  ...[
    `${START} "GET / HTTP/1.0" 200 5 "http://r/" "Mozilla/5.0 (X; \\"quoted\\")"`,
    `${START} "GET / HTTP/1.0" 200 5 "-" "-"`,
  ],
  ...[
    `${START} "GET / HTTP/1.0" 200 5 "" ""`,
    `${START} "GET / HTTP/1.0" 200 5`,
    `${START} "GET / HTTP/1.0" 200 5 "-" "x" "more"`,
  ],
  ...[
    `${START} "GET / HTTP/1.0" 20 5 "-" "x"`,
    `${START} "GET / HTTP/1.0" 200 5 "-" "cut`,
    `${START} "GET / HTTP/1.0" 200 5 "-" "cut\\`,
  ],
]
const access = (format: string, fields: readonly string[]) => ({ source: { format }, fields })

const PATTERN = String.raw`\[(?P<ts>[^\]]+)\] (?P<level>\w+)(?: \((\d+)\))?(?: code=(?<code>-?\d+))?: (?P<rest>.*)`
const PATTERN_LINES = [
  ...[
    `[${T}] INFO: hello`,
    `[${T}] WARN (12) code=-7: `,
    `x[${T}] INFO: hello`,
    `[${T}] INFO hello`,
    `[] INFO: x`,
    `[x] INFO: x`,
  ],
  ...[
    `[${T}] ÉTÉ: x`,
    `[${T}] INFO: \0`,
    `[${T}] A code=12: é😀`,
    `[${T}] A: a\rb`,
    `[${T}] A: ${'é😀'.repeat(LONG / 3)}`,
  ],
]

export const TEXT_PROBES: readonly Probe[] = [
  probe('csv', csv(','), ['s', 'n'], CSV_LINES),
  ...['\t', ';', '|', '.', '^', ']', '\\', '-', '*', '$', ' '].map((delimiter) =>
    probe(
      `csv by ${JSON.stringify(delimiter)}`,
      csv(delimiter),
      ['s', 'n'],
      CSV_LINES.slice(0, 40).map((line) => String(line).replaceAll(',', delimiter)),
    ),
  ),
  probe(
    'logfmt',
    { format: 'logfmt', time: 'ts', fields: { a: 'string', n: 'integer' } },
    ['a', 'n'],
    LOGFMT_LINES,
  ),
  probe(
    'common',
    access('common', []).source,
    ['client_ip', 'ident', '"user"', 'method', 'path', 'query', 'protocol', 'status', 'bytes'],
    COMMON_LINES,
  ),
  probe(
    'combined',
    access('combined', []).source,
    ['path', 'status', 'referer', 'user_agent'],
    COMBINED_LINES,
  ),
  probe(
    'pattern',
    {
      format: { pattern: PATTERN },
      time: 'ts',
      fields: { level: 'string', code: 'integer', rest: 'string' },
    },
    ['level', 'code', 'rest'],
    PATTERN_LINES,
  ),
  probe(
    'pattern with repeats',
    {
      format: { pattern: String.raw`(?P<ts>\S+) (?:(?P<word>\w+) )*(?P<rest>[^ ]*)(?P<end>!)?` },
      time: 'ts',
      fields: { word: 'string', rest: 'string', end: 'string' },
    },
    ['word', 'rest', '"end"'],
    [
      `${T} a b `,
      `${T} x!`,
      `${T} !`,
      `${T} a b c!d`,
      `${T}  a`,
      `${T} ${'ab '.repeat(LONG)}`,
      `${T} ${'é '.repeat(LONG)}`,
    ],
  ),
  probe(
    'pattern with quotes',
    { format: { pattern: String.raw`(?P<ts>\S+) '(?P<v>[^']*)'; --` }, time: 'ts', fields: { v: 'string' } },
    ['v'],
    [`${T} 'x"y'; --`, `${T} '\${x}\\'; --`],
  ),
]
