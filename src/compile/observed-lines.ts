/** How engines read raw lines out of blocks: which of them, and when they were observed, repairs of clocks included. */
import type { ClockRepair } from '../core/clock-repair.ts'
import type { BatchRequest } from '../ports/batch-engine.ts'

export type LinesQuery = Partial<
  Pick<BatchRequest, 'clockRepairs' | 'observedBeforeMs' | 'fromOffset' | 'endOffset'>
>

/**
 * A SELECT of offsets, observed times and raw bytes from a relation of blocks. Plain filters are on columns that the
 * blocks keep statistics of, so that engines need not read all; a repaired time has none.
 */
export function printLines(query: LinesQuery, blocks: string): string {
  const { clockRepairs = [], observedBeforeMs, fromOffset, endOffset } = query
  const observed = observedBeforeMs === undefined ? [] : [`observed_ms < ${observedBeforeMs}`]
  const offsets = [
    ...(fromOffset === undefined ? [] : [`"offset" >= ${fromOffset}`]),
    ...(endOffset === undefined ? [] : [`"offset" < ${endOffset}`]),
  ]
  if (clockRepairs.length === 0)
    return `SELECT "offset", observed_ms, raw FROM ${blocks}${where([...offsets, ...observed])}`
  const times = printObserved(clockRepairs)
  const repaired = `SELECT "offset", ${times} AS observed_ms, raw FROM ${blocks}${where(offsets)}`
  if (observed.length === 0) return repaired
  return `SELECT "offset", observed_ms, raw FROM (${repaired}) AS repaired${where(observed)}`
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
