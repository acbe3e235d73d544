/** Windows in which two reports differ: which measure of which series, and how. */
import { compareTotals, type TotalsDifference } from '../core/compare-totals.ts'
import type { MetricPlan, Tally } from '../core/plan.ts'
import { printValue } from '../core/print-value.ts'
import type { ResultValue } from '../core/result-table.ts'
import type { TimeRange } from '../core/run-record.ts'
import { compareDigests, type DigestDifference, digestKey, type TallyDigests } from '../core/tally-digest.ts'
import type { Report } from '../ports/report.ts'
import { readSlice } from './read-slices.ts'

/** Every percent: a wrong bucket mostly shows at some rank. */
const RANKS = Array.from({ length: 100 }, (_, index) => ((index + 1) / 100).toFixed(2))

export interface Sides {
  readonly reported: Report
  readonly recomputed: Report
}

/** Columns of a tally that are equal in equal reports to the last digit. */
export function exactColumns({ columns }: Tally): string[] {
  return columns
    .filter(({ fn, expr }) => fn === 'count' || expr?.type.kind !== 'float')
    .map((one) => one.column)
}

/** Each measure of a window and series is told once: with values that users see, else with digests of its rows. */
export async function compareWindows(
  sides: Sides,
  plan: MetricPlan,
  range: Required<TimeRange>,
): Promise<TotalsDifference[]> {
  const digests: ColumnDigests[] = []
  for (const tally of plan.tallies)
    for (const column of exactColumns(tally))
      digests.push(await readColumn(sides, plan, range, tally, column))
  const names = plan.measures.map(({ measure }) => measure.name)
  const values = isAligned(digests) ? await compareValues(sides, plan, range, names) : []
  const told = new Set(
    values.flatMap((one) => keysOfDifference(one, [one.column, measureOf(plan, one.column)])),
  )
  const hidden = digests.flatMap((one) => {
    const measures = measuresOf(plan, one)
    return describeDigests(plan, one).filter((difference) => {
      // A row that one side lacks differs in all its measures.
      const keys = keysOfDifference(difference, ['row', difference.column, ...measures])
      if (keys.some((key) => told.has(key))) return false
      for (const key of keysOfDifference(difference, [difference.column])) told.add(key)
      return true
    })
  })
  return [...values, ...hidden].sort((x, y) => x.windowMs - y.windowMs)
}

function keysOfDifference({ windowMs, dimensions }: TotalsDifference, columns: readonly string[]): string[] {
  const place = [windowMs, dimensions.map((value) => value ?? null)]
  return columns.map((column) => JSON.stringify([place, column]))
}

/** Values as `query` shows them; the first rank that differs stands for all of a measure's quantiles. */
export async function compareValues(
  { reported, recomputed }: Sides,
  plan: MetricPlan,
  range: Required<TimeRange>,
  measures: readonly string[],
): Promise<TotalsDifference[]> {
  const request = { measures, quantiles: RANKS }
  const a = await readSlice(reported, plan, range, request)
  const b = await readSlice(recomputed, plan, range, request)
  const compared = { keys: 1 + plan.dimensions.length, floats: floatMeasures(plan) }
  const seen = new Set<string>()
  return compareTotals(a, b, compared).differences.filter((difference) => {
    const [key] = keysOfDifference(difference, [measureOf(plan, difference.column)])
    if (seen.has(key!)) return false
    seen.add(key!)
    return true
  })
}

/** A quantile's column is named after its measure and rank. */
function measureOf({ measures }: MetricPlan, column: string): string {
  const quantiles = measures.filter(({ measure }) => measure.call.aggregate === 'quantiles')
  const found = quantiles.find(({ measure }) => column.replace(/_p[\d_]+$/, '') === measure.name)
  return found?.measure.name ?? column
}

/** Sums of floats depend on the order of addition, so they are compared as values. */
export function floatMeasures({ measures }: MetricPlan): ReadonlySet<string> {
  return new Set(measures.filter(({ float }) => float).map(({ measure }) => measure.name))
}

interface ColumnDigests {
  readonly tally: Tally
  readonly column: string
  readonly reported: TallyDigests
  readonly recomputed: TallyDigests
}

async function readColumn(
  { reported, recomputed }: Sides,
  plan: MetricPlan,
  range: TimeRange,
  tally: Tally,
  column: string,
): Promise<ColumnDigests> {
  const query = { plan, range, tally: tally.id, columns: [column], bySeries: true }
  return { tally, column, reported: await reported.digest(query), recomputed: await recomputed.digest(query) }
}

/** Sketch rows without a row of totals cannot be read as measures. */
function isAligned(digests: readonly ColumnDigests[]): boolean {
  const base = digests.find(({ tally }) => !tally.key)!
  return (['reported', 'recomputed'] as const).every((side) => {
    const known = keysOf(base[side])
    return digests.every((one) => [...keysOf(one[side])].every((key) => known.has(key)))
  })
}

function keysOf(digests: TallyDigests): Set<string> {
  return new Set(digests.windowMs.map((_, place) => digestKey(digests, place)))
}

function describeDigests(plan: MetricPlan, one: ColumnDigests): TotalsDifference[] {
  // A column that no measure is made of goes by its own name.
  const name = measuresOf(plan, one).join(', ') || one.column
  return compareDigests(one.reported, one.recomputed).map((found) => describe(plan, one.tally, name, found))
}

function describe(
  plan: MetricPlan,
  tally: Tally,
  name: string,
  { windowMs, dimensions, reported, recomputed }: DigestDifference,
): TotalsDifference {
  const shown = dimensions.map((value, place) => printDimension(plan, place, value))
  const place = { windowMs, dimensions: shown }
  const isRow = !tally.key && (reported === undefined || recomputed === undefined)
  if (!isRow) return { ...place, column: name, reported, recomputed }
  const [a, b] = [reported, recomputed].map((side) => (side === undefined ? 'missing' : 'present'))
  return { ...place, column: 'row', reported: a, recomputed: b }
}

function measuresOf({ measures }: MetricPlan, { tally, column }: ColumnDigests): string[] {
  return measures
    .filter((one) => one.tally === tally.id && one.columns.includes(column))
    .map(({ measure }) => measure.name)
}

function printDimension({ dimensions }: MetricPlan, place: number, value: ResultValue): string | undefined {
  const { name, type } = dimensions[place]!
  const scale = type.kind === 'decimal' ? type.scale : 0
  return printValue({ name, type: type.kind, scale, values: [] }, value)
}
