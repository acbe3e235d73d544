/** Dimensions, measures and ratios share the columns of one result, so their names must not meet. */
import type { Measure } from '../core/definition.ts'
import type { MetricText } from './definition-schema.ts'
import type { DiagnosticList, Path } from './diagnostic.ts'

/** Columns that every result has. */
export const RESERVED_NAMES: readonly string[] = ['window_start', 'window_end']

const KINDS = [
  ['dimensions', 'dimension'],
  ['measures', 'measure'],
  ['ratios', 'ratio'],
] as const

/** SQL tells names apart without capitals, so these checks do too. */
export function checkColumnNames(
  text: MetricText,
  path: Path,
  measures: readonly Measure[],
  problems: DiagnosticList,
): void {
  const taken = new Map<string, string>()
  for (const [key, kind] of KINDS)
    for (const name of Object.keys(text[key] ?? {})) {
      const at = [...path, key, name]
      const other = taken.get(name.toLowerCase())
      if (RESERVED_NAMES.includes(name.toLowerCase()))
        problems.add('DEFINE_RESERVED_NAME', at, { name }, { target: 'key', hint: `Rename the ${kind}.` })
      else if (other !== undefined)
        problems.add(
          'DEFINE_DUPLICATE_NAME',
          at,
          { name, kind: other },
          { target: 'key', hint: `Rename the ${kind}.` },
        )
      else taken.set(name.toLowerCase(), kind)
      checkQuantileColumn(name, at, measures, problems)
    }
}

/** A quantile of the measure `duration` is the column `duration_p95`. */
function checkQuantileColumn(
  name: string,
  path: Path,
  measures: readonly Measure[],
  problems: DiagnosticList,
): void {
  const stem = /^(.+)_p\d+$/i.exec(name)?.[1]?.toLowerCase()
  const measure = measures.find(
    (item) => item.call.aggregate === 'quantiles' && item.name.toLowerCase() === stem,
  )
  if (measure)
    problems.add(
      'DEFINE_COLUMN_CLASH',
      path,
      { measure: measure.name, column: name, name },
      { target: 'key' },
    )
}
