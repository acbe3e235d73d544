/**
 * The quick pass over JSON lines: typed values of the lines that are surely read right, and the bytes of all others. Its
 * parse makes no text of a number and skips what no metric uses.
 */

import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { Stages } from '../../compile/format/stages.ts'
import { MAX_LINE_BYTES } from '../../compile/parse-source.ts'
import { timeFaults } from '../../compile/time-limits.ts'
import type { Field } from '../../core/definition.ts'
import type { SourcePlan } from '../../core/plan.ts'
import { isFraction, STRICT } from './json-swift.ts'
import { isOdd, takenValue, takePlain } from './plain-line.ts'
import { ISO_SHAPE, isoMillis, isoShape, zoneShape } from './quick-time.ts'
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
  const isUtc = time.zone === 'UTC'
  const stages = new Stages(lines)
  stages.add({ line: `CAST(CASE WHEN octet_length(raw) <= ${MAX_LINE_BYTES} THEN raw END AS STRING)` })
  const timeShape = { text: ISO_SHAPE, zone: zoneShape(isUtc) }
  stages.add({ plain: takePlain('line', { types: columns, timeShape }) })
  stages.add({ is_plain: `coalesce(get(plain, 0) = '', FALSE)` })
  stages.add(
    columnsOf(
      'p',
      [...columns.values()].map((type, i) => takenValue('plain', i, type)),
    ),
  )
  const hasAll = keys.map((_, i) => `p${i} IS NOT NULL`).join(' AND ')
  // Spark hands rows to from_json one by one, and those of most lines are short so.
  stages.add({ rest: `CASE WHEN is_plain AND ${hasAll} THEN NULL ELSE line END` })
  stages.add({ j_seal: `CASE WHEN NOT is_plain AND contains(rest, ']') THEN md5(rest) END` })
  stages.add({ j_items: `CASE WHEN NOT is_plain THEN ${sealedParse('rest', columns)} END` })
  stages.add({ j_item: `CASE WHEN NOT is_plain THEN ${openSeal()} END` })
  stages.add(
    columnsOf(
      'k',
      keys.map((key, i) => `CASE WHEN is_plain THEN p${i} ELSE j_item.\`${key}\` END`),
    ),
  )
  const values = plan.fields.map(({ path }) => `k${keys.indexOf(path[0]!)}`)
  stages.add({
    event_ms: `CASE WHEN (is_plain OR ${dialect.parse.fullMatch('k0', isoShape(isUtc))}) AND k0 >= '0001' THEN ${isoMillis('k0')} END`,
    ...columnsOf(
      'f',
      plan.fields.map(({ type }, i) => fieldValue(plan, type, values[i]!)),
    ),
  })
  const faults = [
    'NOT is_plain AND j_item IS NULL',
    'event_ms IS NULL',
    `(rest IS NOT NULL AND ${isOdd('rest')})`,
    ...timeFaults(plan).map(({ when }) => when),
    ...plan.fields.flatMap(({ type }, i) => doubt(type, values[i]!)),
  ]
  stages.add({ is_quick: `NOT coalesce(${faults.join(' OR ')}, FALSE)` })
  const found = ['event_ms', ...plan.fields.map((_, i) => `f${i}`)]
  return stages.select([...passed, 'is_quick', 'CASE WHEN NOT is_quick THEN raw END AS raw', ...found])
}

function columnsOf(prefix: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((sql, index) => [`${prefix}${index}`, sql]))
}

/** Types by key, the time's first; undefined where a line cannot be read so, or a value could stand for null. */
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

function fieldValue({ nullTexts }: SourcePlan, type: Field['type'], typed: string): string {
  if (type.kind === 'decimal') return `try_cast(rint(${scaled(typed, type.scale)}) AS BIGINT)`
  if (type.kind !== 'string' || nullTexts.length === 0) return typed
  return `CASE WHEN ${typed} IN (${nullTexts.map(quoteText).join(', ')}) THEN NULL ELSE ${typed} END`
}

/** Conditions that are true where the value must be looked at more closely; a parsed text may be of another type. */
function doubt(type: Field['type'], typed: string): string[] {
  switch (type.kind) {
    case 'string': {
      const starts = ['{', '[', '"'].map((start) => start.charCodeAt(0)).join(', ')
      return [`(NOT is_plain AND (ascii(${typed}) IN (${starts}) OR ${isFraction(typed)}))`]
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
