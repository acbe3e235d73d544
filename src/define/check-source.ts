/** One source of a definition: text → checked Source, reporting every problem. */

import type { Field, FieldType, Format, Source } from '../core/definition.ts'
import { parseDuration } from '../core/duration.ts'
import { compareText } from '../core/expr-fields.ts'
import { ADAPTER_KEYS } from './adapter-schema.ts'
import { checkFormat } from './check-format.ts'
import { checkTime } from './check-time.ts'
import type { SourceText } from './definition-schema.ts'
import type { DiagnosticList, Path } from './diagnostic.ts'
import { BUILT_IN_FIELDS, builtInNames, isAccessLog, readPath } from './field-place.ts'

type FieldText = NonNullable<NonNullable<SourceText['fields']>[string]>

/** `broken` are fields that were declared wrongly: what uses them cannot be judged. */
export interface CheckedSource {
  readonly source: Source
  readonly broken: ReadonlySet<string>
}

/** The source may hold stand-ins for what was wrong; it is fit for use only when no problem was reported. */
export function checkSource(
  name: string,
  text: SourceText,
  path: Path,
  problems: DiagnosticList,
): CheckedSource {
  const format = checkFormat(text.format, [...path, 'format'], problems)
  const declared = Object.entries(text.fields ?? {})
  const fields = new Map<string, Field>(
    format && isAccessLog(format.format) ? builtInFields(format.format) : [],
  )
  const broken = new Set<string>()
  for (const [fieldName, fieldText] of declared) {
    const field = checkField(fieldName, fieldText, format?.format, [...path, 'fields', fieldName], problems)
    if (field) fields.set(fieldName, field)
    else broken.add(fieldName)
  }
  for (const field of fields.values()) format?.checkPlace(field, [...path, 'fields', field.name], problems)
  const time = checkTime(name, text.time, { format: format?.format, fields }, path, problems)
  if (time && !fields.has(time.field))
    format?.checkPlace({ name: time.field, path: time.path }, [...path, 'time'], problems)
  const nullTexts = [...new Set(text.nulls ?? [])].sort(compareText)
  const source = {
    ...{ name, nullTexts, fields: [...fields.values()] },
    ...(text.was !== undefined && { was: text.was }),
    format: format?.format ?? { kind: 'json' },
    ...checkFrom(text.from),
    ...(text.allowed_skew !== undefined && { allowedSkewMs: parseDuration(text.allowed_skew) ?? 0 }),
    ...(text.allowed_age !== undefined && { allowedAgeMs: parseDuration(text.allowed_age) ?? 0 }),
    time: time ?? { field: '', path: [], layout: { kind: 'iso' }, zone: 'UTC' },
  } satisfies Source
  return { source, broken }
}

function checkFrom(from: SourceText['from']): Pick<Source, 'from'> {
  const topic = from?.[ADAPTER_KEYS.log]
  if (topic === undefined) return {}
  const { start = 'earliest', observed = 'topic' } = from!
  return { from: { topic, start, observed } }
}

function builtInFields(format: Format): [string, Field][] {
  return builtInNames(format).flatMap((name): [string, Field][] => {
    const type = BUILT_IN_FIELDS.get(name)
    return type ? [[name, { name, type, path: [name] }]] : []
  })
}

function checkField(
  name: string,
  text: FieldText | undefined,
  format: Format | undefined,
  path: Path,
  problems: DiagnosticList,
): Field | undefined {
  const typeText = typeof text === 'object' ? text.type : text
  const from = typeof text === 'object' ? text.from : undefined
  const place = readPath(name, from, format?.kind ?? 'json', [...path, 'from'], problems)
  return typeText === undefined ? undefined : { name, type: parseFieldType(typeText), path: place }
}

function parseFieldType(text: string): FieldType {
  const scale = /^decimal\((\d+)\)$/.exec(text)?.[1]
  return scale === undefined
    ? { kind: text as 'string' | 'boolean' | 'integer' | 'float' }
    : { kind: 'decimal', scale: Number(scale) }
}
