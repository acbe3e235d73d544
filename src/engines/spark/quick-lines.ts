/**
 * The quick pass over JSON lines: typed values of the lines that are surely read right, and the bytes of all others. Its
 * parse makes no text of a number and skips what no metric uses.
 */
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { Stages } from '../../compile/format/stages.ts'
import { MAX_LINE_BYTES } from '../../compile/parse-source.ts'
import type { Field } from '../../core/definition.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { isFraction, STRICT } from './json-swift.ts'
import { isOdd, isPlain } from './plain-line.ts'
import { isoMillis, isoShape } from './quick-time.ts'
import { quoteText } from './quote-text.ts'

/** Names a struct can have without doubt, in a schema that is written as text. */
const SAFE_KEY = /^[A-Za-z0-9_@.-]{1,200}$/
/** Spark's resolver sees no case. No field is called so. */
const SEAL = 'j_seal'
/** A double times 10^scale is wrong by less than 10^-4 below this, so that it rounds as its decimal form does. */
const LARGEST_SCALED = '274877906944D'
const NEAR_TIE = '0.499D'
const LARGEST_DOUBLE = "CAST('1.7976931348623157e308' AS DOUBLE)"

type Kind = Field['type']['kind']
/** Of parsed values; decimals are scaled integers. */
export const VALUE_TYPES: Readonly<Record<Kind, string>> = {
  string: 'STRING',
  integer: 'BIGINT',
  decimal: 'BIGINT',
  float: 'DOUBLE',
  boolean: 'BOOLEAN',
}
/** Of what is read from a line. */
const COLUMN_TYPES: typeof VALUE_TYPES = { ...VALUE_TYPES, decimal: 'DOUBLE' }

/**
 * SQL of a SELECT over `lines` that gives the `passed` columns, `is_quick`, and for quick lines `event_ms` and the
 * fields' values as printParse gives them; a quick line has no fault and no bad field. `raw` is there for all others.
 * Undefined for sources whose lines have no quick way.
 */
export function printQuick(
  plan: SourcePlan,
  dialect: EngineDialect,
  lines: string,
  passed: readonly string[],
): string | undefined {
  const columns = typedColumns(plan)
  const { time } = plan
  if (columns === undefined || time.layout.kind !== 'iso') return undefined
  const keys = [...columns.keys()]
  const timeShape = isoShape(time.zone === 'UTC')
  const name = (key: string | undefined) => `j_item.\`${key}\``
  const stages = new Stages(lines)
  stages.add({ line: `CAST(CASE WHEN octet_length(raw) <= ${MAX_LINE_BYTES} THEN raw END AS STRING)` })
  stages.add({ is_plain: isPlain('line', { time: time.path[0]!, timeShape, others: keys }) })
  stages.add({ j_seal: `CASE WHEN NOT is_plain AND contains(line, ']') THEN md5(line) END` })
  stages.add({ j_items: `CASE WHEN NOT is_plain THEN ${sealedParse('line', columns)} END` })
  stages.add({ j_item: `CASE WHEN is_plain THEN ${plainParse('line', columns)} ELSE ${openSeal()} END` })
  stages.add({
    t: name(time.path[0]),
    ...Object.fromEntries(plan.fields.map(({ path }, i) => [`v${i}`, name(path[0])])),
  })
  stages.add({
    event_ms: `CASE WHEN (is_plain OR ${dialect.parse.fullMatch('t', timeShape)}) AND t >= '0001' THEN ${isoMillis('t')} END`,
    ...Object.fromEntries(plan.fields.map(({ type }, i) => [`f${i}`, value(plan, type, `v${i}`)])),
  })
  const hasAll = ['t', ...plan.fields.map((_, i) => `v${i}`)]
    .map((text) => `${text} IS NOT NULL`)
    .join(' AND ')
  const faults = [
    'j_item IS NULL',
    `(is_plain AND ${name(SEAL)} IS NOT NULL)`,
    'event_ms IS NULL',
    `CASE WHEN is_plain AND ${hasAll} THEN FALSE ELSE ${isOdd('line')} END`,
    ...(plan.allowedSkewMs === undefined ? [] : [`event_ms > observed_ms + ${plan.allowedSkewMs}`]),
    ...plan.fields.flatMap(({ type }, i) => doubt(type, `v${i}`)),
  ]
  stages.add({ is_quick: `NOT coalesce(${faults.join(' OR ')}, FALSE)` })
  const values = ['event_ms', ...plan.fields.map((_, i) => `f${i}`)]
  return stages.select([...passed, 'is_quick', 'CASE WHEN NOT is_quick THEN raw END AS raw', ...values])
}

/** Types by key; undefined where a line cannot be read so, or a value could stand for null. */
function typedColumns(plan: SourcePlan): ReadonlyMap<string, string> | undefined {
  if (plan.format.kind !== 'json') return undefined
  if (plan.nullTexts.some((text) => /^(?:-|[0-9]|true$|false$)/.test(text))) return undefined
  const columns = new Map<string, string>()
  const places = [{ path: plan.time.path, kind: 'string' as Kind }].concat(
    plan.fields.map(({ path, type }) => ({ path, kind: type.kind })),
  )
  for (const { path, kind } of places) {
    const key = path[0] ?? ''
    if (path.length !== 1 || !SAFE_KEY.test(key)) return undefined
    const other = columns.get(key)
    if (other !== undefined && other !== COLUMN_TYPES[kind]) return undefined
    columns.set(key, COLUMN_TYPES[kind])
  }
  const folded = new Set([...columns.keys(), SEAL].map((key) => key.toLowerCase()))
  return folded.size === columns.size + 1 ? columns : undefined
}

/** Of a line with a value of another type all else is given, and the text of the line in place of the seal. */
function plainParse(line: string, columns: ReadonlyMap<string, string>): string {
  const options = STRICT.replace(/\)$/, `, 'columnNameOfCorruptRecord', '${SEAL}')`)
  return `from_json(${line}, ${quoteText(structType(columns))}, ${options})`
}

/** A value of another type makes the whole null. Without `]` in the line the array's end is the line's. */
function sealedParse(line: string, columns: ReadonlyMap<string, string>): string {
  const seal = `CASE WHEN j_seal IS NULL THEN ']' ELSE concat(',{"${SEAL}":"', j_seal, '"}]') END`
  return `from_json(concat('[', ${line}, ${seal}), ${quoteText(`array<${structType(columns)}>`)}, ${STRICT})`
}

function structType(columns: ReadonlyMap<string, string>): string {
  const members = [...columns, [SEAL, 'STRING']].map(([key, type]) => `\`${key}\`: ${type}`)
  return `struct<${members.join(', ')}>`
}

function openSeal(): string {
  const isWhole = `CASE WHEN j_seal IS NULL THEN size(j_items) = 1 ELSE size(j_items) = 2 AND get(j_items, 1).${SEAL} = j_seal END`
  return `CASE WHEN ${isWhole} THEN get(j_items, 0) END`
}

function value({ nullTexts }: SourcePlan, type: Field['type'], typed: string): string {
  if (type.kind === 'decimal') return `try_cast(rint(${scaled(typed, type.scale)}) AS BIGINT)`
  if (type.kind !== 'string' || nullTexts.length === 0) return typed
  return `CASE WHEN ${typed} IN (${nullTexts.map(quoteText).join(', ')}) THEN NULL ELSE ${typed} END`
}

/** Conditions that are true where the value must be looked at more closely. */
function doubt(type: Field['type'], typed: string): string[] {
  switch (type.kind) {
    case 'string': {
      const starts = ['{', '[', '"'].map((start) => start.charCodeAt(0)).join(', ')
      return [`ascii(${typed}) IN (${starts})`, `(${isFraction(typed)})`]
    }
    case 'decimal': {
      const number = scaled(typed, type.scale)
      return [`abs(${number}) >= ${LARGEST_SCALED}`, `abs(${number} - rint(${number})) > ${NEAR_TIE}`]
    }
    case 'float':
      return [`abs(${typed}) > ${LARGEST_DOUBLE}`, `(${typed} = 0 AND CAST(${typed} AS STRING) <> '0.0')`]
    case 'integer':
    case 'boolean':
      return []
  }
}

function scaled(typed: string, scale: number): string {
  return `(${typed} * CAST('1e${scale}' AS DOUBLE))`
}
