/** Which raw lines of its blocks an engine reads: by their offset, and by the time at which they were observed. */
import type { BatchRequest } from '../ports/batch-engine.ts'

type Bounds = Partial<Pick<BatchRequest, 'observedBeforeMs' | 'fromOffset' | 'endOffset'>>

/** Follows a FROM; plain filters on columns that the blocks keep statistics of, so that engines need not read all. */
export function whereRead({ observedBeforeMs, fromOffset, endOffset }: Bounds): string {
  const conditions = [
    ...(fromOffset === undefined ? [] : [`"offset" >= ${fromOffset}`]),
    ...(endOffset === undefined ? [] : [`"offset" < ${endOffset}`]),
    ...(observedBeforeMs === undefined ? [] : [`observed_ms < ${observedBeforeMs}`]),
  ]
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}
