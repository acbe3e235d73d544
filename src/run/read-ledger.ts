/** The use case that shows the ledgers of a report: of each stream, and of the last batch run of each metric. */
import { appendAll } from '../core/append-all.ts'
import { checkLedger } from '../core/check-ledger.ts'
import type { Ledger, RunRecord } from '../core/run-record.ts'
import type { LateRange, Report, StreamState } from '../ports/report.ts'

/** Runs looked through for the last one of each metric. */
const MOST_RUNS = 1000

export interface LedgerEntry {
  /** `stream`, or the batch run as `revision 3`. */
  readonly by: string
  readonly fromOffset: number
  readonly endOffset: number
  readonly ledger: Ledger
  /** Late lines that no batch run has counted yet. */
  readonly waiting: number
  readonly isBalanced: boolean
}

/** By source; of each its batch runs first, then its stream. */
export async function readLedger(report: Report, sources: Iterable<string>): Promise<LedgerEntry[]> {
  const runs = await report.runs(MOST_RUNS)
  const late = await report.lateRanges()
  const entries: LedgerEntry[] = []
  for (const source of sources) {
    appendAll(entries, batchEntries(runs, source))
    const stream = await report.streamState(source)
    if (stream) appendAll(entries, streamEntries(stream, late))
  }
  return entries
}

function batchEntries(runs: readonly RunRecord[], source: string): LedgerEntry[] {
  const newest = new Map<string | undefined, LedgerEntry>()
  for (const { revision, sources, ledger } of runs) {
    const read = sources.find((one) => one.source === source)
    for (const line of ledger) {
      if (line.source !== source || newest.has(line.metric)) continue
      const place = { fromOffset: 0, endOffset: read?.cut ?? line.appended }
      newest.set(line.metric, {
        ...{ by: `revision ${revision}`, ...place, ledger: line },
        ...{ waiting: 0, isBalanced: balances(line) },
      })
    }
  }
  return [...newest.values()]
}

function streamEntries({ metrics }: StreamState, late: readonly LateRange[]): LedgerEntry[] {
  return metrics.map(({ metric, version, startOffset, endOffset, ledger }) => {
    const waiting = late.filter((one) => one.metric === metric && one.version === version)
    return {
      ...{ by: 'stream', fromOffset: startOffset, endOffset, ledger },
      waiting: waiting.reduce((sum, { lines }) => sum + lines, 0),
      isBalanced: balances(ledger) && ledger.appended === endOffset - startOffset,
    }
  })
}

function balances(ledger: Ledger): boolean {
  try {
    checkLedger(ledger)
    return true
  } catch {
    return false
  }
}
