/** Merged totals → the result table that users see: windows, dimensions, measures, ratios. */

import { evaluateRatio, namesInRatio } from './evaluate-ratio.ts'
import { exactToDouble } from './exact-number.ts'
import { type FinishedColumn, finishMeasure } from './finish-measure.ts'
import { fitsInt64 } from './fits-int64.ts'
import type { MergedTotals } from './merged-totals.ts'
import type { MeasureSource, MetricPlan, PlanDimension } from './plan.ts'
import type { QuantileRank } from './quantile-rank.ts'
import type { ResultColumn, ResultTable, ResultType } from './result-table.ts'

/** What the totals were asked for. */
export interface Selection {
  readonly by: readonly PlanDimension[]
  /** Every measure that was read, in plan order. */
  readonly sources: readonly MeasureSource[]
  readonly ranks: readonly QuantileRank[]
  /** Names of the measures and ratios to show. */
  readonly shown: ReadonlySet<string>
}

export function finishTotals(plan: MetricPlan, totals: MergedTotals, selection: Selection): ResultTable {
  const finished = new Map(
    selection.sources.map((source, place) => [
      source.measure.name,
      finishMeasure(source, totals.measures[place]!),
    ]),
  )
  const measures = selection.sources
    .filter(({ measure }) => selection.shown.has(measure.name))
    .flatMap((source) => measureColumns(source, finished.get(source.measure.name)!, selection.ranks))
  const columns: ResultColumn[] = [
    { name: 'window_start', type: 'timestamp', scale: 0, values: totals.windowMs },
    ...selection.by.map((dimension, place) => dimensionColumn(dimension, totals, place)),
    ...measures,
    ...ratioColumns(plan, totals.windowMs.length, finished, selection.shown),
  ]
  return { rows: totals.windowMs.length, columns }
}

/** The measures that must be read to show the given measures and ratios. */
export function neededMeasures(plan: MetricPlan, shown: ReadonlySet<string>): ReadonlySet<string> {
  const needed = new Set(shown)
  for (const { name, expr } of [...plan.ratios].reverse())
    if (needed.has(name)) for (const used of namesInRatio(expr)) needed.add(used)
  return needed
}

function dimensionColumn(
  { name, type, expr }: PlanDimension,
  totals: MergedTotals,
  place: number,
): ResultColumn {
  const values = totals.dimensions.map((dimensions) => dimensions[place]!)
  if (type.kind === 'decimal') return { name, type: 'decimal', scale: type.scale, values }
  const isWide = type.kind === 'integer' && !fitsInt64(expr)
  return { name, type: isWide ? 'decimal' : type.kind, scale: 0, values }
}

function measureColumns(
  source: MeasureSource,
  finished: readonly FinishedColumn[],
  ranks: readonly QuantileRank[],
): ResultColumn[] {
  const { name, unit, call } = source.measure
  return finished.map(({ scale, values }, place) => ({
    name: call.aggregate === 'quantiles' ? `${name}_${ranks[place]!.suffix}` : name,
    type: measureType(source, scale),
    scale: scale ?? 0,
    ...(unit !== undefined && { unit }),
    values,
  }))
}

/** The type follows from the definition alone, never from the values at hand. */
function measureType({ measure }: MeasureSource, scale: number | undefined): ResultType {
  const { aggregate, argument } = measure.call
  if (scale === undefined) return 'double'
  if (aggregate === 'count' || aggregate === 'distinct') return 'integer'
  const isExtreme = aggregate === 'min' || aggregate === 'max'
  return scale === 0 && isExtreme && argument && fitsInt64(argument) ? 'integer' : 'decimal'
}

function ratioColumns(
  plan: MetricPlan,
  rows: number,
  finished: ReadonlyMap<string, readonly FinishedColumn[]>,
  shown: ReadonlySet<string>,
): ResultColumn[] {
  const needed = neededMeasures(plan, shown)
  const ratios = plan.ratios.filter(({ name }) => needed.has(name))
  const known = new Map<string, readonly (number | null)[]>()
  for (const name of new Set(ratios.flatMap(({ expr }) => namesInRatio(expr)))) {
    const column = finished.get(name)?.[0]
    if (column) known.set(name, toDoubles(column))
  }
  for (const { name, expr } of ratios)
    known.set(
      name,
      Array.from({ length: rows }, (_, row) => evaluateRatio(expr, (of) => known.get(of)?.[row] ?? null)),
    )
  return ratios
    .filter(({ name }) => shown.has(name))
    .map(({ name }) => ({ name, type: 'double', scale: 0, values: known.get(name)! }))
}

function toDoubles({ scale = 0, values }: FinishedColumn): (number | null)[] {
  return values.map((value) => (typeof value === 'bigint' ? exactToDouble(value, scale) : value))
}
