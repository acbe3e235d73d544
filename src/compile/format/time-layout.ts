/** A layout text such as `%d/%b/%Y:%H:%M:%S %z` as one closed regex and the parts that its groups hold. */
import { ZONE_WORDS } from '../../core/zone-words.ts'
import { quoteRegex } from './quote-regex.ts'

/** Names of the groups: which part of a civil time a group's text is. */
export type TimePart =
  | 'year'
  | 'short_year'
  | 'month'
  | 'month_name'
  | 'day'
  | 'day_of_year'
  | 'hour'
  | 'half_hour'
  | 'half'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'offset'
  | 'zone_word'

export interface TimePattern {
  /** Without anchors. */
  readonly regex: string
  /** The capturing groups in order. */
  readonly parts: readonly TimePart[]
}

export const OFFSET = '[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?'

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const WEEKDAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ')

/** How a directive is read when digits follow or go before without a separator, and how otherwise. */
interface Directive {
  readonly part?: TimePart
  readonly fixed: string
  readonly loose?: string
}

const DIRECTIVES: Readonly<Record<string, Directive>> = {
  Y: { part: 'year', fixed: '[0-9]{4}' },
  y: { part: 'short_year', fixed: '[0-9]{2}' },
  m: { part: 'month', fixed: '0[1-9]|1[0-2]', loose: '1[0-2]|0?[1-9]' },
  b: { part: 'month_name', fixed: anyCase(MONTHS.map((name) => name.slice(0, 3))) },
  B: { part: 'month_name', fixed: anyCase(MONTHS) },
  d: { part: 'day', fixed: '0[1-9]|[12][0-9]|3[01]', loose: '3[01]|[12][0-9]|0?[1-9]' },
  j: {
    part: 'day_of_year',
    fixed: '00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-6]',
    loose: '36[0-6]|3[0-5][0-9]|[12][0-9]{2}|0?[1-9][0-9]|0{0,2}[1-9]',
  },
  a: { fixed: anyCase(WEEKDAYS.map((name) => name.slice(0, 3))) },
  A: { fixed: anyCase(WEEKDAYS) },
  H: { part: 'hour', fixed: '[01][0-9]|2[0-3]', loose: '2[0-3]|1[0-9]|0?[0-9]' },
  I: { part: 'half_hour', fixed: '0[1-9]|1[0-2]', loose: '1[0-2]|0?[1-9]' },
  p: { part: 'half', fixed: '[AaPp][Mm]' },
  M: { part: 'minute', fixed: '[0-5][0-9]', loose: '[1-5][0-9]|0?[0-9]' },
  S: { part: 'second', fixed: '[0-5][0-9]', loose: '[1-5][0-9]|0?[0-9]' },
  f: { part: 'fraction', fixed: '[0-9]{1,9}' },
  z: { part: 'offset', fixed: OFFSET },
  Z: { part: 'zone_word', fixed: anyCase([...ZONE_WORDS.keys()].sort(longestFirst)) },
}

const DIGITS = 'YymdejHIMSf'
const TOKEN = /%-?([%A-Za-z])| +|[^% ]+/g

/** As `iso` has it. */
const OPTIONAL_FRACTION = '(?:[.,]([0-9]{1,9}))?'

/**
 * `%-d` and `%e` are `%d`: digits may lack their zero. A run of spaces stands for one or more spaces. Seconds may carry a
 * fraction, since many programs leave it out where it is zero, unless the layout itself says what comes after them.
 */
export function timePattern(layout: string): TimePattern {
  const tokens = [...layout.matchAll(TOKEN)].map(([text, letter]) => ({ text, letter }))
  const parts: TimePart[] = []
  const hasFraction = tokens.some(({ letter }) => letter === 'f')
  const regex = tokens.map(({ text, letter }, index) => {
    if (letter === undefined) return text.startsWith(' ') ? ' +' : quoteRegex(text)
    if (letter === '%') return '%'
    const isPacked = [tokens[index - 1], tokens[index + 1]].some((next) => isDigits(next?.letter))
    const directive = DIRECTIVES[letter === 'e' ? 'd' : letter]
    if (!directive) throw new RangeError(`%${letter} is no directive`)
    if (directive.part) parts.push(directive.part)
    const body = isPacked ? directive.fixed : (directive.loose ?? directive.fixed)
    const group = directive.part ? `(${body})` : `(?:${body})`
    const isOpen = letter === 'S' && !hasFraction && !/^[.,]/.test(tokens[index + 1]?.text ?? '')
    if (!isOpen) return group
    parts.push('fraction')
    return group + OPTIONAL_FRACTION
  })
  return { regex: regex.join(''), parts }
}

function isDigits(letter: string | undefined): boolean {
  return letter !== undefined && DIGITS.includes(letter)
}

function longestFirst(a: string, b: string): number {
  return b.length - a.length
}

/** Letters of either case written out, since case folding differs between engines beyond ASCII. */
function anyCase(names: readonly string[]): string {
  const letters = (name: string) => name.replace(/[a-z]/gi, (c) => `[${c.toUpperCase()}${c.toLowerCase()}]`)
  return names.map(letters).join('|')
}
