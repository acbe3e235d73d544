/** What is a JSON line and what is none, and how a field is found in one. */
import { bytes, type Cell, type Line, member, values } from '../conformance-case.ts'

const raw = String.raw
const SOURCE = { format: 'json', time: 'ts', fields: { s: 'string', i: 'integer' } }
const GOOD = [member('"s":"good"'), 'good'] as const

/** `s` of each line. */
function json(name: string, rows: readonly (readonly [line: Line, expected: Cell])[]) {
  return values('JSON lines', name, SOURCE, 's', rows)
}

function paths(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  value: string,
  rows: readonly (readonly [members: string, expected: Cell])[],
) {
  const lines = rows.map(([members, expected]) => [member(members), expected] as const)
  return values('JSON paths', name, { format: 'json', time: 'ts', fields }, value, lines)
}

/** All of these in place of the value of a member that no metric uses. */
function unused(name: string, texts: readonly string[], expected: Cell) {
  return json(name, [...texts.map((text) => [member(`"s":"a","u":${text}`), expected] as const), GOOD])
}

export const JSON_CASES = [
  json('white space around and inside', [
    [' \t{ "ts" : TS , "s" : "a" } \t', 'a'],
    [member(' "s"\t:\t"a" '), 'a'],
    [`${member('"s":"a"')}\r \t`, 'a'],
  ]),
  json('text after the object', [
    [`${member('"s":"a"')}x`, '!invalid_json'],
    [`${member('"s":"a"')}}`, '!invalid_json'],
    [`${member('"s":"a"')}{}`, '!invalid_json'],
    [`${member('"s":"a"')},`, '!invalid_json'],
    [`${member('"s":"a"')} // end`, '!invalid_json'],
    [`${member('"s":"a"')};`, '!invalid_json'],
    GOOD,
  ]),
  json('text before the object', [
    [`x${member('"s":"a"')}`, '!invalid_json'],
    [`,${member('"s":"a"')}`, '!invalid_json'],
    [`\u00a0${member('"s":"a"')}`, '!invalid_json'],
    [`\f${member('"s":"a"')}`, '!invalid_json'],
    GOOD,
  ]),
  json('trailing commas of objects', [
    ['{"ts":TS,"s":"a",}', '!invalid_json'],
    ['{"ts":TS,"s":"a" , }', '!invalid_json'],
    ['{"ts":TS,"s":"a","u":{"v":1,}}', '!invalid_json'],
    ['{,"ts":TS}', '!invalid_json'],
    ['{"ts":TS,,"s":"a"}', '!invalid_json'],
    GOOD,
  ]),
  json('trailing commas of arrays', [
    [member('"s":"a","u":[1,]'), '!invalid_json'],
    [member('"s":"a","u":[[1,],2]'), '!invalid_json'],
    [member('"s":"a","u":[{"v":[1\t,\t]}]'), '!invalid_json'],
    [member('"s":"a","u":[,]'), '!invalid_json'],
    GOOD,
  ]),
  json('what looks like a trailing comma inside a text', [
    [member('"s":"a,}"'), 'a,}'],
    [member('"s":"[1,]"'), '[1,]'],
    [member(raw`"s":"\",}"`), '",}'],
    [member(raw`"s":"\\","u":",]"`), '\\'],
  ]),
  json('unclosed and empty lines of JSON', [
    ['{"ts":TS', '!invalid_json'],
    ['{"ts":TS,"s":"a"', '!invalid_json'],
    ['{"ts":TS,"s":"a', '!invalid_json'],
    ['{"ts":TS,"s":', '!invalid_json'],
    ['{', '!invalid_json'],
    ['{}', '!missing_time'],
    ['{ }', '!missing_time'],
    [' ', '!invalid_json'],
    ['', '!empty_line'],
    GOOD,
  ]),
  json('values that are no object', [
    ['[]', '!not_an_object'],
    ['[{"ts":TS,"s":"a"}]', '!not_an_object'],
    ['"x"', '!not_an_object'],
    ['7', '!not_an_object'],
    ['-1.5e3', '!not_an_object'],
    ['true', '!not_an_object'],
    ['null', '!not_an_object'],
    GOOD,
  ]),
  json('bare words are not JSON', [
    ['plain', '!invalid_json'],
    ['nul', '!invalid_json'],
    ['True', '!invalid_json'],
    ['undefined', '!invalid_json'],
    GOOD,
  ]),
  json('single quotes, bare keys and comments', [
    [member(`"s":'a'`), '!invalid_json'],
    [`{'ts':TS,"s":"a"}`, '!invalid_json'],
    ['{"ts":TS,s:"a"}', '!invalid_json'],
    [member('/* x */ "s":"a"'), '!invalid_json'],
    [member('"s" "a"'), '!invalid_json'],
    [member('"s"="a"'), '!invalid_json'],
    GOOD,
  ]),
  unused(
    'numbers that JSON does not have',
    ['01', '-01', '+1', '.5', '5.', '1e', '1e+', '0x10', '1_000', '-', '--1', '1.e5'],
    '!invalid_json',
  ),
  unused('huge numbers in unused fields', ['1e5', '1E-400', `${'9'.repeat(400)}`, '-0', '-0.0e-0'], 'a'),
  unused('words that JSON does not have', ['nul', 'TRUE', 'yes', 'undefined', 'None'], '!invalid_json'),
  unused(
    'escapes that JSON does not have',
    [raw`"\x41"`, raw`"\'"`, raw`"\u12"`, raw`"\u12G4"`, raw`"\a"`, raw`"\U0041"`, raw`"\0"`],
    '!invalid_json',
  ),
  unused('control characters in texts', ['"a\tb"', '"\u0001"', '"\u001f"', '"a\rb"'], '!invalid_json'),
  unused(
    'halves of surrogate pairs',
    [
      raw`"\ud800"`,
      raw`"\udc00"`,
      raw`"a\ud83dx"`,
      raw`"\ud83d\u0041"`,
      raw`"\udc00\ud800"`,
      raw`"\ud83d\ud83d\ude00"`,
      raw`{"\uDBFF":1}`,
      raw`["\uDFFF"]`,
    ],
    '!invalid_json',
  ),
  json('pairs of surrogates and other escapes', [
    [member(raw`"s":"\ud83d\ude00"`), '😀'],
    [member(raw`"s":"\uD83D\uDE00\u00e9\u00E9"`), '😀éé'],
    [member(raw`"s":"\"\\\/\b\f\n\r\t"`), '"\\/\b\f\n\r\t'],
    [member(raw`"s":"\\ud800"`), raw`\ud800`],
    [member(raw`"s":"\uffff\ufffe"`), '\uffff\ufffe'],
    [member('"s":"\u007f\u2028"'), '\u007f\u2028'],
  ]),
  unused(
    'U+0000 as an escape',
    [raw`"\u0000"`, raw`"a\u0000b"`, raw`{"\u0000":1}`, raw`["x",{"y":"\\\u0000"}]`],
    '!invalid_json',
  ),
  json('what looks like U+0000', [
    [member(raw`"s":"\\u0000"`), raw`\u0000`],
    [member(raw`"s":"\\\\u0000"`), raw`\\u0000`],
    [member(raw`"s":"u0000"`), 'u0000'],
  ]),
  json('U+0000 as a byte', [
    [bytes('{"ts":TS,"s":"a', [0], 'b"}'), '!invalid_json'],
    [bytes('{"ts":TS,"s":"a"}', [0]), '!invalid_json'],
    [bytes([0]), '!invalid_json'],
    GOOD,
  ]),
  json('bytes that are not UTF-8', [
    [bytes('{"ts":TS,"s":"a', [0xff], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"a', [0x80], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xe2, 0x82], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xe9], 't"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"a"}', [0xf0, 0x9f, 0x98]), '!invalid_utf8'],
    GOOD,
  ]),
  json('overlong forms, surrogates and code points beyond Unicode', [
    [bytes('{"ts":TS,"s":"', [0xc0, 0x80], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xc1, 0xa1], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xe0, 0x80, 0xaf], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xed, 0xa0, 0x80], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xf4, 0x90, 0x80, 0x80], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xf0, 0x80, 0x80, 0x80], '"}'), '!invalid_utf8'],
    [bytes('{"ts":TS,"s":"', [0xf4, 0x8f, 0xbf, 0xbf], '"}'), '\u{10ffff}'],
  ]),
  json('a replacement character that stands in the line', [[member('"s":"\ufffd"'), '\ufffd']]),
  json('a byte order mark inside the input', [
    GOOD,
    [`\ufeff${member('"s":"a"')}`, '!invalid_json'],
    [member('"s":"a\ufeff"'), 'a\ufeff'],
  ]),
  json('of equal keys the first counts', [
    [member('"s":"first","s":"last"'), 'first'],
    [member('"s":null,"s":"last"'), null],
    [member('"s":"a","s":1.5'), 'a'],
    [member('"s":1.5,"s":"a"'), '!invalid_field s'],
    [raw`{"ts":TS,"\u0073":"first","s":"last"}`, 'first'],
  ]),
  json('of equal stamps the first counts', [
    ['{"ts":TS,"ts":"never","s":"a"}', 'a'],
    ['{"ts":null,"ts":TS,"s":"a"}', '!missing_time'],
  ]),
  json('keys are letter by letter', [
    [member('"S":"a"'), null],
    [member('"s ":"a"'), null],
    [member('"":"a"'), null],
    [raw`{"t\u0073":TS,"\u0073":"a"}`, 'a'],
    ['{"Ts":TS,"s":"a"}', '!missing_time'],
  ]),
  values('JSON lines', 'NaN and infinities in a used field', SOURCE, 'i', [
    [member('"i":NaN'), '!invalid_field i'],
    [member('"i":Infinity'), '!invalid_field i'],
    [member('"i":-Infinity'), '!invalid_field i'],
    [member('"i":nan'), '!invalid_field i'],
    [member('"i":"NaN"'), '!invalid_field i'],
    [member('"i":1'), '1'],
  ]),
  unused('NaN and infinities in unused fields', ['NaN', 'Infinity', '-Infinity', '[NaN]', '{"v":NaN}'], 'a'),
  json('very long values', [
    [member(`"s":"${'x'.repeat(1000)}","u":"${'y'.repeat(100_000)}"`), 'x'.repeat(1000)],
    [member(`"s":"a","u":[${'1,'.repeat(20_000)}1]`), 'a'],
    [member(`"s":"a",${Array.from({ length: 2000 }, (_, index) => `"k${index}":${index}`).join()}`), 'a'],
  ]),
  json('deep nesting', [
    [member(`"s":"a","u":${'['.repeat(500)}${']'.repeat(500)}`), 'a'],
    [member(`"s":"a","u":${'{"v":'.repeat(300)}1${'}'.repeat(300)}`), 'a'],
    [member(`"s":"a","u":${'['.repeat(500)}${']'.repeat(499)}`), '!invalid_json'],
  ]),
  values('JSON lines', 'a line of 1 MiB and one byte more', SOURCE, 'length(s)', [
    [fill(1_048_576), '1048540'],
    [fill(1_048_577), '!line_too_long'],
    [fill(3_000_000), '!line_too_long'],
  ]),
  values('JSON lines', 'the limit counts bytes', SOURCE, 'length(s)', [
    [repeat(500_000, 'é'), '500000'],
    [repeat(524_300, 'é'), '!line_too_long'],
    [repeat(262_200, '😀'), '!line_too_long'],
  ]),

  paths('a path of keys', { x: { type: 'string', from: 'a.b.c' } }, 'x', [
    ['"a":{"b":{"c":"yes"}}', 'yes'],
    ['"a.b.c":"no"', null],
    ['"a":{"b.c":"no"}', null],
    ['"a":{"b":"no"}', null],
    ['"a":null', null],
    ['"a":{"b":{"c":null}}', null],
    ['"a":{"b":{"c":{"d":1}}}', '!invalid_field x'],
  ]),
  paths(
    'a key with dots',
    { 'id.orig_h': 'string', k: { type: 'string', from: ['k8s.io/host', 'a"b'] } },
    `id.orig_h || k`,
    [
      [raw`"id.orig_h":"h","k8s.io/host":{"a\"b":"k"}`, 'hk'],
      [raw`"id":{"orig_h":"no"},"k8s.io/host":{"a\"b":"k"}`, null],
    ],
  ),
  paths(
    'keys that mean something elsewhere',
    {
      proto: { type: 'string', from: ['__proto__'] },
      made: { type: 'string', from: ['constructor'] },
      star: { type: 'string', from: ['*'] },
      path: { type: 'string', from: ['$.s'] },
      quote: { type: 'string', from: [`it's`] },
    },
    `concat(coalesce(proto, '-'), coalesce(made, '-'), coalesce(star, '-'), coalesce(path, '-'), coalesce(quote, '-'))`,
    [
      [`"__proto__":"p","constructor":"c","*":"s","$.s":"d","it's":"q"`, 'pcsdq'],
      ['"s":"no"', '-----'],
      ['"__proto__":{"s":"no"}', '!invalid_field proto'],
      ['"x":"no","s":"no"', '-----'],
    ],
  ),
  paths('digits are keys, never places in arrays', { x: { type: 'string', from: ['a', '0'] } }, 'x', [
    ['"a":{"0":"yes"}', 'yes'],
    ['"a":["no"]', null],
    ['"a":"no"', null],
  ]),
  paths('of equal outer keys the first counts', { x: { type: 'string', from: 'a.b' } }, 'x', [
    ['"a":{"b":"first"},"a":{"b":"last"}', 'first'],
    ['"a":{},"a":{"b":"last"}', null],
    ['"a":1,"a":{"b":"last"}', null],
    ['"a":{"b":"first","b":"last"}', 'first'],
  ]),
  paths('keys beyond ASCII', { 'größe 😀': 'integer' }, '"größe 😀"', [
    ['"größe 😀":1', '1'],
    [raw`"gr\u00f6\u00dfe \ud83d\ude00":2`, '2'],
    ['"gro\u0308ße 😀":3', null],
  ]),
]

/** A line of this many bytes in all. */
function fill(length: number): string {
  return repeat(length - '{"ts":"2024-03-05T00:00:00Z","s":""}'.length, 'x')
}

function repeat(times: number, letter: string): string {
  return member(`"s":"${letter.repeat(times)}"`)
}
