/** What totals lack: lines that came after the run that a query answers from, and lines that could not be used. */
import { acceptedLoss } from '../core/incident.ts'
import { linesBehind, publishedWithin } from '../core/lines-behind.ts'
import type { PublishedRange } from '../core/metric-ranges.ts'
import type { Ledger, RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive } from '../ports/archive.ts'
import type { Report } from '../ports/report.ts'
import { describeMostRejected } from './describe-rejects.ts'
import { countOf } from './text-table.ts'

export interface StalenessCheck {
  readonly source: string
  readonly metric: string
  readonly version: string
  readonly revision: number
  /** That the totals are of. */
  readonly range: TimeRange
  readonly archive: Archive
  readonly job: { openReport(): Promise<Report> }
}

/** Runs looked through for the one of the revision. */
const MOST_RUNS = 1000

/** A sentence when there is something to tell, else nothing. */
export async function staleness({
  source,
  metric,
  version,
  revision,
  range,
  archive,
  job,
}: StalenessCheck): Promise<string[]> {
  const { runs, stream, late, state } = await readReport(job, { source, metric, version })
  const isOwn = (one: { metric: string; version: string }) => one.metric === metric && one.version === version
  const streamedTo = stream?.metrics.find(isOwn)?.endOffset
  const published = publishedWithin(state?.published ?? [], range)
  const manifest = await archive.manifest(source)
  const loss = manifest && acceptedLoss(manifest)
  const counted = { runs, revision, published, streamedTo, sourceTo: stream?.endOffset }
  const behind = linesBehind(counted, manifest, source)
  if (behind === 'other archive') {
    return [
      `The archive of ${source} is another one than the totals of ${metric} were computed from. Run \`millrace batch\`.`,
    ]
  }
  const waiting = late.filter(isOwn).reduce((sum, { lines }) => sum + lines, 0)
  return [
    ...(loss ? [loss.message] : []),
    ...(behind ? [describeBehind(behind, source, metric, { streamedTo, revision, published })] : []),
    ...(waiting > 0
      ? [`${countOf(waiting, 'line')} came late for windows of ${metric}, and the next batch counts them.`]
      : []),
    ...describeMostRejected(
      ledgerOf(source, metric, {
        run: runs.find(({ metrics }) => metrics.some(isOwn)),
        stream: stream?.metrics.find(isOwn),
      }),
    ),
  ]
}

/** That of the run or of the stream, whichever has read more. */
function ledgerOf(
  source: string,
  metric: string,
  {
    run,
    stream,
  }: { readonly run: RunRecord | undefined; readonly stream: { readonly ledger: Ledger } | undefined },
): readonly Ledger[] {
  const ofRun = (run?.ledger ?? []).filter(
    (line) => line.source === source && (line.metric === undefined || line.metric === metric),
  )
  const isMore = stream !== undefined && stream.ledger.appended > (ofRun[0]?.appended ?? 0)
  return isMore ? [stream.ledger] : ofRun
}

async function readReport(
  job: StalenessCheck['job'],
  { source, metric, version }: Pick<StalenessCheck, 'source' | 'metric' | 'version'>,
) {
  const report = await job.openReport()
  try {
    const [runs, stream] = [await report.runs(MOST_RUNS), await report.streamState(source)]
    const state = await report.metricState(metric, version)
    return { runs, stream, state, late: await report.lateRanges() }
  } finally {
    await report.close()
  }
}

function describeBehind(
  behind: number,
  source: string,
  metric: string,
  known: {
    readonly streamedTo: number | undefined
    readonly revision: number
    readonly published: readonly PublishedRange[]
  },
): string {
  const lines = `${countOf(behind, 'line')} of ${source}`
  const [first, ...others] = [...known.published].sort((a, b) => a.cut - b.cut)
  const revision = `revision ${first?.revision ?? known.revision} of ${metric}`
  const isMixed = others.some(({ cut }) => cut > first!.cut && first!.cut >= (known.streamedTo ?? 0))
  if (known.streamedTo !== undefined && !isMixed)
    return `${lines} are not in the totals of ${metric} yet; \`millrace serve\` counts them as it goes on, and \`millrace batch\` at once.`
  return isMixed
    ? `Some of these windows stand by ${revision}, and ${lines} came after it: those that fall into such windows are not counted. \`millrace batch\` counts them.`
    : `${lines} came after ${revision}. Run \`millrace batch\` to count them.`
}
