/** The forms in which logs write a date and time, each with its layout and a reading good enough to tell spans. */

export interface StampForm {
  /** As `layout` in a definition. */
  readonly layout: string
  /** RE2 and JavaScript alike, without groups. */
  readonly regex: string
  readonly needsYear: boolean
  /** Milliseconds since the epoch, UTC assumed; undefined when the text names no time. */
  toMs(text: string, year: number): number | undefined
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** Each directive: what it matches, and where its number goes in [year, month, day, hour, minute, second]. */
const DIRECTIVES: ReadonlyMap<string, readonly [regex: string, part?: number]> = new Map([
  ['Y', ['\\d{4}', 0]],
  ['y', ['\\d{2}', 0]],
  ['m', ['\\d{1,2}', 1]],
  ['b', ['[A-Z][a-z]{2}', 1]],
  ['d', ['\\d{1,2}', 2]],
  ['H', ['\\d{1,2}', 3]],
  ['I', ['\\d{1,2}', 3]],
  ['M', ['\\d{1,2}', 4]],
  ['S', ['\\d{1,2}', 5]],
  ['p', ['[AaPp][Mm]']],
  ['f', ['\\d{1,9}']],
  ['a', ['[A-Z][a-z]{2}']],
  ['z', ['[+-]\\d{2}:?\\d{2}']],
])

/** In the order in which they are preferred; a fraction after the seconds is tried first. */
const LAYOUTS = [
  ...['%d/%b/%Y:%H:%M:%S %z', '%a %b %d %H:%M:%S %Y', '%a %b %d %H:%M:%S UTC %Y', '%b %d %Y %H:%M:%S'],
  ...['%Y/%m/%d %H:%M:%S', '%Y/%m/%d-%H:%M:%S', '%y/%m/%d %H:%M:%S', '%Y-%m-%d-%H.%M.%S', '%Y%m%d-%H:%M:%S'],
  ...[
    '%d/%m/%Y %H:%M:%S',
    '%m/%d/%Y %H:%M:%S',
    '%d.%m.%Y %H:%M:%S',
    '%d-%m-%Y %H:%M:%S',
    '%d/%b/%Y %H:%M:%S',
  ],
  ...['%m/%d/%Y %I:%M:%S %p', '%b %d, %Y %I:%M:%S %p', '%d-%b-%Y %H:%M:%S', '%a, %d %b %Y %H:%M:%S %z'],
  ...[
    '%d %b %Y %H:%M:%S',
    '%Y%m%d %H:%M:%S',
    '%Y%m%d.%H%M%S',
    '%Y%m%dT%H%M%S',
    '%Y%m%d%H%M%S',
    '%y%m%d %H%M%S',
  ],
  ...['%b %d %H:%M:%S', '%m%d %H:%M:%S', '%m-%d %H:%M:%S'],
].flatMap((layout) => [...['.', ',', ':'].map((mark) => layout.replace('%S', `%S${mark}%f`)), layout])

/** Layouts that have a name of their own. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['%d/%b/%Y:%H:%M:%S %z', 'access_log'],
  ['%b %d %H:%M:%S', 'rfc3164'],
])

const ISO: StampForm = {
  layout: 'iso',
  regex: '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?',
  needsYear: false,
  toMs: (text) => validMs(Date.parse(`${text.slice(0, 10)}T${text.slice(11, 16)}:00Z`)),
}

/** 2000 to 2100: outside, a long number is more likely an id. */
const EPOCH_RANGE_S = [946_684_800, 4_102_444_800] as const

const EPOCHS: readonly StampForm[] = [
  makeEpoch('epoch_s', '\\d{10}(?:\\.\\d{1,9})?', 1),
  makeEpoch('epoch_ms', '\\d{13}(?:\\.\\d{1,9})?', 1000),
  makeEpoch('epoch_us', '\\d{16}', 1e6),
  makeEpoch('epoch_ns', '\\d{19}', 1e9),
]

export const STAMP_FORMS: readonly StampForm[] = [ISO, ...LAYOUTS.map(makeForm), ...EPOCHS]

function makeEpoch(layout: string, regex: string, perSecond: number): StampForm {
  return {
    ...{ layout, regex, needsYear: false },
    toMs: (text) => {
      const seconds = Number(text) / perSecond
      return seconds >= EPOCH_RANGE_S[0] && seconds <= EPOCH_RANGE_S[1] ? seconds * 1000 : undefined
    },
  }
}

function makeForm(layout: string): StampForm {
  const regex = regexOf(layout, false)
  const reader = new RegExp(`^${regexOf(layout, true)}$`)
  const parts = [...layout.matchAll(/%(.)/g)].map((match) => DIRECTIVES.get(match[1] ?? '')?.[1])
  const needsYear = !/%[Yy]/.test(layout)
  return {
    ...{ layout: NAMED.get(layout) ?? layout, regex, needsYear },
    toMs: (text, year) => {
      const groups = reader.exec(text)?.slice(1)
      return groups && civilMs(parts, groups, needsYear ? year : undefined)
    },
  }
}

/** Digits without a separator between them have fixed widths; a space of a layout is one or more. */
function regexOf(layout: string, isGrouped: boolean): string {
  return layout.replace(/%(.)|[.*+?^$()[\]{}|\\ ]/g, (mark, letter: string | undefined, at: number) => {
    if (letter === undefined) return mark === ' ' ? ' +' : `\\${mark}`
    const isPacked = layout[at - 2] === '%' || layout[at + 2] === '%'
    const loose = DIRECTIVES.get(letter)?.[0] ?? mark
    const regex = isPacked ? loose.replace('{1,2}', '{2}') : loose
    return isGrouped ? `(${regex})` : regex
  })
}

function civilMs(
  parts: readonly (number | undefined)[],
  groups: readonly string[],
  knownYear: number | undefined,
): number | undefined {
  const civil = [knownYear ?? 0, 1, 1, 0, 0, 0]
  groups.forEach((group, index) => {
    const part = parts[index]
    const month = MONTHS.indexOf(group) + 1
    if (part !== undefined && part < civil.length) civil[part] = month > 0 ? month : Number(group)
    if (part === 0 && group.length === 2) civil[0] = Number(group) + (Number(group) >= 69 ? 1900 : 2000)
  })
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = civil
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const isReal = month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth
  const isClock = hour < 24 && minute < 60 && second < 60
  return isReal && isClock ? validMs(Date.UTC(year, month - 1, day, hour, minute, second)) : undefined
}

const validMs = (ms: number): number | undefined => (Number.isNaN(ms) ? undefined : ms)
