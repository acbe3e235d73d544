/** Stages that read a line of JSON, where it is plain: its members, their texts, their values. */
import type { SourcePlan } from '../../core/plan.ts'
import { flinkDialect } from './dialect.ts'
import { END, memberRegex, type Token } from './plain-json.ts'
import { type PlainValue, plainTime, plainValue } from './plain-values.ts'

/** Columns, by name, and those before them that are still needed. */
export interface Stage {
  readonly keeps: readonly string[]
  readonly columns: Readonly<Record<string, string>>
}

const quoteText = (text: string) => flinkDialect.quoteText(text)

/** From bytes `line` to `is_plain`, and where that is true `event_ms` and `f<i>`, the value of each field. */
export function lineStages(plan: SourcePlan): Stage[] {
  const keys = [...new Set([plan.time, ...plan.fields].map(({ path }) => path[0]!))]
  const columns = (letter: string, sql: (place: number) => string) =>
    Object.fromEntries(keys.map((_, place) => [`${letter}${place}`, sql(place)]))
  const [time, ...fields] = plainValues(plan, keys)
  const tokens = new Map(keys.map((key) => [key, [] as Token[]]))
  for (const { key, token } of [time!, ...fields]) tokens.get(key)!.push(token)
  const found = keys.map((_, place) => `CASE WHEN t${place} IS NULL THEN 0 ELSE 1 END`)
  return [
    { keeps: [], columns: { text: `DECODE(line, 'UTF-8')` } },
    { keeps: [], columns: { members: `REGEXP_EXTRACT_ALL(text, ${quoteText(memberRegex(tokens))}, 1)` } },
    {
      keeps: [],
      columns: {
        ...{
          count_members: 'CARDINALITY(members)',
          ends: `members[CARDINALITY(members)] = ${quoteText(END)}`,
        },
        // In the order of the line.
        ...columns('e', (place) => `members[${place + 1}]`),
      },
    },
    { keeps: ['count_members', 'ends'], columns: columns('t', (place) => memberOf(keys, keys[place]!)) },
    {
      keeps: [],
      columns: {
        // No key stands there twice.
        is_whole: `COALESCE(ends AND count_members - 1 = ${found.join(' + ')}, FALSE)`,
        ...columns('x', (place) => textOf(plan, keys[place]!, `t${place}`)),
      },
    },
    {
      keeps: [],
      columns: {
        ...{ is_plain: `(is_whole AND ${time!.isPlain})`, event_ms: time!.value },
        ...Object.fromEntries(fields.map(({ value }, place) => [`f${place}`, value])),
      },
    },
  ]
}

interface KeyValue extends PlainValue {
  readonly key: string
  readonly isPlain?: string
}

/** Of the time, then of each field. */
function plainValues({ time, fields, nullTexts }: SourcePlan, keys: readonly string[]): KeyValue[] {
  const textOfKey = (key: string) => `x${keys.indexOf(key)}`
  const [timeKey] = time.path
  return [
    { key: timeKey!, ...plainTime(time, textOfKey(timeKey!))! },
    ...fields.map((field) => {
      const [key] = field.path
      return { key: key!, ...plainValue(field, textOfKey(key!), nullTexts) }
    }),
  ]
}

function memberOf(keys: readonly string[], key: string): string {
  const whens = keys.map((_, place) => `WHEN ${beginsWith(`e${place}`, `"${key}"`)} THEN e${place}`)
  return `CASE ${whens.join(' ')} END`
}

function beginsWith(text: string, start: string): string {
  const pattern = quoteText(`${start.replaceAll('_', '\\_')}%`)
  return `${text} LIKE ${pattern}${start.includes('_') ? ` ESCAPE '\\'` : ''}`
}

/** Without its key and quotes; texts that mean null are null. */
function textOf({ nullTexts }: SourcePlan, key: string, member: string): string {
  const at = `"${key}":`.length + 1
  const cases = ['"', ' "'].map(
    (start) =>
      `WHEN ${beginsWith(member, `"${key}":${start}`)} THEN SUBSTRING(${member}, ${at + start.length})`,
  )
  const text = `CASE ${cases.join(' ')} WHEN ${member} LIKE '%null' THEN NULL ELSE LTRIM(SUBSTRING(${member}, ${at})) END`
  if (nullTexts.length === 0) return text
  return `CASE WHEN ${text} IN (${nullTexts.map(quoteText).join(', ')}) THEN NULL ELSE ${text} END`
}
