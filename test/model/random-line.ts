/** Random lines of every format, plain and nasty. */
import type { Random } from './random.ts'
import type { FieldTypeText, ModelSource } from './vocabulary.ts'

const BASE = Date.UTC(2024, 2, 5, 10, 20, 30)
const TEXTS = [
  'a',
  'b',
  'GET',
  'Ab',
  '',
  "it's",
  'a"b\\c',
  'é',
  '😀',
  'ß',
  'A b',
  ' x ',
  '%',
  '_',
  'null',
  'z\\',
  '12',
  'true',
]
const ODD_TEXTS = [
  'É',
  '\u{1F468}\u200D\u{1F469}',
  'ı',
  '"',
  "'; drop table x; --",
  '${x}',
  '\u212a',
  'İ',
  'a'.repeat(1024),
  'é'.repeat(513),
  '2024-01-01',
]
const BAD_TIMES = [
  '2024-02-30T00:00:00Z',
  '2024-13-01T00:00:00Z',
  '2024-03-05T25:00:00Z',
  '2024-03-05T24:00:00Z',
  '2024',
  'epoch',
  'now',
  'infinity',
  'today',
  '2024-03-05T10:60:00Z',
  '2023-02-29T10:00:00Z',
  '2024-3-5T10:20:30Z',
  '2024-03-05T10:20:30 UTC',
  '1709634030',
  ' 2024-03-05T10:20:30Z',
  '2024-03-05T10:20:30Zx',
  '0000-01-01T00:00:00Z',
  '2024-03-05T10:20:60Z',
  '2024-03-05T10:20:30+24:00',
  '2024-03-05T10:20:30+05:60',
  '2024-03-05',
  '20240305T102030Z',
  '2024-03-05T10:20:30.Z',
  '2024-03-05T10:20:30.1234567890Z',
  '2024-03-05T10:20:30 Z',
  '2024-03-05T10',
  '2024-06-31T00:00:00',
  '1900-02-29T00:00:00Z',
  '2024-03-05T10:20:30Z\n',
]
const ODD_TIMES = [
  '2024-02-29T23:59:59.999999999Z',
  '2000-02-29T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '0002-01-01T00:00:00Z',
  '9000-12-31T23:59:59.999Z',
  '1969-12-31T23:59:59.9999Z',
  '1582-10-10T00:00:00Z',
  '2024-03-05T10:20Z',
  '2024-03-05 10:20',
  '2024-03-05t10:20:30z',
  '2024-03-05T10:20:30,5Z',
  '2024-03-05T10:20:30+0530',
  '2024-03-05T10:20:30-05',
  '2024-03-05T10:20:30.123456789+14:00',
  '1969-12-31T23:59:59.999-00:01',
]
const BAD_NUMBERS = [
  '1.9',
  'abc',
  '9223372036854775808',
  '-9223372036854775809',
  '0x10',
  '1_000',
  ' 12',
  '+5',
  '12.',
  '.5',
  '1,000',
  '٣',
  'NaN',
  'inf',
  '12abc',
  '--1',
  '1e',
  '',
]

/** The line's bytes without its end. */
export function randomLine(random: Random, source: ModelSource, nasty: boolean): Buffer {
  const line =
    source.format.kind === 'json' ? jsonLine(random, source, nasty) : textLine(random, source, nasty)
  return nasty && random.chance(0.15) ? spoil(random, Buffer.from(line)) : Buffer.from(line)
}

/** Bytes that break the encoding or the framing. */
function spoil(random: Random, line: Buffer): Buffer {
  const at = random.int(0, line.length)
  const bad = random.pick([
    [0xff],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x0d],
    [0xef, 0xbb, 0xbf],
    [0x00],
    [0x1b],
  ])
  return Buffer.concat([line.subarray(0, at), Buffer.from(bad), line.subarray(at)])
}

const YEARLESS_TIMES = [
  'Feb 29 12:00:00',
  'Feb 30 12:00:00',
  'Dec 31 23:59:59',
  'Jan  1 00:00:00',
  'jan 01 0:0:0',
  'Mar 0 1:1:1',
]

/** As `time` has it. */
function randomStamp(random: Random, { layout }: ModelSource['time'], nasty: boolean): string {
  const text = randomTime(random, nasty)
  const at = layout === 'rfc3164' ? /^2\d{3}-(\d\d)-(\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?/.exec(text) : undefined
  if (!at) return text
  if (random.chance(0.2)) return random.pick(YEARLESS_TIMES)
  const day = at[2]!.startsWith('0') ? ` ${at[2]![1]}` : at[2]!
  return `${MONTHS[Number(at[1]) - 1]} ${day} ${at[3]}${at[4] ?? ''}`
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

export function randomTime(random: Random, nasty: boolean): string {
  if (nasty && random.chance(0.25)) return random.pick(BAD_TIMES)
  const at =
    BASE + random.pick([random.int(0, 5000), random.int(0, 200_000), random.int(-90_000_000, 90_000_000)])
  const iso = new Date(random.chance(0.03) ? -at : at).toISOString()
  const seconds = iso.slice(0, 19)
  const fraction = random.pick(['', '', iso.slice(19, 23), `${iso.slice(19, 23)}999`, '.5', '.9999'])
  if (random.chance(0.04)) return random.pick(ODD_TIMES)
  const zone = random.pick(['Z', 'Z', 'Z', '', '+05:30', '-11:00', '+00:00'])
  return `${random.chance(0.1) ? seconds.replace('T', ' ') : seconds}${fraction}${zone}`
}

function randomNumber(random: Random, type: FieldTypeText, nasty: boolean): string {
  if (nasty && random.chance(0.3)) return random.pick(BAD_NUMBERS)
  if (type === 'integer')
    return random
      .pick([
        random.int(-3, 12),
        random.int(0, 999),
        random.int(-1e6, 1e6),
        nasty ? '9223372036854775807' : 5,
        nasty ? '-9223372036854775808' : 0,
      ])
      .toString()
  const digits = random.int(0, type === 'float' ? 3 : 4)
  const plain = (random.int(-20_000, 90_000) / 10 ** digits).toFixed(digits)
  if (!nasty) return plain
  return random.pick([
    plain,
    '0.005',
    '-0.005',
    '2.675',
    '1e3',
    '1e-8',
    '100000000.5',
    '0.1234567890123456789',
    '-0.0',
    '1.5e2',
    '9999999999999999',
    '99999999999999999999',
    '1e17',
    '-0',
  ])
}

export function randomValue(random: Random, type: FieldTypeText, nasty: boolean): string {
  if (type === 'string') return random.pick(nasty ? ODD_TEXTS : TEXTS)
  if (type === 'boolean')
    return random.pick(nasty ? ['TRUE', 't', '1', 'yes', 'true', ''] : ['true', 'false'])
  return randomNumber(random, type, nasty)
}

const ODD_JSON = [
  'null',
  '{}',
  '[]',
  '[1,2]',
  '{"x":1}',
  'true',
  '""',
  '"12"',
  '1.9',
  '12',
  '-0',
  '-0.0',
  '1E3',
  '1e3',
  '1e-8',
  '100000000.5',
  'NaN',
  'Infinity',
  '-Infinity',
  '18446744073709551616',
  '123456789012345678901234567890',
  '1.0',
  '"1e2"',
  '"\\u00e9"',
  '"\\ud83d\\ude00"',
  '"\\\\u0000"',
  '"\\/"',
  '"a\\tb"',
]
const BROKEN_JSON = [
  '01',
  '1.',
  '.5',
  '+1',
  '0x1',
  "'a'",
  'undefined',
  '"\\ud800"',
  '"\\udc00x"',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\x41"',
  '"a\tb"',
  '[1,]',
  '{"x":1,}',
  '{x:1}',
  'nul',
  '1 2',
  '"a" "b"',
  '{"\\u0000":1}',
  '[,]',
  '"\\ud83d\\u0041"',
  '{"a":}',
  '-',
  '1e',
  '[[1,],2]',
  '{"k":{"l":[{"m":1,}]}}',
]

function jsonLine(random: Random, source: ModelSource, nasty: boolean): string {
  if (nasty && random.chance(0.05))
    return random.pick([
      '',
      '[]',
      '[{"ts":1}]',
      '42',
      '"x"',
      'null',
      '{',
      '}',
      '{}',
      '{}{}',
      '{"ts":null}',
      'true',
      '{"ts":""}',
      '//',
      '{"ts":{}}',
    ])
  const members = [...source.fields, undefined].flatMap((field): [readonly string[], string][] => {
    const path = field?.path ?? source.time.path
    if (random.chance(0.06)) return nasty ? [] : [[path, 'null']]
    const value = (isNasty: boolean) =>
      field
        ? jsonValue(random, field.type, isNasty)
        : JSON.stringify(randomStamp(random, source.time, isNasty))
    const values = [value(nasty && random.chance(field ? 0.35 : 0.2))]
    if (nasty && random.chance(0.08)) values.push(value(true))
    return values.map((value) => [path, value])
  })
  if (nasty && random.chance(0.2)) members.push([['unused'], random.pick([...ODD_JSON, ...BROKEN_JSON])])
  if (nasty && random.chance(0.05)) members.push([['nested'], '['.repeat(200) + ']'.repeat(200)])
  const comma = nasty && random.chance(0.03) ? ',' : ''
  const space = () => (random.chance(0.1) ? ' ' : '')
  const texts = random
    .shuffle(members)
    .map(([path, value]) => memberText(path, `${space()}${value}${space()}`))
  return `{${texts.join(random.pick([',', ', ']))}${comma}}${nasty && random.chance(0.03) ? random.pick([' ', 'x', '}', '\t', ' ,']) : ''}`
}

/** The first key may stand in an object of its own; then of equal outer keys only the first counts. */
function memberText(path: readonly string[], value: string): string {
  const [key, ...rest] = path
  return `${JSON.stringify(key)}:${rest.length > 0 ? `{${memberText(rest, value)}}` : value}`
}

function jsonValue(random: Random, type: FieldTypeText, nasty: boolean): string {
  if (nasty && random.chance(0.6)) return random.pick(random.chance(0.12) ? BROKEN_JSON : ODD_JSON)
  const text = randomValue(random, type, nasty)
  if (type === 'boolean' && /^(true|false)$/.test(text)) return text
  const isToken = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)
  return type !== 'string' && isToken && random.chance(0.9) ? text : JSON.stringify(text)
}

function textLine(random: Random, source: ModelSource, nasty: boolean): string {
  if (nasty && random.chance(0.05)) return random.pick(['', 'junk', '"', ',,,', '=', 'a="'])
  const value = (key: string) => {
    const field = source.fields.find(({ path }) => path[0] === key)
    const odd = nasty && random.chance(0.35)
    if (random.chance(0.05)) return random.pick(['', ...source.nulls])
    return field ? randomValue(random, field.type, odd) : randomStamp(random, source.time, odd)
  }
  switch (source.format.kind) {
    case 'csv':
      return csvLine(random, source.format, value, nasty)
    case 'logfmt':
      return logfmtLine(random, source, value, nasty)
    default:
      return patternLine(random, source, value, nasty)
  }
}

function csvLine(
  random: Random,
  { columns, delimiter }: { columns: readonly string[]; delimiter: string },
  value: (key: string) => string,
  nasty: boolean,
): string {
  if (random.chance(0.03)) return columns.join(delimiter)
  const cells = columns.map((column) => {
    const text = value(column)
    const must = text.includes(delimiter) || text.includes('"')
    return must || random.chance(0.1) ? `"${text.replaceAll('"', '""')}"` : text
  })
  if (nasty && random.chance(0.1)) return [...cells, 'extra'].join(delimiter)
  if (nasty && random.chance(0.1)) return cells.slice(1).join(delimiter)
  if (nasty && random.chance(0.1)) return `${cells.join(delimiter)}${delimiter}"open`
  return cells.join(delimiter)
}

function logfmtLine(
  random: Random,
  source: ModelSource,
  value: (key: string) => string,
  nasty: boolean,
): string {
  const keys = [...source.fields.map(({ path }) => path[0]!), source.time.path[0]!].filter(
    () => !random.chance(0.05),
  )
  const pairs = keys.map((key) => `${key}=${logfmtValue(random, value(key))}`)
  if (nasty && random.chance(0.1))
    pairs.push(random.pick(['x="open', 's=again', 'unused="a b"', 'unused=""']))
  return random.shuffle(pairs).join(' ')
}

function logfmtValue(random: Random, text: string): string {
  const must = /[\s="\\]/.test(text)
  return must || random.chance(0.1) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
}

function patternLine(
  random: Random,
  source: ModelSource,
  value: (key: string) => string,
  nasty: boolean,
): string {
  const cells = [source.time.path[0]!, ...source.fields.map(({ path }) => path[0]!)].map((key) =>
    value(key).replaceAll('|', ''),
  )
  return cells.slice(nasty && random.chance(0.1) ? 1 : 0).join('|')
}
