/** Stages that read a line of JSON, where it is plain: its members, their texts, their values. */
import type { SourcePlan } from '../../core/plan.ts'
import { flinkDialect } from './dialect.ts'
import { END, memberRegex, type Token } from './plain-json.ts'
import { type PlainTime, type PlainValue, plainTime, plainValue } from './plain-values.ts'

/** Columns, by name, and those before them that are still needed. */
export interface Stage {
  readonly keeps: readonly string[]
  readonly columns: Readonly<Record<string, string>>
}

const quoteText = (text: string) => flinkDialect.quoteText(text)

/** From bytes `line` to `is_plain`, and where that is true `event_ms` and `f<i>`, the value of each field. */
export function lineStages(plan: SourcePlan): Stage[] {
  const keys = [...new Set([plan.time, ...plan.fields].map(({ path }) => path[0]!))]
  const text = `DECODE(line, 'UTF-8')`
  return [
    { keeps: [], columns: { members: `REGEXP_EXTRACT_ALL(${text}, ${regexOf(plan, keys)}, 1)` } },
    {
      keeps: [],
      columns: {
        count_members: 'CARDINALITY(members)',
        ends: `members[CARDINALITY(members)] = ${quoteText(END)}`,
        ...Object.fromEntries(keys.map((key, place) => [`t${place}`, memberOf(keys, key)])),
      },
    },
    ...valueStages(plan, keys),
  ]
}

function regexOf(plan: SourcePlan, keys: readonly string[]): string {
  const tokens = new Map(keys.map((key) => [key, [] as Token[]]))
  const [time, ...fields] = plainValues(plan, (key) => key)
  for (const { key, token } of [time, ...fields]) tokens.get(key)!.push(token)
  return quoteText(memberRegex(tokens))
}

/** Texts that are named more than once have a stage of their own; each stage copies the texts that it reads. */
function valueStages(plan: SourcePlan, keys: readonly string[]): Stage[] {
  const found = keys.map((_, place) => `CASE WHEN t${place} IS NULL THEN 0 ELSE 1 END`)
  // No key stands there twice.
  const isWhole = `COALESCE(ends AND count_members - 1 = ${found.join(' + ')}, FALSE)`
  const textOfKey = (key: string) => textOf(plan, key, `t${keys.indexOf(key)}`)
  const shared = keys.filter((key) => namesOf(plan, key) > 1)
  if (shared.length === 0) return [{ keeps: [], columns: valueColumns(plan, isWhole, textOfKey) }]
  const name = (key: string) => `x${keys.indexOf(key)}`
  const isShared = (key: string) => shared.includes(key)
  return [
    {
      keeps: keys.flatMap((key, place) => (isShared(key) ? [] : [`t${place}`])),
      columns: { is_whole: isWhole, ...Object.fromEntries(shared.map((key) => [name(key), textOfKey(key)])) },
    },
    {
      keeps: [],
      columns: valueColumns(plan, 'is_whole', (key) => (isShared(key) ? name(key) : textOfKey(key))),
    },
  ]
}

function valueColumns(
  plan: SourcePlan,
  isWhole: string,
  textOfKey: (key: string) => string,
): Record<string, string> {
  const [time, ...fields] = plainValues(plan, textOfKey)
  return {
    ...{ is_plain: `(${isWhole} AND ${time.isPlain})`, event_ms: time.value },
    ...Object.fromEntries(fields.map(({ value }, place) => [`f${place}`, value])),
  }
}

/** How often values name the text of a key. */
function namesOf(plan: SourcePlan, key: string): number {
  const columns = valueColumns(plan, 'TRUE', (one) => (one === key ? '\0' : ''))
  return Object.values(columns).join().split('\0').length - 1
}

interface KeyValue extends PlainValue {
  readonly key: string
}

/** Of the time, then of each field. */
function plainValues(
  { time, fields, nullTexts }: SourcePlan,
  textOfKey: (key: string) => string,
): [KeyValue & PlainTime, ...KeyValue[]] {
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
  const whens = keys.map(
    (_, place) => `WHEN ${beginsWith(`members[${place + 1}]`, `"${key}"`)} THEN members[${place + 1}]`,
  )
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
