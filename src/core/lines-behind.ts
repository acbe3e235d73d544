/** How far totals are behind their lines: those that neither the runs that made them nor their stream has counted. */
import type { Manifest } from './block.ts'
import { greatestOf } from './extremes.ts'
import { countLost } from './lost-lines.ts'
import type { PublishedRange } from './metric-ranges.ts'
import type { RunRecord, TimeRange } from './run-record.ts'
import { addRange, coversRange, intersectRanges } from './time-coverage.ts'

/** Who counted the totals. */
export interface Counted {
  readonly runs: readonly RunRecord[]
  /** The metric's newest. */
  readonly revision: number
  /** What stands of the runs, for the windows in question. */
  readonly published: readonly PublishedRange[]
  /** The offset up to which a stream has come; absent without one. */
  readonly streamedTo?: number | undefined
  /** That up to which the source's lines had been counted, where the metric has to catch up with others. */
  readonly sourceTo?: number | undefined
}

/** Where the lines of a source end that are there. */
export interface HeldLines {
  /** Of the archive, where there is one. */
  readonly incarnation?: string
  readonly endOffset: number
  readonly lost?: Manifest['lost']
}

/**
 * The number of lines, `other archive` when the totals were made from one that is no longer there, `ahead` when they have
 * more lines than are there; undefined where neither a run nor a stream is known, or not how many lines there are.
 */
export function linesBehind(
  { runs, revision, published, streamedTo, sourceTo = 0 }: Counted,
  held: HeldLines | undefined,
  source: string,
): number | 'other archive' | 'ahead' | undefined {
  const revisions = new Set([revision, ...published.map((one) => one.revision)])
  const cuts = runs
    .filter((run) => revisions.has(run.revision))
    .flatMap(({ sources }) => sources.filter((one) => one.source === source))
  if (!held || (cuts.length === 0 && streamedTo === undefined)) return undefined
  const { incarnation: own } = held
  if (own !== undefined && cuts.some(({ incarnation }) => incarnation !== own)) return 'other archive'
  const newest = greatestOf([0, ...cuts.map(({ cut }) => cut)])
  const counted = published.reduce((least, { cut }) => Math.min(least, cut), newest)
  const fromOffset = Math.max(counted, streamedTo ?? 0)
  if (fromOffset > held.endOffset && fromOffset >= sourceTo) return 'ahead'
  const endOffset = Math.max(held.endOffset, sourceTo)
  // Lost lines are nothing that anybody could count.
  return endOffset - fromOffset - countLost(held.lost, { fromOffset, endOffset })
}

/** Of what runs published, newest first: that by which some window of the range stands. */
export function publishedWithin(published: readonly PublishedRange[], range: TimeRange): PublishedRange[] {
  let covered: TimeRange[] = []
  return published.filter((one) => {
    // Revision 0: published before cuts were kept.
    const part = one.revision > 0 ? intersectRanges(one.range, range) : undefined
    if (!part || coversRange(covered, part)) return false
    covered = addRange(covered, part)
    return true
  })
}
