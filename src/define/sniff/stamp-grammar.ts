/** How logs write dates and times of day: each form's regex, and the layouts by which it may be read. */

interface DateForm {
  /** Without named groups. */
  readonly regex: string
  readonly layouts: readonly string[]
  /** `told` by the text itself; else which marks part the numbers. */
  readonly order: 'told' | 'slashes' | 'dashes' | 'dots' | 'short_slashes' | 'short' | 'packed' | 'logcat'
  readonly hasYear: boolean
  /** All digits, so that the time may follow at once and be all digits too. */
  readonly isPacked: boolean
  /** A lookbehind in place of the usual one. */
  readonly before?: string
}

const anyCase = (names: string): string =>
  `(?:${names
    .split(' ')
    .map((name) => name.replace(/[a-z]/gi, (c) => `[${c.toUpperCase()}${c.toLowerCase()}]`))
    .join('|')})`
const SHORT_MONTH = anyCase('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec')
/** May is short and long, and short months are the usual ones. */
const LONG_MONTH = anyCase(
  'January February March April June July August September October November December',
)
export const WEEKDAY = anyCase(
  'Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun',
)

const YEAR = '(?:19|20)\\d\\d'
const DAY = '\\d{1,2}'
const usual = { order: 'told', hasYear: true, isPacked: false } as const
const form = (regex: string, ...layouts: string[]): DateForm => ({ ...usual, regex, layouts })

/** With a month's name, long or short. */
function named(regex: string, layout: string, hasYear = true): DateForm[] {
  return [
    { ...usual, regex: regex.replace('MONTH', LONG_MONTH), layouts: [layout.replace('%b', '%B')], hasYear },
    { ...usual, regex: regex.replace('MONTH', SHORT_MONTH), layouts: [layout], hasYear },
  ]
}

/** Three numbers of which the first two may be day and month either way. */
function numbers(mark: string, order: DateForm['order']): DateForm {
  const layouts = [
    ['d', 'm', 'Y'],
    ['m', 'd', 'Y'],
  ].map((parts) => parts.map((part) => `%${part}`).join(mark))
  const at = mark === '.' ? '\\.' : mark
  return { ...usual, regex: `${DAY}${at}${DAY}${at}\\d{4}`, layouts, order }
}

/** Three numbers of two digits: the year may be first or last. */
function shortNumbers(mark: string, order: DateForm['order']): DateForm {
  const layouts = [
    ['y', 'm', 'd'],
    ['d', 'm', 'y'],
    ['m', 'd', 'y'],
  ].map((parts) => parts.map((part) => `%${part}`).join(mark))
  const at = mark === '.' ? '\\.' : mark
  return { ...usual, regex: `\\d\\d${at}\\d\\d${at}\\d\\d`, layouts, order }
}

/** In the order in which they are tried at one place. */
export const DATES: readonly DateForm[] = [
  form(`\\d{4}-${DAY}-${DAY}`, '%Y-%m-%d'),
  form(`${YEAR}/${DAY}/${DAY}`, '%Y/%m/%d'),
  form(`${YEAR}\\.${DAY}\\.${DAY}`, '%Y.%m.%d'),
  form(`${YEAR}-\\d{3}`, '%Y-%j'),
  numbers('/', 'slashes'),
  numbers('-', 'dashes'),
  numbers('.', 'dots'),
  ...['/', '-', ' +', '\\.'].flatMap((mark) => {
    const text = mark.replace('\\', '').replace('+', '')
    return [
      ...named(`${DAY}${mark}MONTH${mark}${YEAR}`, `%d${text}%b${text}%Y`),
      ...named(`${YEAR}${mark}MONTH${mark}${DAY}`, `%Y${text}%b${text}%d`),
    ]
  }),
  ...named(`MONTH +${DAY}, +${YEAR}`, '%b %d, %Y'),
  ...named(`MONTH +${DAY} +${YEAR}(?!:)`, '%b %d %Y'),
  ...named(`${DAY}-MONTH-\\d\\d`, '%d-%b-%y'),
  shortNumbers('/', 'short_slashes'),
  shortNumbers('-', 'short'),
  shortNumbers('.', 'short'),
  ...named(`MONTH +${DAY}`, '%b %d', false),
  ...['-', ' +', '/'].flatMap((mark) => named(`${DAY}${mark}MONTH`, `%d${mark.replace('+', '')}%b`, false)),
  { ...usual, regex: `${YEAR}[01]\\d[0-3]\\d`, layouts: ['%Y%m%d'], isPacked: true },
  { ...usual, regex: '\\d{6}', layouts: ['%y%m%d', '%d%m%y', '%m%d%y'], order: 'packed', isPacked: true },
  // glog writes the level's letter right before the date, and its four digits are too little to go by elsewhere.
  { ...usual, regex: '[01]\\d[0-3]\\d', layouts: ['%m%d'], hasYear: false, before: '(?<=^[IWEF])' },
  { ...usual, regex: '\\d\\d-\\d\\d', layouts: ['%m-%d', '%d-%m'], order: 'logcat', hasYear: false },
  { ...usual, regex: '\\d\\d/\\d\\d', layouts: ['%m/%d', '%d/%m'], order: 'slashes', hasYear: false },
]

/** Times of day, without a fraction. */
export const TIMES = [
  { regex: '\\d{1,2}:\\d\\d:\\d\\d', layout: '%H:%M:%S', isPacked: false },
  { regex: '\\d\\d\\.\\d\\d\\.\\d\\d', layout: '%H.%M.%S', isPacked: false },
  { regex: '\\d{6}', layout: '%H%M%S', isPacked: true },
  { regex: '\\d{1,2}:\\d\\d(?![:\\d])', layout: '%H:%M', isPacked: false },
] as const
