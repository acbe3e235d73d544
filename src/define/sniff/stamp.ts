/** The forms in which logs write a date and time, each with its layout and a reading good enough to tell spans. */
import { ZONE_WORDS } from '../../core/zone-words.ts'

export interface StampForm {
  /** As `layout` in a definition. */
  readonly layout: string
  /** RE2 and JavaScript alike, without groups. */
  readonly regex: string
  readonly needsYear: boolean
  /** Does the stamp itself say how far it is from UTC? `iso` may or may not. */
  readonly hasZone: boolean
  /** Milliseconds since the epoch, UTC assumed; undefined when the text names no time. */
  toMs(text: string, year: number): number | undefined
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')

/** Each directive: what it matches, and where its number goes in [year, month, day, hour, minute, second]. */
const DIRECTIVES: ReadonlyMap<string, readonly [regex: string, part?: number]> = new Map([
  ['Y', ['\\d{4}', 0]],
  ['y', ['\\d{2}', 0]],
  ['m', ['\\d{1,2}', 1]],
  ['b', ['[A-Za-z]{3}', 1]],
  ['B', ['[A-Za-z]{3,9}', 1]],
  ['d', ['\\d{1,2}', 2]],
  ['j', ['\\d{3}', 2]],
  ['H', ['\\d{1,2}', 3]],
  ['I', ['\\d{1,2}', 3]],
  ['M', ['\\d{1,2}', 4]],
  ['S', ['\\d{1,2}', 5]],
  ['p', ['[AaPp][Mm]']],
  ['f', ['\\d{1,9}']],
  ['a', ['[A-Za-z]{3}']],
  ['A', ['[A-Za-z]{6,9}']],
  ['z', ['(?:[Zz]|[+-]\\d{2}(?::?\\d{2})?)']],
  ['Z', [`(?:${[...ZONE_WORDS.keys()].sort((a, b) => b.length - a.length).join('|')})`]],
])

/** Layouts that have a name of their own. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['%d/%b/%Y:%H:%M:%S %z', 'access_log'],
  ['%b %d %H:%M:%S', 'rfc3164'],
])

const ISO: StampForm = {
  layout: 'iso',
  regex:
    '\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?(?:[Zz]|[+-]\\d\\d(?::?\\d\\d)?)?',
  needsYear: false,
  hasZone: false,
  toMs: (text) => validMs(Date.parse(`${text.slice(0, 10)}T${text.slice(11, 16)}:00Z`)),
}
const ISO_TEXT = new RegExp(`^(?:${ISO.regex})$`)

/** Whether the layout `iso` reads the stamp. */
export function isIso(text: string): boolean {
  return ISO_TEXT.test(text)
}

/** `layout` is `iso` or made of directives. */
export function formOf(layout: string): StampForm {
  if (layout === 'iso') return ISO
  const regex = regexOf(layout, false)
  const reader = new RegExp(`^${regexOf(layout, true)}$`)
  const parts = [...layout.matchAll(/%(.)/g)].map((match) => DIRECTIVES.get(match[1] ?? '')?.[1])
  const needsYear = !/%[Yy]/.test(layout)
  return {
    ...{ layout: NAMED.get(layout) ?? layout, regex, needsYear, hasZone: /%[Zz]/.test(layout) },
    toMs: (text, year) => {
      const groups = reader.exec(text)?.slice(1)
      return groups && civilMs(parts, groups, needsYear ? year : undefined)
    },
  }
}

/** Digits without a separator between them have fixed widths; a space of a layout is one or more. */
function regexOf(layout: string, isGrouped: boolean): string {
  const hasFraction = layout.includes('%f')
  return layout.replace(/%(.)|[.*+?^$()[\]{}|\\ ]/g, (mark, letter: string | undefined, at: number) => {
    if (letter === undefined) return mark === ' ' ? ' +' : `\\${mark}`
    const isPacked = layout[at - 2] === '%' || layout[at + 2] === '%'
    const loose = DIRECTIVES.get(letter)?.[0] ?? mark
    const regex = isPacked ? loose.replace('{1,2}', '{2}') : loose
    // As the layout's own reader has it.
    const isOpen = letter === 'S' && !hasFraction && !/^[.,]/.test(layout.slice(at + 2))
    return (isGrouped ? `(${regex})` : regex) + (isOpen ? '(?:[.,]\\d{1,9})?' : '')
  })
}

function civilMs(
  parts: readonly (number | undefined)[],
  groups: readonly string[],
  knownYear: number | undefined,
): number | undefined {
  const civil = [knownYear ?? 0, 1, 1, 0, 0, 0]
  let isYearDay = true
  groups.forEach((group, index) => {
    const part = parts[index]
    const month = MONTHS.indexOf(group.slice(0, 3).toLowerCase()) + 1
    if (part === 1) isYearDay = false
    if (part !== undefined) civil[part] = month > 0 ? month : Number(group)
    if (part === 0 && group.length === 2) civil[0] = Number(group) + (Number(group) >= 69 ? 1900 : 2000)
  })
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = civil
  const days = isYearDay ? 366 : new Date(Date.UTC(year, month, 0)).getUTCDate()
  const isReal = month >= 1 && month <= 12 && day >= 1 && day <= days
  const isClock = hour < 24 && minute < 60 && second < 60
  return isReal && isClock ? validMs(Date.UTC(year, month - 1, day, hour, minute, second)) : undefined
}

const validMs = (ms: number): number | undefined => (Number.isNaN(ms) ? undefined : ms)
