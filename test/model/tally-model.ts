/** The model: lines and a metric → the ledger, the rejected lines, and every group's exact partials. */
import { type Compiled, decimalText, type Row } from './compiled.ts'
import { compile } from './evaluate.ts'
import { FieldError } from './field-value.ts'
import { parseTree, type Tree } from './parse-text.ts'
import { type ModelRecord, Reject, readLine } from './read-line.ts'
import { modelBucket, modelRegister } from './sketch.ts'
import type { ModelField, ModelMetric, ModelSource, Value } from './vocabulary.ts'

/** One line as read; `offset` counts the lines of the source. */
export type ReadLine =
  | { readonly offset: number; readonly record: ModelRecord }
  | { readonly offset: number; readonly header: true }
  | { readonly offset: number; readonly reason: string }

export interface ModelReject {
  readonly offset: number
  readonly reason: string
  readonly field: string | null
}

/** A group's key is its window and dimension texts; per measure the texts of its partials. */
export interface ModelResult {
  readonly counted: number
  readonly filtered: number
  readonly rejects: readonly ModelReject[]
  readonly groups: ReadonlyMap<string, GroupResult>
}

export interface GroupResult {
  readonly records: number
  readonly measures: ReadonlyMap<string, string | number | null>
}

export function readLines(source: ModelSource, lines: readonly Buffer[]): ReadLine[] {
  return lines.map((line, offset) => {
    try {
      const record = readLine(source, line)
      return record === 'header' ? { offset, header: true } : { offset, record }
    } catch (error) {
      if (error instanceof Reject) return { offset, reason: error.reason }
      throw error
    }
  })
}

export function tallyModel(
  source: ModelSource,
  metric: ModelMetric,
  lines: readonly ReadLine[],
): ModelResult {
  const plan = prepare(source, metric)
  const rejects: ModelReject[] = []
  const groups = new Map<string, Accumulator[]>()
  let [counted, filtered] = [0, 0]
  for (const line of lines) {
    if ('reason' in line) continue
    if ('header' in line) {
      filtered++
      continue
    }
    const outcome = place(plan, line.record)
    if ('reason' in outcome) rejects.push({ offset: line.offset, ...outcome })
    else if (!outcome.key) filtered++
    else {
      counted++
      const group = groups.get(outcome.key) ?? plan.measures.map(({ start }) => start())
      groups.set(outcome.key, group)
      for (const accumulator of group) accumulator.add(outcome)
    }
  }
  const finished = [...groups].map(([key, group]) => [key, finish(plan, group)] as const)
  return { counted, filtered, rejects, groups: new Map(finished) }
}

interface PlanOfModel {
  readonly metric: ModelMetric
  readonly used: readonly ModelField[]
  readonly where: Compiled | undefined
  readonly dimensions: readonly Compiled[]
  readonly measures: readonly { readonly name: string; start(): Accumulator }[]
}

interface Accumulator {
  add(row: Row): void
  result(): string | number | null
}

function prepare(source: ModelSource, metric: ModelMetric): PlanOfModel {
  const fields = new Map(source.fields.map((field) => [field.name, field]))
  const measures = metric.measures.map(({ name, text }) => ({ name, tree: parseTree(text) }))
  const where = metric.where === undefined ? undefined : parseTree(metric.where)
  const dimensions = metric.dimensions.map(({ text }) => parseTree(text))
  const names = new Set<string>()
  for (const tree of [...measures.map((each) => each.tree), ...dimensions, ...(where ? [where] : [])])
    collectNames(tree, names)
  return {
    metric,
    used: [...names].sort(byCodeUnits).flatMap((name) => fields.get(name) ?? []),
    where: where && compile(where, fields),
    dimensions: dimensions.map((tree) => compile(tree, fields)),
    measures: measures.map(({ name, tree }) => ({ name, start: () => accumulatorOf(tree, fields) })),
  }
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : 1
}

function collectNames(tree: Tree, names: Set<string>): void {
  if (tree.op === 'name') names.add(tree.value)
  if ('args' in tree) for (const arg of tree.args) collectNames(arg, names)
  if (tree.op !== 'case') return
  for (const part of [...tree.whens.flat(), tree.otherwise]) collectNames(part, names)
}

type Outcome = (Row & { readonly key: string }) | { readonly reason: string; readonly field: string | null }

/** An empty key means that the record is filtered. */
function place(plan: PlanOfModel, record: ModelRecord): Outcome {
  const fields = new Map<string, Value>()
  for (const field of plan.used) {
    try {
      fields.set(field.name, record.read(field))
    } catch (error) {
      if (error instanceof FieldError) return { reason: 'invalid_field', field: field.name }
      throw error
    }
  }
  const row = { eventMs: record.eventMs, fields }
  const values = plan.dimensions.map((dimension) => dimension.run(row))
  if (values.some((value) => typeof value === 'string' && Buffer.byteLength(value) > 1024))
    return { reason: 'dimension_too_long', field: null }
  if (plan.where && plan.where.run(row) !== true) return { ...row, key: '' }
  const window = Math.floor(row.eventMs / plan.metric.windowMs) * plan.metric.windowMs
  const texts = values.map((value, index) => showDimension(value, plan.dimensions[index]!.type.scale))
  return { ...row, key: JSON.stringify([window, ...texts]) }
}

/** Null stays null; everything else is text, decimals without a scale's trailing zeros lost. */
function showDimension(value: Value, scale: number): string | null {
  return value === null ? null : typeof value === 'bigint' ? decimalText(value, scale) : String(value)
}

function finish(plan: PlanOfModel, group: readonly Accumulator[]): GroupResult {
  const measures = plan.measures.map(({ name }, index) => [name, group[index]!.result()] as const)
  const records = plan.measures.findIndex(({ name }) => name === RECORDS)
  return { records: Number(group[records]?.result() ?? 0), measures: new Map(measures) }
}

/** Every metric of the generator has this measure. */
export const RECORDS = 'records'

function accumulatorOf(tree: Tree, fields: ReadonlyMap<string, ModelField>): Accumulator {
  if (tree.op !== 'call') throw new Error('a measure is an aggregate')
  const argument = tree.args[0] && compile(tree.args[0], fields)
  const registers = tree.args[1]?.op === 'number' ? Number(tree.args[1].value) : 4096
  return new ValueAccumulator(tree.fn, argument, registers)
}

/** Keeps all values of a group; folds them at the end. */
class ValueAccumulator implements Accumulator {
  readonly #fn: string
  readonly #argument: Compiled | undefined
  readonly #registers: number
  readonly #values: Value[] = []

  constructor(fn: string, argument: Compiled | undefined, registers: number) {
    this.#fn = fn
    this.#argument = argument
    this.#registers = registers
  }

  add(row: Row): void {
    this.#values.push(this.#argument ? this.#argument.run(row) : true)
  }

  result(): string | number | null {
    if (this.#fn === 'count') return this.#values.filter((value) => value === true).length
    const values = this.#values.filter((value) => value !== null)
    if (this.#fn === 'quantiles') return histogram(values as bigint[])
    if (this.#fn === 'distinct') return registersOf(values, this.#registers)
    return this.#argument!.type.kind === 'float'
      ? foldFloats(this.#fn, values as number[])
      : foldExact(this.#fn, values as bigint[])
  }
}

/** Scaled integers as text; `mean` is sum and count. */
function foldExact(fn: string, values: readonly bigint[]): string | null {
  const sum = values.reduce((total, value) => total + value, 0n)
  if (fn === 'sum') return sum.toString()
  if (fn === 'mean') return `${sum}/${values.length}`
  if (values.length === 0) return null
  return values.reduce((a, b) => ((fn === 'min' ? b < a : b > a) ? b : a)).toString()
}

function foldFloats(fn: string, values: readonly number[]): number | null {
  const sum = values.reduce((total, value) => total + value, 0)
  if (fn === 'sum') return sum
  if (values.length === 0) return null
  return fn === 'mean' ? sum / values.length : fn === 'min' ? Math.min(...values) : Math.max(...values)
}

function histogram(values: readonly bigint[]): string {
  const counts = new Map<number, number>()
  for (const value of values) counts.set(modelBucket(value), (counts.get(modelBucket(value)) ?? 0) + 1)
  return showEntries(counts)
}

function registersOf(values: readonly Value[], registers: number): string {
  const ranks = new Map<number, number>()
  for (const value of values) {
    const { register, rank } = modelRegister(String(value), registers)
    ranks.set(register, Math.max(rank, ranks.get(register) ?? 0))
  }
  return showEntries(ranks)
}

/** `key:value` pairs in the order of their keys. */
export function showEntries(entries: Iterable<readonly [number, number]>): string {
  return [...entries]
    .sort(([a], [b]) => a - b)
    .map(([key, value]) => `${key}:${value}`)
    .join(' ')
}
