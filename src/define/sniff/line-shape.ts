/** Shapes of lines that are no key-value format: where level, logger and message stand around the stamp. */
import type { StampForm } from './stamp.ts'

const LEVEL = '(?P<level>[A-Za-z]+)'
const MESSAGE = '(?P<message>.*)'
const T = '{time}'
const PROGRAM = '(?P<program>[^:\\[]+)(?:\\[(?P<pid>\\d+)\\])?: ?'
const THREAD = '\\[(?P<thread>[^\\]]*)\\]'
const CLIENT = '(?:\\[client (?P<client>[^\\]]+)\\] )?'

/** Fits nearly anything, so it is for syslog's own stamp only. */
const SYSLOG_WITHOUT_PROGRAM = `(?:<\\d{1,3}>)?${T} (?P<host>[^\\s:]+) (?:${PROGRAM})?${MESSAGE}`

/** Access logs with columns of their own before or after the usual ones. */
const REQUEST =
  '"(?P<method>[A-Z]+) (?P<path>[^ ?"]*)[^"]*" (?P<status>\\d{3}) (?P<bytes>\\d+|-)(?P<message>.*)'

/** From the most telling to the plainest, which fits every line with a stamp. */
const SHAPES: readonly string[] = [
  `(?P<client_ip>\\S+) \\S+ (?P<user>\\S+) \\[${T}\\] ${REQUEST}`,
  `(?P<before>.*?)\\[${T}\\] ${REQUEST}`,
  `(?P<level>[IWEF])${T} +(?P<thread>\\d+) (?P<file>[^\\s:]+):(?P<line>\\d+)\\] ?${MESSAGE}`,
  `\\[${T}\\] \\[(?P<module>[^:\\]]*):${LEVEL}\\] \\[pid (?P<pid>\\d+)(?::tid \\d+)?\\] ${CLIENT}${MESSAGE}`,
  `\\[${T}\\] \\[${LEVEL}\\] ${CLIENT}${MESSAGE}`,
  `${T} \\[${LEVEL}\\] (?P<pid>\\d+)#\\d+: ${MESSAGE}`,
  `${T} +${LEVEL} +${THREAD} (?P<logger>[^\\s:]+) *: ${MESSAGE}`,
  `${T} +${THREAD} ${LEVEL} +(?P<logger>[^\\s:]+)(?: -|:) ${MESSAGE}`,
  `${T} - (?P<logger>\\S+) - ${LEVEL} - ${MESSAGE}`,
  `${T} +${LEVEL} +(?P<logger>[^\\s:]+): ${MESSAGE}`,
  `(?P<file>\\S+) ${T} (?P<pid>\\d+) ${LEVEL} (?P<logger>\\S+) ${MESSAGE}`,
  `${T} (?P<pid>\\d+) ${LEVEL} (?P<logger>\\S+) ${MESSAGE}`,
  `${T}, +${LEVEL} +(?P<logger>\\S+) +${MESSAGE}`,
  `${T}(?: [A-Z]{2,5})? \\[(?P<pid>\\d+)\\] ${LEVEL}: +${MESSAGE}`,
  `${T}\\|(?P<component>[^|]*)\\|(?P<pid>\\d+)\\|${MESSAGE}`,
  `\\[?${T}[^A-Za-z]+${LEVEL}(?P<message>(?:[^A-Za-z].*)?)`,
  `(?:<\\d{1,3}>)?${T} (?P<host>[^\\s:]+) ${PROGRAM}${MESSAGE}`,
  SYSLOG_WITHOUT_PROGRAM,
  `\\[?${T}\\]?[ ,:|]*${MESSAGE}`,
  `(?P<before>.*?)${T}${MESSAGE}`,
]

const LEVELS: ReadonlySet<string> = new Set(
  [
    'trace debug verbose info information notice warn warning error err critical crit fatal alert emerg',
    'emergency severe fine finer finest config panic log statement detail hint context i w e f',
  ].flatMap((words) => words.split(' ')),
)

export interface LineShape {
  /** With the named group `time`. */
  readonly pattern: string
  readonly read: (line: string) => ReadonlyMap<string, string> | undefined
}

/** Share of the lines with a stamp that a shape must fit. */
const ENOUGH = 0.95

/** The first shape that fits nearly all lines; the last one fits every line with the stamp. */
export function findShape(lines: readonly string[], form: StampForm, year: number): LineShape {
  const regex = new RegExp(form.regex)
  const stamped = lines.filter((line) => regex.test(line))
  const isSyslog = form.layout === 'rfc3164'
  const usable = SHAPES.filter((shape) => isSyslog || shape !== SYSLOG_WITHOUT_PROGRAM)
  const shapes = usable.map((shape) => makeShape(shape, form))
  const fits = (shape: LineShape): boolean => {
    const read = stamped.flatMap((line) => shape.read(line) ?? [])
    const good = read.filter((groups) => form.toMs(groups.get('time') ?? '', year) !== undefined)
    return good.length >= stamped.length * ENOUGH && hasLevels(read)
  }
  return shapes.find(fits) ?? shapes.at(-1)!
}

function makeShape(shape: string, form: StampForm): LineShape {
  const pattern = shape.replace(T, `(?P<time>${form.regex})`)
  const regex = new RegExp(`^${pattern.replaceAll('(?P<', '(?<')}$`)
  return {
    pattern,
    read: (line) => {
      const groups = regex.exec(line)?.groups
      return groups && new Map(Object.entries(groups).map(([name, text]) => [name, text ?? '']))
    },
  }
}

/** A group called level must hold levels, or the shape fits by accident. */
function hasLevels(read: readonly ReadonlyMap<string, string>[]): boolean {
  const levels = read.flatMap((groups) => groups.get('level') ?? [])
  const known = levels.filter((level) => LEVELS.has(level.toLowerCase()))
  return levels.length === 0 || known.length >= levels.length * ENOUGH
}
