/** Formats of plain text: csv and tsv, logfmt, access logs, patterns. */
import { describe, expect, it } from 'vitest'
import { type ParsedLine, parseLines, reasonsOf, type SourceText } from './parse-lines.ts'

const shown = ({ reason, fields }: ParsedLine) => reason ?? Object.values(fields)
const read = async (source: SourceText, lines: (string | Uint8Array)[]) =>
  (await parseLines(source, lines)).map(shown)
const T = '2026-01-31T08:00:00Z'

describe('csv', () => {
  const columns = ['ts', 'n', 's']
  const csv = { kind: 'csv', delimiter: ',', columns, header: true } as const
  const source = { format: csv, fields: { s: 'string', n: 'integer' } } as const

  it('splits columns, quoted or not', async () => {
    expect(
      await read(source, [
        `${T},1,a`,
        `"${T}","2","b"`,
        `${T},3,"a,b"`,
        `${T},4,"say ""hi"""`,
        `${T},5,""`,
        `${T},6,`,
        `${T},,x`,
        `${T},"",x`,
        `${T},7,5" disc`,
        `${T},8,  spaced `,
        `${T},9,""""`,
        `${T},10,"é,😀"`,
      ]),
    ).toEqual([
      ...[
        ['a', '1'],
        ['b', '2'],
        ['a,b', '3'],
        ['say "hi"', '4'],
        ['', '5'],
        ['', '6'],
        ['x', null],
        ['x', null],
      ],
      ...[
        ['5" disc', '7'],
        ['  spaced ', '8'],
        ['"', '9'],
        ['é,😀', '10'],
      ],
    ])
  })

  it('rejects another number of columns and broken quotes', async () => {
    const lines = [`${T},1`, `${T},1,a,b`, `${T},1,"a`, `${T},1,"a"b`, `${T},1,"a" `, `${T},1, "a,b"`, `${T}`]
    expect(await read(source, lines)).toEqual(lines.map(() => 'no_match'))
  })

  it('skips the header, wherever it stands', async () => {
    expect(await read(source, ['ts,n,s', '"ts","n","s"', `${T},1,a`, 'ts,n,s', 'ts,n,S', 's,n,ts'])).toEqual([
      ...['header', 'header', ['a', '1'], 'header', 'invalid_time', 'invalid_time'],
    ])
    const bare = { ...source, format: { ...csv, header: false } }
    expect(await read(bare, ['ts,n,s'])).toEqual(['invalid_time'])
  })

  it('rejects by bytes first; null texts are null', async () => {
    expect(
      await read({ ...source, nullTexts: ['NA'] }, [
        '',
        `${T},1,a\0`,
        Buffer.concat([Buffer.from(`${T},1,`), Buffer.from([0xc3])]),
        `,1,a`,
        `NA,1,a`,
        `${T},NA,NA`,
        'x'.repeat(1_048_577),
      ]),
    ).toEqual([
      'empty_line',
      'nul_byte',
      'invalid_utf8',
      'missing_time',
      'missing_time',
      [null, null],
      'line_too_long',
    ])
  })

  it('reads tabs and other delimiters, which mean nothing to a regex', async () => {
    for (const delimiter of ['\t', ';', '|', '.', '^', ']', '\\', '-', '*']) {
      const format = { ...csv, delimiter }
      const line = ['"x"', '1', `"a${delimiter}b"`].join(delimiter)
      const plain = ['x', '1', 'ab'].join(delimiter)
      const layout = { kind: 'strptime', format: 'x%Y-%m-%d' } as const
      expect([
        delimiter,
        await reasonsOf({ ...source, format, layout }, [line, plain, `${plain}${delimiter}`]),
      ]).toEqual([...[delimiter, ['invalid_time', 'invalid_time', 'no_match']]])
      const values = await parseLines(
        { format, layout: { kind: 'epoch_s' }, time: ['n'], fields: { s: 'string' } },
        [line],
      )
      expect(values[0]!.fields.s).toBe(`a${delimiter}b`)
    }
  })
})

describe('logfmt', () => {
  const source = { format: { kind: 'logfmt' }, fields: { a: 'string', n: 'integer' } } as const
  it('reads bare and quoted values, flags, escapes', async () => {
    expect(
      await read(source, [
        `ts=${T} a=b n=1`,
        `n=1 a="x y" ts="${T}"`,
        `ts=${T} a="q\\"q\\\\ \\u00e9\\n\\ud83d\\ude00" n=2`,
        `ts=${T} a n=`,
        `ts=${T} a=""`,
        `  ts=${T}\ta=b  `,
        `ts=${T} b="a=1 n=2" n=3`,
        `ts=${T} a=1 a=2`,
        `ts=${T} ba=1 a.b=2 a=C:\\dir`,
        `ts=${T} ƒ=1 a=ü`,
      ]),
    ).toEqual([
      ...[
        ['b', '1'],
        ['x y', '1'],
        ['q"q\\ é\n😀', '2'],
        ['', null],
        ['', null],
        ['b', null],
        [null, '3'],
      ],
      ...[
        ['1', null],
        ['C:\\dir', null],
        ['ü', null],
      ],
    ])
  })
  it('rejects broken syntax', async () => {
    const bad = [
      'a==',
      'a="1',
      'a="1"b=2',
      'a=b"c',
      '"k"=1',
      '=1',
      'a="\\x41"',
      'a="\\ud800"',
      'a="\\u0000"',
      'a="\t"',
    ]
    expect(
      await read(
        source,
        bad.map((text) => `ts=${T} ${text}`),
      ),
    ).toEqual(bad.map(() => 'no_match'))
    expect(await read(source, ['a=1', `ts= a=1`, `ts a=1`, '   ', `ts=1\0`])).toEqual([
      ...['missing_time', 'missing_time', 'missing_time', 'missing_time', 'nul_byte'],
    ])
  })
})

describe('access logs', () => {
  const names = [
    'client_ip',
    'ident',
    'user',
    'method',
    'path',
    'query',
    'protocol',
    'status',
    'bytes',
  ] as const
  const typed = (all: readonly string[]) =>
    Object.fromEntries(
      all.map((name) => [name, name === 'status' || name === 'bytes' ? 'integer' : 'string'] as const),
    )
  const common = {
    format: { kind: 'common' },
    time: ['time'],
    layout: { kind: 'access_log' },
    fields: typed(names),
  } as const
  const start = '10.0.0.1 - frank [10/Oct/2000:13:55:36 -0700]'
  it('common', async () => {
    expect(
      await read(common, [
        `${start} "GET /a.gif?x=1&y=2 HTTP/1.0" 200 2326`,
        `::1 - - [10/Oct/2000:13:55:36 -0700] "POST / HTTP/1.1" 304 -`,
        `h - a b [10/Oct/2000:13:55:36 -0700] "-" 408 0`,
        `h - - [10/Oct/2000:13:55:36 -0700] "\\x16\\x03 \\"x" 400 0`,
        `h - - [10/Oct/2000:13:55:36 -0700] "GET /a b HTTP/1.1" 400 0`,
        `h - - [10/Oct/2000:13:55:36 -0700] "GET /a?" 400 0`,
        `h - - [10/Oct/2000:13:55:36 -0700] "GET /a?b?c HTTP/2.0" 200 0`,
      ]),
    ).toEqual([
      ['10.0.0.1', null, 'frank', 'GET', '/a.gif', 'x=1&y=2', 'HTTP/1.0', '200', '2326'],
      ['::1', null, null, 'POST', '/', null, 'HTTP/1.1', '304', null],
      ['h', null, 'a b', null, null, null, null, '408', '0'],
      ['h', null, null, null, null, null, null, '400', '0'],
      ['h', null, null, null, null, null, null, '400', '0'],
      ['h', null, null, null, null, null, null, '400', '0'],
      ['h', null, null, 'GET', '/a', 'b?c', 'HTTP/2.0', '200', '0'],
    ])
  })
  it('combined', async () => {
    const combined = {
      ...common,
      format: { kind: 'combined' },
      fields: typed(['status', 'referer', 'user_agent']),
    } as const
    expect(
      await read(combined, [
        `${start} "GET / HTTP/1.0" 200 5 "http://r/" "Mozilla/5.0 (X; \\"quoted\\")"`,
        `${start} "GET / HTTP/1.0" 200 5 "-" "-"`,
        `${start} "GET / HTTP/1.0" 200 5 "" ""`,
        `${start} "GET / HTTP/1.0" 200 5`,
        `${start} "GET / HTTP/1.0" 200 5 "-" "x" "more"`,
        `${start} "GET / HTTP/1.0" 20 5 "-" "x"`,
        `${start.replace('10/Oct', '31/Feb')} "GET / HTTP/1.0" 200 5 "-" "x"`,
        `h - - [-] "GET / HTTP/1.0" 200 5 "-" "x"`,
      ]),
    ).toEqual([
      ...[
        ['200', 'http://r/', 'Mozilla/5.0 (X; \\"quoted\\")'],
        ['200', null, null],
        ['200', null, null],
      ],
      ...['no_match', 'no_match', 'no_match', 'invalid_time', 'missing_time'],
    ])
    expect((await parseLines(combined, [`${start} "GET / HTTP/1.0" 200 5 "-" "-"`]))[0]!.time).toBe(
      '2000-10-10T20:55:36.000Z',
    )
  })
})

describe('pattern', () => {
  it('matches the whole line by named groups', async () => {
    const regex = String.raw`\[(?P<ts>[^\]]+)\] (?P<level>\w+)(?: \((\d+)\))?(?: code=(?<code>-?\d+))?: .*`
    const source = {
      format: { kind: 'pattern', regex },
      fields: { level: 'string', code: 'integer' },
    } as const
    expect(
      await read(source, [
        `[${T}] INFO: hello`,
        `[${T}] WARN (12) code=-7: `,
        `x[${T}] INFO: hello`,
        `[${T}] INFO hello`,
        `[] INFO: x`,
        `[x] INFO: x`,
        `[${T}] ÉTÉ: x`,
        `[${T}] INFO: \0`,
      ]),
    ).toEqual([
      ['INFO', null],
      ['WARN', '-7'],
      'no_match',
      'no_match',
      'no_match',
      'invalid_time',
      'no_match',
      'nul_byte',
    ])
  })
  it('reads a repeated, empty or optional group as its last or empty text', async () => {
    const regex = String.raw`(?P<ts>\S+) (?:(?P<word>\w+) )*(?P<rest>[^ ]*)(?P<end>!)?`
    const source = {
      format: { kind: 'pattern', regex },
      fields: { word: 'string', rest: 'string', end: 'string' },
    } as const
    expect(await read(source, [`${T} a b `, `${T} x!`])).toEqual([
      ['b', '', ''],
      ['', 'x!', ''],
    ])
  })
  it('needs no quoting of SQL in patterns or names', async () => {
    const regex = String.raw`(?P<ts>\S+) '(?P<v>[^']*)'; --`
    const source = { format: { kind: 'pattern', regex }, fields: { v: 'string' } } as const
    expect(await read(source, [`${T} 'x"y'; --`])).toEqual([['x"y']])
    const json = { format: { kind: 'json' }, fields: { v: ['string', `a'b"; DROP TABLE x; --`] } } as const
    expect(await read(json, [JSON.stringify({ ts: T, [`a'b"; DROP TABLE x; --`]: 'ok' })])).toEqual([['ok']])
  })
})
