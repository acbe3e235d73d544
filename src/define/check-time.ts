/** The time rule of a source: which field, which layout, which zone and year. */
import { closestName } from '../core/closest-name.ts'
import type { Field, Format, TimeLayout, TimeRule } from '../core/definition.ts'
import { carriesYear } from '../core/stamp-year.ts'
import { findZone } from '../core/time-zone/find-zone.ts'
import type { SourceText } from './definition-schema.ts'
import { type DiagnosticList, didYouMean, type Path } from './diagnostic.ts'
import { isAccessLog, readPath } from './field-place.ts'
import { LAYOUT_NAMES, strptimeFault } from './strptime-layout.ts'

interface Surroundings {
  readonly format: Format | undefined
  readonly fields: ReadonlyMap<string, Field>
}

export function checkTime(
  source: string,
  text: SourceText['time'],
  { format, fields }: Surroundings,
  path: Path,
  problems: DiagnosticList,
): TimeRule | undefined {
  const at = [...path, 'time']
  const isBuiltIn = format !== undefined && isAccessLog(format)
  const options = typeof text === 'object' ? text : text === undefined ? {} : { field: text }
  const field = options.field ?? (isBuiltIn && text === undefined ? 'time' : undefined)
  if (field === undefined) {
    // A broken format, field or time was reported already.
    if (text === undefined && format && !problems.hasAt(at))
      problems.add('DEFINE_NO_TIME', path, { source }, TIME_HINT)
    return undefined
  }
  const long = typeof text === 'object'
  const layout = checkLayout(
    options.layout ?? (isBuiltIn ? 'access_log' : 'iso'),
    [...at, 'layout'],
    problems,
  )
  if (layout) checkYear(layout, options.year, at, problems)
  const zone = options.zone === undefined ? 'UTC' : checkZone(options.zone, [...at, 'zone'], problems)
  const kind = format?.kind ?? 'json'
  const place =
    options.from === undefined
      ? (fields.get(field)?.path ?? [field])
      : readPath(field, options.from, kind, long ? [...at, 'from'] : at, problems)
  const year = options.year === undefined ? {} : { year: options.year }
  return { field, path: place, layout: layout ?? { kind: 'iso' }, zone, ...year }
}

const TIME_HINT = { target: 'key', hint: 'For example: time: ts' } as const

function checkLayout(text: string, path: Path, problems: DiagnosticList): TimeLayout | undefined {
  const named = LAYOUT_NAMES.find((name) => name === text)
  if (named !== undefined) return { kind: named }
  const given = JSON.stringify(text)
  if (!text.includes('%')) {
    const why = `the layouts are ${LAYOUT_NAMES.join(', ')}, and texts with directives such as %Y-%m-%d`
    problems.add('DEFINE_BAD_TIME_LAYOUT', path, { given, why }, didYouMean(closestName(text, LAYOUT_NAMES)))
    return undefined
  }
  const why = strptimeFault(text)
  if (why === undefined) return { kind: 'strptime', format: text }
  problems.add('DEFINE_BAD_TIME_LAYOUT', path, { given, why })
  return undefined
}

function checkYear(layout: TimeLayout, year: number | undefined, path: Path, problems: DiagnosticList): void {
  const name = layout.kind === 'strptime' ? layout.format : layout.kind
  if (carriesYear({ layout }) && year !== undefined)
    problems.add(
      'DEFINE_YEAR_UNUSED',
      [...path, 'year'],
      { layout: name },
      { target: 'key', hint: 'Remove the key year.' },
    )
}

function checkZone(text: string, path: Path, problems: DiagnosticList): string {
  const found = findZone(text)
  if (found.zone === undefined)
    problems.add('DEFINE_UNKNOWN_ZONE', path, { zone: text }, didYouMean(found.near))
  return found.zone ?? 'UTC'
}
