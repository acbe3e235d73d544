/** The use case of totals as they were known at a time: what a batch run would have counted then, in a report of its own. */
import type { Report } from '../ports/report.ts'
import { type BatchJob, computeSources, publication } from './run-batch.ts'

export interface AsOfJob extends Omit<BatchJob, 'cuts' | 'published' | 'lateness' | 'openReport'> {
  readonly observedBeforeMs: number
  /** An empty report of this job's own, which its owner removes. */
  openScratchReport(): Promise<Report>
}

export interface KnownLines {
  readonly source: string
  /** Observed before the time. */
  readonly lines: number
  /** All that the archive holds. */
  readonly archived: number
}

export interface ReportAsOf {
  /** For the caller to close. */
  readonly report: Report
  readonly known: readonly KnownLines[]
}

/**
 * Counts every line that was observed before the time, late or not, by the definition as it is now; nothing else is
 * changed. Errors: those of a batch.
 */
export async function reportAsOf(job: AsOfJob): Promise<ReportAsOf> {
  const behind = (await job.catchUp?.()) ?? []
  const startedMs = job.now()
  const computation = await computeSources({ ...job, held: behind })
  job.signal?.throwIfAborted()
  job.onProgress?.({ phase: 'publish' })
  const report = await job.openScratchReport()
  try {
    await report.publish(publication(job, computation, startedMs))
  } catch (error) {
    await report.close()
    throw error
  }
  const known = computation.computed.map(({ record, lost }) => {
    return { source: record.source, lines: record.linesRead, archived: record.cut - lost }
  })
  return { report, known }
}
