/** The SQL that turns raw lines of a source into records: reason, event time, typed fields. */
import type { Format } from '../core/definition.ts'
import type { SourcePlan } from '../core/plan.ts'
import { readAccessLog } from './format/access-log.ts'
import { readDelimited } from './format/delimited.ts'
import { eventMillis } from './format/event-time.ts'
import { fieldValue } from './format/field-value.ts'
import { readJson } from './format/json.ts'
import type { Reading, ReadRequest } from './format/line-reader.ts'
import { readLogfmt } from './format/logfmt.ts'
import type { EngineDialect } from './format/parse-dialect.ts'
import { readPattern } from './format/pattern.ts'
import { Stages } from './format/stages.ts'
import { timeFaults } from './time-limits.ts'

/** Longer lines are rejected unread. */
export const MAX_LINE_BYTES = 1_048_576

/**
 * SQL of a SELECT over `linesRelation` (columns `"offset"` BIGINT and `raw` binary, those of `passed`, `observed_ms`
 * BIGINT where the plan limits skew or age, and that and `context` text where the source's lines need it),
 * giving one row per line: the `passed` columns; `reason`, null when the line was read, `header` for a csv
 * header, else why it was rejected; `event_ms`, null unless read; `f<i>` and `e<i>` for field i of the plan:
 * its value (decimals as scaled integers), and whether it is bad, in which case the value means nothing.
 */
export function printParse(
  plan: SourcePlan,
  dialect: EngineDialect,
  linesRelation: string,
  passed: readonly string[] = ['"offset"'],
): string {
  const { stages, faults } = startLines(dialect, plan.format, linesRelation)
  const paths = distinctPaths([...plan.fields.map(({ path }) => path), plan.time.path])
  const reading = readFormat({ stages, dialect, format: plan.format, paths })
  const placeOf = (path: readonly string[]) => paths.findIndex((other) => samePath(other, path))
  const nullTexts = [...plan.nullTexts, ...reading.nullTexts]
  const emptyIsNull = plan.format.kind !== 'json'
  const fieldNulls = (kind: string) => (emptyIsNull && kind !== 'string' ? [...nullTexts, ''] : nullTexts)
  const timePlace = placeOf(plan.time.path)
  stages.add({
    t_text: reading.text(timePlace),
    ...mapFields(plan, ({ path }, i) => [`r${i}`, reading.text(placeOf(path))]),
  })
  stages.add({
    t: withoutNulls(dialect, 't_text', fieldNulls('time')),
    ...mapFields(plan, ({ type }, i) => [`x${i}`, withoutNulls(dialect, `r${i}`, fieldNulls(type.kind))]),
  })
  const values = plan.fields.map((field, i) =>
    fieldValue(dialect.parse, field, `x${i}`, reading.isOdd?.(placeOf(field.path), `x${i}`)),
  )
  stages.add(Object.fromEntries(values.flatMap(({ cast }, i) => (cast ? [[`n${i}`, cast]] : []))))
  const eventMs = eventMillis(stages, dialect.parse, plan.time, 't')
  stages.add({ event_ms: eventMs, ...mapFields(plan, (_, i) => [`f${i}`, values[i]!.value(`n${i}`)]) })
  const reasons = [...faults, ...reading.reasons]
  stages.add({
    reason: firstReason(reasons, timeFaults(plan)),
    ...mapFields(plan, (_, i) => [`e${i}`, values[i]!.error(`f${i}`)]),
  })
  const outputs = plan.fields.flatMap((_, i) => [`f${i}`, `e${i}`])
  return stages.select([
    ...passed,
    'reason',
    'CASE WHEN reason IS NULL THEN event_ms END AS event_ms',
    ...outputs,
  ])
}

/** What holds for every format: bytes → text, and the reasons that need no look at the text's form. */
function startLines({ parse }: EngineDialect, format: Format, relation: string) {
  const stages = new Stages(relation)
  const length = parse.binaryLength('raw')
  stages.add({ decoded: parse.decodeText(`CASE WHEN ${length} <= ${MAX_LINE_BYTES} THEN raw END`) })
  const reasons: { when: string; reason: string }[] = [
    { when: `${length} = 0`, reason: 'empty_line' },
    { when: `${length} > ${MAX_LINE_BYTES}`, reason: 'line_too_long' },
    { when: 'decoded IS NULL', reason: 'invalid_utf8' },
  ]
  // JSON's grammar refuses U+0000 itself.
  if (format.kind !== 'json') reasons.push({ when: parse.hasNul('decoded'), reason: 'nul_byte' })
  // What is null already, and the empty line that JSON's grammar refuses, need no CASE.
  const fault = reasons.map(({ when }) => when).join(' OR ')
  stages.add({ line: format.kind === 'json' ? 'decoded' : `CASE WHEN ${fault} THEN NULL ELSE decoded END` })
  return { stages, faults: reasons.map((one) => ({ ...one, isTimeless: true })) }
}

/** Most lines have an event time, which rules out all reasons but those that say otherwise. */
function firstReason(reasons: Reading['reasons'], limits: ReturnType<typeof timeFaults>): string {
  const all = [
    ...reasons,
    { when: 't IS NULL', reason: 'missing_time' },
    { when: 'event_ms IS NULL', reason: 'invalid_time' },
    ...limits,
  ]
  const whens = all.map(({ when, reason }) => `WHEN ${when} THEN '${reason}'`)
  const tied = reasons.filter(({ isTimeless }) => !isTimeless)
  const isSuspect = ['event_ms IS NULL', ...[...limits, ...tied].map(({ when }) => when)]
  return `CASE WHEN ${isSuspect.join(' OR ')} THEN CASE ${whens.join(' ')} END END`
}

function readFormat(request: ReadRequest): Reading {
  const { format, ...rest } = request
  switch (format.kind) {
    case 'json':
      return readJson({ ...rest, format })
    case 'logfmt':
      return readLogfmt({ ...rest, format })
    case 'combined':
    case 'common':
      return readAccessLog({ ...rest, format })
    case 'csv':
      return readDelimited({ ...rest, format })
    case 'pattern':
      return readPattern({ ...rest, format })
  }
}

function withoutNulls(dialect: EngineDialect, text: string, nulls: readonly string[]): string {
  const distinct = [...new Set(nulls)]
  if (distinct.length === 0) return text
  if (distinct.length === 1) return `nullif(${text}, ${dialect.quoteText(distinct[0]!)})`
  const list = distinct.map((literal) => dialect.quoteText(literal)).join(', ')
  return `CASE WHEN ${text} IN (${list}) THEN NULL ELSE ${text} END`
}

function mapFields(
  { fields }: SourcePlan,
  entry: (field: SourcePlan['fields'][number], index: number) => [string, string],
): Record<string, string> {
  return Object.fromEntries(fields.map(entry))
}

function distinctPaths(paths: readonly (readonly string[])[]): (readonly string[])[] {
  return paths.filter((path, index) => paths.findIndex((other) => samePath(other, path)) === index)
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index])
}
