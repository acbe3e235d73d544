/** Totals that lines have overtaken: what was ingested after the run that a query answers from. */
import { linesBehind } from '../core/lines-behind.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import { countOf } from './text-table.ts'

export interface StalenessCheck {
  readonly source: string
  readonly metric: string
  readonly revision: number
  readonly archive: Archive
  readonly job: { openReport(): Promise<Report> }
}

/** Runs looked through for the one of the revision. */
const MOST_RUNS = 1000

/** A sentence when there is something to tell, else nothing. */
export async function staleness({
  source,
  metric,
  revision,
  archive,
  job,
}: StalenessCheck): Promise<string[]> {
  const report = await job.openReport()
  const runs = await report.runs(MOST_RUNS).finally(() => report.close())
  const run = runs.find((one) => one.revision === revision)
  const behind = linesBehind(run, await archive.manifest(source), source)
  if (behind === 'other archive') {
    return [
      `The archive of ${source} is another one than the totals of ${metric} were computed from. Run \`millrace batch\`.`,
    ]
  }
  if (!behind) return []
  return [
    `${countOf(behind, 'line')} of ${source} came after revision ${revision} of ${metric}. Run \`millrace batch\` to count them.`,
  ]
}
