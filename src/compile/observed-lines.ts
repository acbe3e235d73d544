/**
 * How engines read raw lines out of blocks: which of them, when they were observed, repairs of clocks included, and their
 * context where a source needs it.
 */
import type { ClockRepair } from '../core/clock-repair.ts'
import { readsContext } from '../core/line-context.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { BatchRequest } from '../ports/batch-engine.ts'

/** Without a plan lines are read without their context. */
export type LinesQuery = Partial<
  Pick<BatchRequest, 'plan' | 'clockRepairs' | 'observedBeforeMs' | 'fromOffset' | 'endOffset'>
>

/**
 * A SELECT of the columns of `lineColumns` from a relation of blocks. Plain filters are on columns that the
 * blocks keep statistics of, so that engines need not read all; a repaired time has none.
 */
export function printLines(query: LinesQuery, blocks: string): string {
  const { plan, clockRepairs = [], observedBeforeMs, fromOffset, endOffset } = query
  const names = lineColumns(plan).join(', ')
  const observed = observedBeforeMs === undefined ? [] : [`observed_ms < ${observedBeforeMs}`]
  const offsets = [
    ...(fromOffset === undefined ? [] : [`"offset" >= ${fromOffset}`]),
    ...(endOffset === undefined ? [] : [`"offset" < ${endOffset}`]),
  ]
  if (clockRepairs.length === 0) return `SELECT ${names} FROM ${blocks}${where([...offsets, ...observed])}`
  const columns = lineColumns(plan, `${printObserved(clockRepairs)} AS observed_ms`).join(', ')
  const repaired = `SELECT ${columns} FROM ${blocks}${where(offsets)}`
  if (observed.length === 0) return repaired
  return `SELECT ${names} FROM (${repaired}) AS repaired${where(observed)}`
}

/** What a parse of the plan's lines reads of them. */
export function lineColumns(plan?: SourcePlan, observedMs = 'observed_ms'): string[] {
  return ['"offset"', observedMs, 'raw', ...(plan && readsContext(plan) ? ['context'] : [])]
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}

function printObserved(repairs: readonly ClockRepair[]): string {
  const whens = repairs.map(({ fromOffset, endOffset, shiftMs, leastMs, mostMs }) => {
    const lines = `"offset" >= ${fromOffset} AND "offset" < ${endOffset}`
    return `WHEN ${lines} THEN least(greatest(observed_ms + (${shiftMs}), ${leastMs}), ${mostMs})`
  })
  return `CASE ${whens.join(' ')} ELSE observed_ms END`
}
