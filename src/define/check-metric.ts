/** One metric of a definition: text → checked Metric, reporting every problem. */
import { closestName } from '../core/closest-name.ts'
import type { Dimension, FieldType, Measure, Metric } from '../core/definition.ts'
import { formatDuration, parseDuration } from '../core/duration.ts'
import { DAY_MS, dividesDay } from '../core/window.ts'
import { parseCondition, parseDimension, parseMeasure, type Scope } from '../expression/parse-expression.ts'
import { checkColumnNames } from './check-column-names.ts'
import { checkRatios } from './check-ratios.ts'
import type { CheckedSource } from './check-source.ts'
import type { MetricText } from './definition-schema.ts'
import { type DiagnosticList, didYouMean, type Path } from './diagnostic.ts'
import { addExpressionProblem, type InnerProblem } from './expression-problem.ts'

type Read<Parsed> = (text: string, scope: Scope) => Parsed
type Problems = { readonly problems: readonly InnerProblem[] }

/** The metric may lack what was wrong; it is fit for use only when no problem was reported. */
export function checkMetric(
  name: string,
  text: MetricText,
  sources: ReadonlyMap<string, CheckedSource>,
  path: Path,
  problems: DiagnosticList,
): Metric {
  const source = findSource(text.source, sources, [...path, 'source'], problems)
  const read = expressionReader(source, problems)
  const measures = checkMeasures(text.measures ?? {}, read, [...path, 'measures'])
  checkColumnNames(text, path, measures, problems)
  const where =
    text.where === undefined ? undefined : read(parseCondition, text.where, [...path, 'where'])?.expr
  return {
    ...{ name, source: text.source ?? '' },
    ...(text.description === undefined ? {} : { description: text.description }),
    ...(where === undefined ? {} : { where }),
    windowMs: checkWindow(text.window, [...path, 'window'], problems),
    dimensions: checkDimensions(text.dimensions ?? {}, read, [...path, 'dimensions']),
    measures,
    ratios: checkRatios(text.ratios ?? {}, text.measures ?? {}, measures, [...path, 'ratios'], problems),
    allowedLatenessMs: parseDuration(text.allowed_lateness ?? '0s') ?? 0,
  }
}

/** Of a name that there is not, the source that was meant; undefined when none is near. */
function findSource(
  name: string | undefined,
  sources: ReadonlyMap<string, CheckedSource>,
  path: Path,
  problems: DiagnosticList,
): CheckedSource | undefined {
  const standIn = name === undefined ? undefined : problems.standInFor(['sources'], name)
  const source = name === undefined ? undefined : sources.get(standIn ?? name)
  if (name === undefined || source) return source
  const near = closestName(name, sources.keys())
  const known = sources.size > 0 ? { hint: `Known: ${[...sources.keys()].join(', ')}.` } : {}
  problems.add('DEFINE_UNKNOWN_SOURCE', path, { source: name }, near === undefined ? known : didYouMean(near))
  return near === undefined ? undefined : sources.get(near)
}

type ExpressionReader = <Parsed extends Problems>(
  parse: Read<Parsed>,
  text: string,
  path: Path,
) => Parsed | undefined

/** Reads an expression over the source; where that is not known, what names mean is left open. */
function expressionReader(source: CheckedSource | undefined, problems: DiagnosticList): ExpressionReader {
  const { fields = [], time } = source?.source ?? {}
  const scope: Scope = {
    fields: new Map<string, FieldType>(fields.map((field) => [field.name, field.type])),
    ...(time && time.field !== '' && { eventTime: time.field }),
    isUnjudged: (name) => !source || source.broken.has(name),
  }
  return (parse, text, path) => {
    const parsed = parse(text, scope)
    for (const problem of parsed.problems) addExpressionProblem(problems, problem, path)
    return parsed.problems.length === 0 ? parsed : undefined
  }
}

function checkWindow(text: string | undefined, path: Path, problems: DiagnosticList): number {
  const ms = parseDuration(text ?? '1m')
  if (ms === undefined) return DAY_MS
  if (!dividesDay(ms)) {
    const hint = `Windows near it that do: ${nearestWindows(ms).map(formatDuration).join(', ')}`
    problems.add('DEFINE_WINDOW_DIVIDES_NO_DAY', path, { window: text ?? '' }, { hint })
  }
  return ms
}

/** The nearest divisors of a day below and above, whole in the largest unit that has any. */
function nearestWindows(ms: number): number[] {
  if (ms >= DAY_MS) return [DAY_MS]
  const unit = [3_600_000, 60_000, 1000, 1].find((size) => ms >= size) ?? 1
  let below = Math.floor(ms / unit) * unit
  let above = below + unit
  while (below > 0 && !dividesDay(below)) below -= unit
  while (!dividesDay(above)) above += unit
  return [below, above].filter((found) => found > 0)
}

function checkDimensions(
  texts: NonNullable<MetricText['dimensions']>,
  read: ExpressionReader,
  path: Path,
): Dimension[] {
  return Object.entries(texts).flatMap(([name, text]) => {
    const expr = text === undefined ? undefined : read(parseDimension, text, [...path, name])?.expr
    return expr ? [{ name, expr }] : []
  })
}

function checkMeasures(
  texts: NonNullable<MetricText['measures']>,
  read: ExpressionReader,
  path: Path,
): Measure[] {
  return Object.entries(texts).flatMap(([name, text]) => {
    const isLong = typeof text === 'object'
    const value = isLong ? text.value : text
    if (value === undefined) return []
    const call = read(parseMeasure, value, isLong ? [...path, name, 'value'] : [...path, name])?.call
    const unit = isLong && text.unit !== undefined ? { unit: text.unit } : {}
    return call ? [{ name, call, ...unit }] : []
  })
}
