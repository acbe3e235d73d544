/** Access logs in the common and the combined log format of Apache and nginx. */
import { type Reading, type ReadRequest, unlessMatched } from './line-reader.ts'

type AccessLog = { readonly kind: 'combined' } | { readonly kind: 'common' }

const QUOTED = String.raw`(?:[^"\\]|\\.)*`
const TARGET = String.raw`(?:[^ ?"\\]|\\.)*`

/** Each built-in field with the regex of its text, in line order, with what stands between. */
const COMMON: readonly (readonly [string, string])[] = [
  ['client_ip', '[^ ]+'],
  ['', ' '],
  ['ident', '[^ ]+'],
  ['', ' '],
  ['user', String.raw`[^ ](?:[^\[]*[^ \[])?`],
  ['', String.raw` \[`],
  ['time', String.raw`[^\]]*`],
  ['', String.raw`\] "(?:`],
  ['method', "[!#$%&'*+.^_`|~0-9A-Za-z-]+"],
  ['', ' '],
  ['path', TARGET],
  ['', String.raw`(?:\?`],
  ['query', String.raw`(?:[^ "\\]|\\.)*`],
  ['', ')? '],
  ['protocol', 'HTTP/[0-9.]+'],
  ['', `|${QUOTED})" `],
  ['status', '[0-9]{3}|-'],
  ['', ' '],
  ['bytes', '[0-9]+|-'],
]

const COMBINED: typeof COMMON = [
  ...COMMON,
  ['', ' "'],
  ['referer', QUOTED],
  ['', '" "'],
  ['user_agent', QUOTED],
  // Long lines are cut by some loggers, and then the last quote is missing.
  ['', '"?'],
]

/** Fields are as written: escapes stay. Only wanted fields capture. */
export function readAccessLog({ stages, dialect, format, paths }: ReadRequest<AccessLog>): Reading {
  const parts = format.kind === 'combined' ? COMBINED : COMMON
  const wanted = parts.map(([name]) => name).filter((name) => name && paths.some(([path]) => path === name))
  const regex = parts.map(([name, text]) => {
    if (name === '') return text
    return wanted.includes(name) ? `(${text})` : `(?:${text})`
  })
  const names = ['whole', ...wanted]
  stages.add({ found: dialect.parse.groups('line', `\\A(${regex.join('')})\\z`, names) })
  return {
    reasons: unlessMatched(`${dialect.parse.group('found', 'whole', names)} <> ''`),
    text: (place) => dialect.parse.group('found', paths[place]![0]!, names),
    nullTexts: ['-', ''],
  }
}
