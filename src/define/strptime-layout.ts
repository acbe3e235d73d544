/** Which time layouts there are, and which directives a layout of one's own may have. */
import type { TimeLayout } from '../core/definition.ts'

export const LAYOUT_NAMES: readonly Exclude<TimeLayout['kind'], 'strptime'>[] = [
  'iso',
  'epoch_s',
  'epoch_ms',
  'epoch_us',
  'epoch_ns',
  'access_log',
  'rfc3164',
]

/** What each directive reads, by the part of the date it sets; a part may be set once. */
const PARTS: ReadonlyMap<string, string> = new Map([
  ...['Y', 'y'].map((letter) => [letter, 'year'] as const),
  ...['m', 'b', 'B'].map((letter) => [letter, 'month'] as const),
  ...['d', 'e'].map((letter) => [letter, 'day'] as const),
  ['j', 'day of the year'],
  ...['a', 'A'].map((letter) => [letter, 'weekday'] as const),
  ...['H', 'I'].map((letter) => [letter, 'hour'] as const),
  ['p', 'half of the day'],
  ['M', 'minute'],
  ['S', 'second'],
  ['f', 'fraction'],
  ...['z', 'Z'].map((letter) => [letter, 'offset'] as const),
])

/** Why the text cannot be used as a layout; undefined when it can. */
export function strptimeFault(format: string): string | undefined {
  const letters = directivesOf(format)
  const unknown = letters.find((letter) => letter !== '%' && !PARTS.has(letter))
  if (unknown !== undefined) return `%${unknown} is not a directive; there are ${known()}`
  const parts = letters.flatMap((letter) => PARTS.get(letter) ?? [])
  const twice = parts.find((part, index) => parts.indexOf(part) < index)
  if (twice !== undefined) return `it reads the ${twice} twice`
  const hasDay = parts.includes('day of the year') || (parts.includes('month') && parts.includes('day'))
  if (!hasDay) return 'it reads no day: it needs %m and %d, or %j'
  const isHalf = letters.includes('I')
  if (isHalf !== letters.includes('p')) return '%I and %p need each other'
  return undefined
}

/** The letters after `%`; `%-d` and `%d` are one, since digits may be padded or not. */
function directivesOf(format: string): string[] {
  return [...format.matchAll(/%(-?.?)/gsu)].map((match) => (match[1] ?? '').replace(/^-(?=[YymdjHIMS])/, ''))
}

const known = (): string => [...PARTS.keys(), '%'].map((letter) => `%${letter}`).join(' ')
