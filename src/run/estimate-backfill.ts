/** What a backfill of a source's metric would cost: it reads the whole archive of the source. */
import { MillraceError } from '../core/error.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'

const RUNS = 20
const UNREAD: readonly string[] = ['REPORT_MISSING', 'REPORT_OLDER_FORMAT']

export interface BackfillCost {
  readonly lines: number
  readonly rawBytes: number
  readonly blocks: number
  /** By the speed of the last run that read the source; absent when none did. */
  readonly aboutMs?: number
}

export interface EstimateJob {
  readonly source: string
  readonly archive: Archive
  openReport(): Promise<Report>
}

export async function estimateBackfill(job: EstimateJob): Promise<BackfillCost> {
  const manifest = await job.archive.manifest(job.source)
  const lines = manifest?.nextOffset ?? 0
  const blocks = manifest?.blocks ?? []
  const speed = await linesPerMs(job)
  return {
    lines,
    rawBytes: blocks.reduce((sum, block) => sum + block.rawBytes, 0),
    blocks: blocks.length,
    ...(speed && { aboutMs: Math.ceil(lines / speed) }),
  }
}

async function linesPerMs({ source, openReport }: EstimateJob): Promise<number | undefined> {
  const report = await openReport().catch((error: unknown) => {
    // There is none before the first run, and a run brings one of an older format up to date.
    if (error instanceof MillraceError && UNREAD.includes(error.code)) return undefined
    throw error
  })
  const runs = report ? await report.runs(RUNS).finally(() => report.close()) : []
  for (const run of runs) {
    const read = run.sources.find((one) => one.source === source)
    if (read && read.linesRead > 0 && read.computeMs > 0) return read.linesRead / read.computeMs
  }
  return undefined
}
