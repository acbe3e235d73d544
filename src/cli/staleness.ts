/** What totals lack: lines that came after the run that a query answers from, and lines that could not be used. */

import type { Manifest } from '../core/block.ts'
import type { MillraceError } from '../core/error.ts'
import { type Fault, faultsOf, type Health, judgeHealth } from '../core/health.ts'
import { type Cause, causeOf, type HealthLimits } from '../core/health-facts.ts'
import { acceptedLoss } from '../core/incident.ts'
import { linesBehind, publishedWithin } from '../core/lines-behind.ts'
import type { PublishedRange } from '../core/metric-ranges.ts'
import type { Ledger, RunRecord, TimeRange } from '../core/run-record.ts'
import type { Archive } from '../ports/archive.ts'
import type { LogEnds } from '../ports/log.ts'
import type { Report } from '../ports/report.ts'
import { readHeldLost } from '../run/held-lost.ts'
import { heldLines, sourceFacts } from '../run/source-facts.ts'
import { describeMostRejected } from './describe-rejects.ts'
import { countOf } from './text-table.ts'

export interface StalenessCheck {
  readonly source: string
  readonly metric: string
  readonly version: string
  readonly revision: number
  /** That the totals are of. */
  readonly range: TimeRange
  openArchive(): Promise<Archive>
  /** Of a server that runs here. */
  readonly served: Health | undefined
  /** How far logs are that no server has open. */
  logEnds(): Promise<readonly LogEnds[]>
  readonly limits: HealthLimits
  readonly job: { openReport(): Promise<Report> }
}

/** Runs looked through for the one of the revision. */
const MOST_RUNS = 1000

/** A sentence for each thing that there is to tell. */
export async function staleness(check: StalenessCheck): Promise<string[]> {
  const { source, metric, version, revision, range, served, limits, job } = check
  const lines = await readLines(check)
  const plan = { source, metric, version }
  const { runs, stream, late, state, holds } = await readReport(job, plan, lines.manifest)
  const isOwn = (one: { metric: string; version: string }) => one.metric === metric && one.version === version
  const streamedTo = stream?.metrics.find(isOwn)?.endOffset
  const published = publishedWithin(state?.published ?? [], range)
  const loss = lines.manifest && acceptedLoss(lines.manifest)
  const counted = { runs, revision, published, streamedTo, sourceTo: stream?.endOffset }
  const behind = linesBehind(counted, heldLines(lines), source)
  if (behind === 'other archive') {
    return [
      `The archive of ${source} is another one than the totals of ${metric} were computed from. Run \`millrace batch\`.`,
    ]
  }
  const missing = behind === 'ahead' ? 0 : behind
  const known = sourceFacts({ source, ...lines, state: stream, behind: [missing] })
  const own = judgeHealth({ sources: [known] }, limits, Date.now())
  // A server may not have noticed yet that the archive does not answer.
  const faults = withUnseen(faultsOf(served ?? own, source), faultsOf(own, source))
  const isTold = faults.some(({ code }) => code === 'LINES_WAIT')
  const waiting = late.filter(isOwn).reduce((sum, { lines }) => sum + lines, 0)
  return [
    ...(loss ? [loss.message] : []),
    ...faults.map(({ message }) => message),
    ...(missing && !isTold
      ? [describeBehind(missing, source, metric, { streamedTo, revision, published })]
      : []),
    ...(waiting > 0 ? [describeLate(waiting, metric, holds)] : []),
    ...describeMostRejected(
      ledgerOf(source, metric, {
        run: runs.find(({ metrics }) => metrics.some(isOwn)),
        stream: stream?.metrics.find(isOwn),
      }),
    ),
  ]
}

function withUnseen(faults: readonly Fault[], own: readonly Fault[]): readonly Fault[] {
  const ofArchive = ({ code }: Fault) => code === 'ARCHIVE_FAILED'
  return faults.some(ofArchive) ? faults : [...faults, ...own.filter(ofArchive)]
}

interface ReadLines {
  readonly manifest?: Manifest
  readonly archiveFailure?: Cause
  readonly log?: LogEnds
}

/** The answer stands, whether the archive can be asked or not. A server tells of its log itself. */
async function readLines({ source, served, openArchive, logEnds }: StalenessCheck): Promise<ReadLines> {
  const log = served ? undefined : (await logEnds()).find((one) => one.source === source)
  try {
    const manifest = await (await openArchive()).manifest(source)
    return { ...(log && { log }), ...(manifest && { manifest }) }
  } catch (error) {
    return { ...(log && { log }), archiveFailure: causeOf(error) }
  }
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
  plan: Pick<StalenessCheck, 'source' | 'metric' | 'version'>,
  manifest: Manifest | undefined,
) {
  const report = await job.openReport()
  try {
    const [runs, stream] = [await report.runs(MOST_RUNS), await report.streamState(plan.source)]
    const state = await report.metricState(plan.metric, plan.version)
    const holds = await readHeldLost(report, manifest, plan)
    return { runs, stream, state, holds, late: await report.lateRanges() }
  } finally {
    await report.close()
  }
}

function describeLate(lines: number, metric: string, holds: MillraceError | undefined): string {
  const late = `${countOf(lines, 'line')} came late for windows of ${metric}`
  return holds ? `${late} and are not counted. ${holds.message}` : `${late}, and the next batch counts them.`
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
