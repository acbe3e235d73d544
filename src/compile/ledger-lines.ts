/** The ledger of what was staged: the source's own line, then one for each metric. */
import type { Ledger } from '../core/run-record.ts'
import type { StagedSource } from '../ports/batch-engine.ts'

/** The offsets of what was staged. */
export interface CountedOffsets {
  readonly appended: number
  /** Of these the lost ones, of which nothing was staged; absent where there is none. */
  readonly lost?: number | undefined
}

/** Nothing is published unless all of them balance. */
export function ledgerLines({ staged, ...offsets }: CountedOffsets & { staged: StagedSource }): Ledger[] {
  const { source, parsed: counted, headers: filtered, rejected } = staged
  return [
    { source, appended: offsets.appended, counted, filtered, rejected, ...lostOf(offsets) },
    ...staged.metrics.map((staged) => metricLedger(source, staged, offsets)),
  ]
}

export function metricLedger(
  source: string,
  { metric, counted, filtered, late, rejected, outside }: StagedSource['metrics'][number],
  offsets: CountedOffsets,
): Ledger {
  const lines = late?.reduce((sum, each) => sum + each.lines, 0)
  return {
    ...{ source, metric, appended: offsets.appended, counted, filtered },
    ...{ ...(late && { late: lines! }), rejected, ...(outside !== undefined && { outside }) },
    ...lostOf(offsets),
  }
}

function lostOf({ lost }: CountedOffsets): Pick<Ledger, 'lost'> {
  return lost ? { lost } : {}
}
