/** Finds every date and time in a text, with all that belongs to it: fraction, AM or PM, offset, zone word, year. */
import { ZONE_WORDS } from '../../core/zone-words.ts'
import { isIso } from './stamp.ts'
import { DATES, TIMES, WEEKDAY } from './stamp-grammar.ts'
import { UNCLEAR_ZONE_WORDS } from './unclear-zone-words.ts'

/** Which readings the order of a date's numbers leaves open. */
export type DateOrder = (typeof DATES)[number]['order']

export interface Stamp {
  readonly at: number
  readonly text: string
  /** One for each order in which its numbers may be read, the most usual first. Of directives, or `iso`. */
  readonly layouts: readonly string[]
  readonly order: DateOrder
  /** A word for a zone that names no single offset. */
  readonly word?: string
  /** What comes right after it. */
  readonly rest: string
}

const BEFORE = '(?<![\\w.]|\\w-)'
const dates = DATES.map(({ regex, before = BEFORE }, index) => `${before}(?<d${index}>${regex})`).join('|')
const JOIN = '(?<join>[Tt_@,;:.-]|\\t|,? +(?:at +|- +)?)?'
const HEAD = new RegExp(
  `(?:${BEFORE}(?<weekday>${WEEKDAY})(?<comma>,? +))?(?:${dates})${JOIN}(?<time>${TIMES.map(({ regex }) => regex).join('|')})`,
  'g',
)

const words = (list: Iterable<string>): string =>
  `(?:${[...list].sort((a, b) => b.length - a.length).join('|')})(?![A-Za-z0-9_-])`
const OFFSET = '[+-](?:0\\d|1[0-4])'
const END = '(?![\\d.:])'
const TAIL = {
  fraction: /[.,]\d{1,9}(?!\d)/y,
  colon: /:\d{3,6}(?!\d)/y,
  half: / ?[AaPp][Mm](?![A-Za-z])/y,
  offset: new RegExp(
    `(?:Z(?![A-Za-z])|z(?![A-Za-z])| ?${OFFSET}:?(?:00|15|30|45)${END}|${OFFSET}${END})`,
    'y',
  ),
  utcOffset: new RegExp(` ?(?:UTC|GMT) ?${OFFSET}:?(?:00|15|30|45)${END}`, 'y'),
  word: new RegExp(` ?${words(ZONE_WORDS.keys())}`, 'y'),
  unclear: new RegExp(` ?(?:${words(UNCLEAR_ZONE_WORDS)})|[A-Za-z]{2,5}(?![A-Za-z])`, 'y'),
  year: / +(?:19|20)\d\d(?![\d:])/y,
}

const MOST = 8

export function scanStamps(text: string): Stamp[] {
  const found: Stamp[] = []
  HEAD.lastIndex = 0
  for (let match = HEAD.exec(text); match && found.length < MOST; match = HEAD.exec(text)) {
    const stamp = readStamp(text, match)
    if (stamp) found.push(stamp)
    HEAD.lastIndex = stamp ? stamp.at + stamp.text.length : match.index + 1
  }
  return found
}

function readStamp(text: string, match: RegExpExecArray): Stamp | undefined {
  const groups = match.groups!
  const date = DATES[DATES.findIndex((_, index) => groups[`d${index}`] !== undefined)]!
  const time = TIMES.find(({ regex }) => new RegExp(`^(?:${regex})$`).test(groups.time!))!
  if ((groups.join === undefined || time.isPacked) && !date.isPacked) return undefined
  const cursor = new Cursor(text, match.index + match[0].length)
  let [clock, after] = [time.layout as string, '']
  if (cursor.take('fraction') === undefined && cursor.take('colon')) after += ':%f'
  const half = cursor.take('half')
  if (half) {
    clock = clock.replace('%H', '%I')
    after += half.startsWith(' ') ? ' %p' : '%p'
  }
  const zone = readZone(cursor)
  after += zone.layout
  if (!date.hasYear && cursor.take('year')) {
    after += ' %Y'
    if (!zone.layout) after += readZone(cursor).layout
  } else if (zone.word !== undefined && cursor.at < text.length) {
    // The word is left out of the stamp where it can be, so that CET and CEST are read alike.
    cursor.at = zone.from
    after = after.slice(0, after.length - zone.layout.length)
  }
  if (/^\d|^:\d/.test(text.slice(cursor.at, cursor.at + 2))) return undefined
  const stamp = text.slice(match.index, cursor.at)
  const weekday = groups.weekday
    ? (groups.weekday.length === 3 ? '%a' : '%A') + groups.comma!.replace(/ +/, ' ')
    : ''
  const join = (groups.join ?? '').replace(/ +/g, ' ')
  const layouts = isIso(stamp)
    ? ['iso']
    : date.layouts.map((layout) => weekday + layout + join + clock + after)
  return {
    ...{
      at: match.index,
      text: stamp,
      layouts,
      order: date.order,
      rest: text.slice(cursor.at, cursor.at + 80),
    },
    ...(zone.word !== undefined && { word: zone.word }),
  }
}

interface Zone {
  readonly layout: string
  readonly word?: string
  readonly from: number
}

function readZone(cursor: Cursor): Zone {
  const from = cursor.at
  const gap = (taken: string) => (taken.startsWith(' ') ? ' ' : '')
  const utcOffset = cursor.take('utcOffset')
  if (utcOffset) return { from, layout: utcOffset.replace(/[+-].*/, '%z') }
  const offset = cursor.take('offset')
  if (offset) return { from, layout: `${gap(offset)}%z` }
  const word = cursor.take('word')
  if (word) return { from, layout: `${gap(word)}%Z` }
  const unclear = cursor.take('unclear')
  return unclear ? { from, layout: unclear, word: unclear.trim() } : { from, layout: '' }
}

/** Takes one piece after the other from a place in a text. */
class Cursor {
  readonly #text: string
  at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.at = at
  }

  take(piece: keyof typeof TAIL): string | undefined {
    const regex = TAIL[piece]
    regex.lastIndex = this.at
    const taken = regex.exec(this.#text)?.[0]
    if (taken !== undefined) this.at += taken.length
    return taken
  }
}
