/** logfmt lines (`key=value key="quoted value" flag`), as go-logfmt reads them. */
import { type Reading, type ReadRequest, unlessMatched } from './line-reader.ts'

const HEX = '[0-9A-Fa-f]'
/** One UTF-16 unit that is neither U+0000 nor half of a pair, or a whole pair. */
const UNICODE = [
  `[1-9A-CE-Fa-ce-f]${HEX}{3}`,
  `0(?:0(?:0[1-9A-Fa-f]|[1-9A-Fa-f]${HEX})|[1-9A-Fa-f]${HEX}{2})`,
  `[dD](?:[0-7]${HEX}{2}|[89ABab]${HEX}{2}\\\\u[dD][C-Fc-f]${HEX}{2})`,
].join('|')
const ESCAPE = `\\\\(?:["\\\\/bfnrt]|u(?:${UNICODE}))`
const QUOTED = `"(?:[^"\\\\\\x00-\\x1f]|${ESCAPE})*"`
const KEY = '[^\\x00-\\x20="]+'
const BARE = '[^\\x00-\\x20="]*'
/** Control characters part pairs just as spaces do. */
const GAP = '[\\x00-\\x20]'
const LINE = `${GAP}*(?:${KEY}(?:=(?:${QUOTED}|${BARE}))?(?:${GAP}+|\\z))*`

/** A list of keys and one of values, cut from each line once; of equal keys the first counts. */
export function readLogfmt({ stages, dialect, paths }: ReadRequest<{ readonly kind: 'logfmt' }>): Reading {
  const { parse } = dialect
  // Of a valid line this matches every pair; a key alone has the empty text.
  const pair = `(${KEY})=?(${QUOTED}|${BARE})`
  stages.add({ matched: parse.fullMatch('line', LINE) })
  stages.add({
    keys: parse.allMatches('CASE WHEN matched THEN line END', pair, 1),
    vals: parse.allMatches('CASE WHEN matched THEN line END', pair, 2),
  })
  const places = paths.map(([key], place) => [`v${place}`, parse.place('keys', key!)] as const)
  stages.add(Object.fromEntries(places.map(([name, sql]) => [name, parse.item('vals', sql)])))
  return {
    reasons: unlessMatched('matched'),
    text: (place) => {
      const value = `v${place}`
      const inner = parse.substring(value, 2, `${parse.codePoints(value)} - 2`)
      const unquoted = `CASE WHEN ${parse.contains(value, '\\')} THEN ${parse.json.unquote(value)} ELSE ${inner} END`
      return `CASE WHEN ${parse.startsWith(value, '"')} THEN ${unquoted} ELSE ${value} END`
    },
    nullTexts: [],
  }
}
