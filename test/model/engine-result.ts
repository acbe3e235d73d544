/** What the engine staged, brought into the model's form. */
import type { MeasureSource, MetricPlan } from '../../src/core/plan.ts'
import type { Pipeline, Row } from '../pipeline.ts'
import { decimalText } from './compiled.ts'
import { type GroupResult, type ModelReject, type ModelResult, RECORDS, showEntries } from './tally-model.ts'

export async function engineResult(pipeline: Pipeline, metric: string): Promise<ModelResult> {
  const plan = pipeline.plan(metric)
  const staged = pipeline.staged.get(plan.source)!.metrics.find((each) => each.metric === metric)!
  const tallies = new Map<string, Map<string, Row[]>>()
  for (const { id } of plan.tallies) tallies.set(id, groupRows(plan, await pipeline.partials(metric, id)))
  const base = tallies.get(plan.tallies[0]!.id)!
  const groups = new Map<string, GroupResult>()
  for (const key of base.keys()) groups.set(key, readGroup(plan, tallies, key))
  const rejects = (await pipeline.stagedRejects(plan.source)).filter((row) => row.metric === metric)
  return { counted: staged.counted, filtered: staged.filtered, rejects: rejects.map(readReject), groups }
}

export function readReject(row: Row): ModelReject {
  const field = row.field === null ? null : String(row.field)
  return { offset: Number(row.offset), reason: String(row.reason), field }
}

/** Rows of one tally by the text of their window and dimensions. */
function groupRows(plan: MetricPlan, rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const dimensions = plan.dimensions.map(({ type }, index) => showValue(row[`d${index}`], type))
    const key = JSON.stringify([Number(row.window_ms), ...dimensions])
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return groups
}

function showValue(value: unknown, type: { readonly kind: string; readonly scale?: number }): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean') return String(value)
  return decimalText(exactOf(value)!, type.kind === 'decimal' ? (type.scale ?? 0) : 0)
}

/** BIGINT, HUGEINT and DECIMAL(38,0) as bigint. */
function exactOf(value: unknown): bigint | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return value
  if (typeof value === 'object' && 'value' in value) return BigInt(String(value.value))
  return BigInt(String(value))
}

function readGroup(
  plan: MetricPlan,
  tallies: ReadonlyMap<string, Map<string, Row[]>>,
  key: string,
): GroupResult {
  const measures = plan.measures.map((source) => {
    const rows = tallies.get(source.tally)!.get(key) ?? []
    return [source.measure.name, readMeasure(source, rows)] as const
  })
  const values = new Map(measures)
  return { records: Number(values.get(RECORDS)), measures: values }
}

function readMeasure(
  { measure, columns, float }: MeasureSource,
  rows: readonly Row[],
): string | number | null {
  const { aggregate } = measure.call
  if (aggregate === 'quantiles' || aggregate === 'distinct')
    return showEntries(rows.map((row) => [Number(row.key), Number(exactOf(row[columns[0]!]))] as const))
  const [first, second] = columns.map((column) => rows[0]?.[column] ?? null)
  if (aggregate === 'count') return Number(first)
  if (float) return readFloat(aggregate, first as number | null, Number(second))
  if (aggregate === 'sum') return (exactOf(first) ?? 0n).toString()
  if (aggregate === 'mean') return `${exactOf(first) ?? 0n}/${second}`
  return exactOf(first)?.toString() ?? null
}

function readFloat(aggregate: string, value: number | null, count: number): number | null {
  if (aggregate === 'sum') return value ?? 0
  return aggregate === 'mean' && value !== null ? value / count : value
}
