/** Totals that lines have overtaken: what was ingested after the run that a query answers from. */
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
  const cut = runs.find((run) => run.revision === revision)?.sources.find((one) => one.source === source)
  const manifest = await archive.manifest(source)
  if (!cut || !manifest) return []
  if (manifest.incarnation !== cut.incarnation) {
    return [
      `The archive of ${source} is another one than the totals of ${metric} were computed from. Run \`millrace batch\`.`,
    ]
  }
  const added = manifest.nextOffset - cut.cut
  if (added <= 0) return []
  return [
    `${countOf(added, 'line')} of ${source} came after revision ${revision} of ${metric}. Run \`millrace batch\` to count them.`,
  ]
}
