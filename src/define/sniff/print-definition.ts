/** Writes what was found as a commented millrace.yaml. */
import type { MetricChoice } from './choose-metric.ts'
import type { Doubt, TimeOption, Undecided } from './doubt.ts'
import type { NamedFields } from './name-fields.ts'
import { placeOf } from './name-fields.ts'
import type { FormatChoice } from './record-sample.ts'

export interface SourceChoice extends NamedFields {
  readonly name: string
  readonly files: readonly string[]
  readonly format: FormatChoice
  readonly time: {
    readonly path: readonly string[]
    readonly layout: string
    readonly year?: number
    readonly doubts: readonly Doubt[]
    readonly undecided?: Undecided
  }
  readonly metric: MetricChoice
  readonly lines: number
  readonly readable: number
  /** Sentences on the source as a whole. */
  readonly remarks: readonly string[]
}

const SCHEMA = './node_modules/millrace/schema/millrace.schema.json'

export function printDefinition(sources: readonly SourceChoice[]): string {
  return [
    `# yaml-language-server: $schema=${SCHEMA}`,
    '# Written by `millrace init` from a sample of lines: a start, to be read and changed.',
    '# What each key means: docs/definitions.md. Check it with: millrace check',
    'version: 1',
    '',
    'sources:',
    ...sources.flatMap(printSource),
    '',
    'metrics:',
    ...sources.flatMap(printMetric),
    '',
  ].join('\n')
}

function printSource(source: SourceChoice): string[] {
  const { format, time, nulls, fields } = source
  const files = source.files.map((file) => comment(file)).join(', ')
  const isBuiltIn = format.kind === 'combined' || format.kind === 'common'
  const shown = isBuiltIn ? [] : fields
  return [
    `  # From ${files}: ${source.readable} of ${source.lines} lines looked at can be read.`,
    `  ${scalar(source.name)}:`,
    ...printFormat(format),
    ...(isBuiltIn && !time.undecided && time.doubts.length === 0 ? [] : printTime(time)),
    ...(nulls.length > 0 && !isBuiltIn ? [`    nulls: [${nulls.map(quoted).join(', ')}]`] : []),
    ...(isBuiltIn
      ? [
          '    # Built-in fields: client_ip ident user method path query protocol status bytes referer user_agent',
        ]
      : []),
    ...(shown.length > 0 ? ['    fields:'] : []),
    ...shown.map((field) => `      ${scalar(field.name)}: ${printField(field.type, field.from)}`),
  ]
}

function printField(type: string, from: string | readonly string[] | undefined): string {
  return from === undefined ? type : `{ type: ${type}, from: ${printPlace(from)} }`
}

function printPlace(from: string | readonly string[]): string {
  return typeof from === 'string' ? scalar(from) : `[${from.map(quoted).join(', ')}]`
}

function printFormat(format: FormatChoice): string[] {
  if (format.kind === 'pattern')
    return [
      '    format:',
      '      # RE2; must match the whole line. Lines that do not are kept as rejected.',
      `      pattern: ${quoted(format.pattern)}`,
    ]
  if (format.kind !== 'csv' && format.kind !== 'tsv') return [`    format: ${format.kind}`]
  const delimiter = format.delimiter === undefined ? [] : [`        delimiter: ${quoted(format.delimiter)}`]
  const columns = format.columns.map(scalar).join(', ')
  return ['    format:', `      ${format.kind}:`, ...delimiter, `        columns: [${columns}]`]
}

function printTime(time: SourceChoice['time']): string[] {
  const { path, layout, year, doubts, undecided } = time
  if (undecided) return printUndecided(path, year, undecided)
  const name = path.join('.')
  const from = placeOf(path)
  if (layout === 'iso' && from === undefined && doubts.length === 0) return [`    time: ${scalar(name)}`]
  const guess = (key: Doubt['key']): string => {
    const texts = doubts.filter((doubt) => doubt.key === key).map(({ text }) => comment(text, 300))
    return texts.length > 0 ? ` # ${texts.join(' ')}` : ''
  }
  const isShown = { layout: layout !== 'iso' || guess('layout') !== '', zone: guess('zone') !== '' }
  return [
    '    time:',
    `      field: ${scalar(name)}${guess('field')}`,
    ...(from === undefined ? [] : [`      from: ${printPlace(from)}`]),
    ...(isShown.layout ? [`      layout: ${scalar(layout)}${guess('layout')}`] : []),
    ...(year === undefined ? [] : [`      year: ${year}${guess('year')}`]),
    ...(isShown.zone ? [`      zone: UTC${guess('zone')}`] : []),
  ]
}

/** No time at all, so that nothing is counted at a wrong one. */
function printUndecided(
  path: readonly string[],
  year: number | undefined,
  { why, options }: Undecided,
): string[] {
  const from = placeOf(path)
  const print = ({ layout, zone, note }: TimeOption): string => {
    const pairs = [
      `field: ${scalar(path.join('.'))}`,
      ...(from === undefined ? [] : [`from: ${printPlace(from)}`]),
      ...(layout === 'iso' ? [] : [`layout: ${quoted(layout)}`]),
      ...(year === undefined ? [] : [`year: ${year}`]),
      ...(zone === undefined ? [] : [`zone: ${zone}`]),
    ]
    return `    # time: { ${pairs.join(', ')} } # ${comment(note, 300)}`
  }
  const advice =
    options.length > 0 ? 'Take the # from the line that is right:' : 'Write a time that reads them:'
  return [`    # The time cannot be told: ${comment(why, 400)}. ${advice}`, ...options.map(print)]
}

function printMetric({ name, metric }: SourceChoice): string[] {
  const { dimensions, measures, ratios } = metric
  return [
    `  ${scalar(metric.name)}:`,
    `    source: ${scalar(name)}`,
    `    window: ${metric.window}`,
    ...(dimensions.length > 0 ? ['    # What the totals are split by.', '    dimensions:'] : []),
    ...dimensions.map(([key, expression]) => `      ${scalar(key)}: ${scalar(expression)}`),
    '    measures:',
    ...measures.map(({ name: key, value, unit }) => `      ${scalar(key)}: ${printMeasure(value, unit)}`),
    ...(ratios.length > 0 ? ['    ratios:'] : []),
    ...ratios.map(([key, formula]) => `      ${scalar(key)}: ${scalar(formula)}`),
    '    # Lines may come this long after their window has ended.',
    '    allowed_lateness: 10m',
  ]
}

function printMeasure(value: string, unit: string | undefined): string {
  return unit === undefined ? scalar(value) : `{ value: ${quoted(value)}, unit: ${scalar(unit)} }`
}

const PLAIN = /^[A-Za-z_][\w .()<>=/*-]*$/
/** Words that YAML reads as something other than a text, in this version or an older one. */
const SPECIAL = /^(?:true|false|null|yes|no|on|off|y|n)$/i

/** Plain where any YAML reader takes it for the same text. */
function scalar(text: string): string {
  return PLAIN.test(text) && !SPECIAL.test(text) && text.trim() === text ? text : quoted(text)
}

function quoted(text: string): string {
  const isSafe = /^[^\p{Cc}\p{Cs}\u2028\u2029\uFEFF]*$/u.test(text)
  return isSafe ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text)
}

/** A file's name cannot end the comment. */
function comment(text: string, most = 120): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\uFEFF]/gu, '?').slice(0, most)
}
