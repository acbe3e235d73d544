/** The ledger of what was staged: the source's own line, then one for each metric. */
import type { Ledger } from '../core/run-record.ts'
import type { StagedSource } from '../ports/batch-engine.ts'

/** Nothing is published unless all of them balance. */
export function ledgerLines({ staged, appended }: { staged: StagedSource; appended: number }): Ledger[] {
  const { source } = staged
  return [
    { source, appended, counted: staged.parsed, filtered: staged.headers, rejected: staged.rejected },
    ...staged.metrics.map((staged) => metricLedger(source, staged, appended)),
  ]
}

export function metricLedger(
  source: string,
  { metric, counted, filtered, late, rejected, outside }: StagedSource['metrics'][number],
  appended: number,
): Ledger {
  const lines = late?.reduce((sum, each) => sum + each.lines, 0)
  return {
    ...{ source, metric, appended, counted, filtered },
    ...{ ...(late && { late: lines! }), rejected, ...(outside !== undefined && { outside }) },
  }
}
