/**
 * The SQL by which records of a topic become records of our plan, each line parsed once, in stages of subqueries. The
 * planner would melt them into one and evaluate twice what is named twice; it leaves a stage alone that has a column which
 * is not the same each time it is evaluated, and which the next one names twice.
 */
import { type RecordColumns, TallyPrinter } from '../../compile/print-tally.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { flinkDialect } from './dialect.ts'
import { arrayOf, BAD_BYTES, isFindable, memberOf, PLAIN_OBJECT, twice } from './plain-json.ts'
import { hasNoEscape, plainTime, plainValue } from './plain-values.ts'

/** Longer lines are passed on. */
const MOST_CHARACTERS = 65_536

/** Of a record; every stage keeps it. */
const POSITION = ['p', 'r', 'observed_ms']

const quoteText = (text: string) => flinkDialect.quoteText(text)

/** Why no line of the source can be read here; undefined when lines can. */
export function whyUnread({ format, time, fields }: SourcePlan): string | undefined {
  if (format.kind !== 'json') return `lines of the format ${format.kind}`
  const odd = [time, ...fields].find(({ path }) => path.length > 1 || !isFindable(path[0]!))
  if (odd) return `the path of ${'name' in odd ? odd.name : odd.field}`
  return plainTime(time, 'x') ? undefined : `times of the layout ${time.layout.kind}`
}

export function recordColumns({ fields }: SourcePlan): RecordColumns {
  const places = new Map(fields.map(({ name }, place) => [name, place]))
  return {
    field: (name) => `f${places.get(name)}`,
    // A line with a bad field is passed on.
    error: () => 'FALSE',
    ...{ reason: 'reason', eventMs: 'event_ms', observedMs: 'observed_ms', offset: 'r' },
  }
}

export interface RecordsRequest {
  readonly plan: SourcePlan
  readonly latenessMs: ReadonlyMap<string, number>
  readonly chunkMs: number
}

/** Columns, by name, and those before them that are still needed. */
interface Stage {
  readonly keeps: readonly string[]
  readonly columns: Readonly<Record<string, string>>
}

/**
 * A FROM clause over `lines` (`p`, `r`, `observed_ms`, bytes `line`), with the columns `ours`, and where that is true
 * `f<i>`, `event_ms`, and for each metric `w<i>`, its window, and `m<i>`, whether it counts. Where a metric counts and is
 * ours, `k<i>_<tally>` is the key of each tally that has one.
 */
export function printRecords(request: RecordsRequest): string {
  const { plan } = request
  const keys = [...new Set([plan.time, ...plan.fields].map(({ path }) => path[0]!))]
  const isPlain = [
    `CHAR_LENGTH(text) <= ${MOST_CHARACTERS}`,
    `NOT REGEXP(text, ${quoteText(BAD_BYTES)})`,
    `NOT REGEXP(text, ${quoteText(twice(keys))})`,
    `REGEXP(text, ${quoteText(PLAIN_OBJECT)})`,
  ]
  const places = new Map(keys.map((key, place) => [key, place]))
  const tokens = keys.map(tokenOf)
  // A key before a scalar is before no array.
  const arrays = keys.map(
    (key, place) =>
      `CASE WHEN t${place} IS NULL THEN REGEXP(object, ${quoteText(arrayOf(key))}) ELSE FALSE END`,
  )
  const named = (letter: string) => keys.map((_, place) => `${letter}${place}`)
  const fields = plan.fields.map((_, place) => `f${place}`)
  const metrics = plan.metrics.flatMap((_, place) => [`w${place}`, `m${place}`])
  const stages: Stage[] = [
    { keeps: [], columns: { text: `DECODE(line, 'UTF-8')` } },
    { keeps: [], columns: { object: `CASE WHEN ${isPlain.join(' AND ')} THEN text END` } },
    {
      keeps: ['object'],
      columns: Object.fromEntries(tokens.map((token, place) => [`t${place}`, `NULLIF(${token}, 'null')`])),
    },
    {
      keeps: ['object', ...named('t')],
      columns: {
        has_array: `COALESCE(${arrays.join(' OR ')}, FALSE)`,
        ...Object.fromEntries(keys.map((_, place) => [`x${place}`, withoutNulls(plan, place)])),
      },
    },
    { keeps: [], columns: values(plan, places) },
    { keeps: ['event_ms', ...fields], columns: verdicts(request) },
    { keeps: ['event_ms', ...fields, 'ours', ...metrics], columns: keyColumns(plan) },
  ]
  const made = stages.filter(({ columns }) => Object.keys(columns).length > 0)
  return `FROM ${made.reduce(addStage, 'lines')}`
}

function addStage(from: string, { keeps, columns }: Stage, place: number): string {
  const before = `seal${place - 1}`
  const seal = place === 0 ? 'RAND()' : `CASE WHEN ${before} < 2 THEN RAND() ELSE ${before} END`
  const made = Object.entries({ ...columns, [`seal${place}`]: seal }).map(
    ([name, sql]) => `${sql} AS ${name}`,
  )
  return `(\nSELECT ${[...POSITION, ...keeps, ...made].join(', ')} FROM ${from})`
}

/** REGEXP_EXTRACT would compile its pattern for each record; this one keeps it. */
function tokenOf(key: string): string {
  const member = `REGEXP_SUBSTR(object, ${quoteText(memberOf(key))})`
  return `LTRIM(SUBSTRING(${member}, ${key.length + 3}), ${quoteText(' \t:')})`
}

/** Texts without quotes; those that mean null are null. */
function withoutNulls({ nullTexts }: SourcePlan, place: number): string {
  const token = `t${place}`
  const bare = `CASE WHEN ${token} LIKE '"%' THEN SUBSTRING(${token}, 2, CHAR_LENGTH(${token}) - 2) ELSE ${token} END`
  if (nullTexts.length === 0) return bare
  return `CASE WHEN ${bare} IN (${nullTexts.map(quoteText).join(', ')}) THEN NULL ELSE ${bare} END`
}

function values(plan: SourcePlan, places: ReadonlyMap<string, number>): Record<string, string> {
  const time = plainTime(plan.time, `x${places.get(plan.time.path[0]!)}`)!
  const fields = plan.fields.map((field) => {
    const place = places.get(field.path[0]!)
    return plainValue(field, `t${place}`, `x${place}`)
  })
  const isPlain = [
    ...['object IS NOT NULL', 'NOT has_array', time.isPlain],
    ...[...places.values()].map((place) => hasNoEscape(`t${place}`)),
    ...fields.map((field) => field.isPlain),
  ]
  return {
    is_plain: `(${isPlain.join(' AND ')})`,
    event_ms: `CASE WHEN ${time.isPlain} THEN ${time.value} END`,
    ...Object.fromEntries(
      fields.map(({ isPlain: is, value }, place) => [`f${place}`, `CASE WHEN ${is} THEN ${value} END`]),
    ),
  }
}

/** A line is ours when it is plain, not ahead of its time, and neither rejected nor late for any metric. */
function verdicts({ plan, latenessMs, chunkMs }: RecordsRequest): Record<string, string> {
  // The order may observe a record later than its stamp says, but in its chunk: what would be late then is passed on.
  const observedMs = `(observed_ms / ${chunkMs} * ${chunkMs} + ${chunkMs - 1})`
  const columns = { ...recordColumns(plan), observedMs }
  const printers = plan.metrics.map((metric) => new TallyPrinter(flinkDialect, metric, columns))
  const conditions = printers.map((printer, place) =>
    printer.conditions({ range: {}, latenessMs: latenessMs.get(plan.metrics[place]!.metric) }),
  )
  const { allowedSkewMs } = plan
  const isOurs = [
    'is_plain',
    ...(allowedSkewMs === undefined ? [] : [`event_ms <= observed_ms + ${allowedSkewMs}`]),
    ...conditions.flatMap(({ rejected, late }) =>
      [rejected, late].filter((one) => one !== 'FALSE').map((one) => `NOT COALESCE(${one}, FALSE)`),
    ),
  ]
  const ours = `COALESCE(${isOurs.join(' AND ')}, FALSE)`
  const metrics = printers.flatMap((printer, place): [string, string][] => [
    [`w${place}`, printer.windowStart],
    [`m${place}`, `COALESCE(is_plain AND ${conditions[place]!.counted}, FALSE)`],
  ])
  return { ours, ...Object.fromEntries(metrics) }
}

/** Keys are long to compute, and needed for the tag, the group and the ledger. */
function keyColumns(plan: SourcePlan): Record<string, string> {
  const keys = plan.metrics.flatMap(({ tallies }, place) =>
    tallies.flatMap(({ id, key }): [string, string][] => {
      if (!key) return []
      const text = flinkDialect.printExpr(key, recordColumns(plan))
      return [[keyColumn(place, id), `CASE WHEN ours AND m${place} THEN CAST(${text} AS BIGINT) END`]]
    }),
  )
  return Object.fromEntries(keys)
}

/** Of a tally, by the place of its metric in the plan. */
export function keyColumn(place: number, tally: string): string {
  return `k${place}_${tally}`
}
