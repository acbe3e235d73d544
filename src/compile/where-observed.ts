/** Which raw lines a batch reads, by the time at which they were observed. */
import type { BatchRequest } from '../ports/batch-engine.ts'

/** Follows a FROM; a plain filter on a column that the blocks keep statistics of, so that engines need not read all. */
export function whereObserved({ observedBeforeMs }: Pick<BatchRequest, 'observedBeforeMs'>): string {
  return observedBeforeMs === undefined ? '' : ` WHERE observed_ms < ${observedBeforeMs}`
}
