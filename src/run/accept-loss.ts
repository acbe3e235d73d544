/** The use case that accepts that lines of a source are lost: a fact of its archive, after which the source goes on. */
import { MillraceError } from '../core/error.ts'
import { printRanges } from '../core/incident.ts'
import type { OffsetRange } from '../core/lost-lines.ts'
import type { StoredBatch } from '../ports/log.ts'
import { archiveLog } from './archive-log.ts'
import { cutAt } from './cut-batch.ts'
import { type FoundLoss, findLoss, type LossPlace } from './find-loss.ts'

const READ_BYTES = 4 * 1024 * 1024

export interface AcceptLossJob extends LossPlace {
  /** What was shown to whoever accepts it. */
  readonly shown: readonly OffsetRange[]
  /** As `name@host`. */
  readonly by: string
  now(): number
}

/**
 * What the log still holds of a lost block is archived again, and so are lines between the ranges, on the way. A crash leaves the first ranges accepted; repeating it accepts the
 * others. Errors: LOSS_MOVED, and those of findLoss and archiveLog.
 */
export async function acceptLoss(job: AcceptLossJob): Promise<FoundLoss> {
  const { source, archive, report, by, now } = job
  const found = await findLoss(job)
  const [shown, present] = [printAll(job.shown), printAll(found.ranges)]
  if (shown !== present)
    throw new MillraceError('LOSS_MOVED', {
      source,
      shown: printRanges(job.shown),
      found: printRanges(found.ranges),
    })
  const state = await report?.streamState(source)
  const accepted = { acceptedMs: now(), acceptedBy: by }
  for (const { block, lost, held } of found.blocks)
    await archive.replaceBlock(source, {
      block,
      lost: lost.map((range) => ({ ...range, ...accepted })),
      held: held.map((range) => ({ firstOffset: range.fromOffset, batches: linesOf(job, range) })),
    })
  const inBlocks = found.blocks.flatMap(({ lost }) => lost).length
  for (const range of found.ranges.slice(inBlocks)) {
    await archiveUpTo(job)
    const log = state?.incarnation
    const lost = { ...range, ...accepted, ...(log && { log }) }
    await archive.acceptLost(source, { lost, ...(state?.archive && { incarnation: state.archive }) })
  }
  await archiveUpTo(job)
  return found
}

/** The next missing line, or the log's end. The stream may still need every line. */
async function archiveUpTo({ source, log, archive }: AcceptLossJob): Promise<void> {
  const passed = async () => 0
  await archiveLog({ log, archive, passed }, source, { isUrgent: true }).catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.code !== 'LOG_LINES_MISSING') throw error
  })
}

async function* linesOf(
  { log, source }: AcceptLossJob,
  { fromOffset, endOffset }: OffsetRange,
): AsyncGenerator<StoredBatch, void, undefined> {
  for (let next = fromOffset; next < endOffset; ) {
    for (const batch of await log.read(source, next, READ_BYTES)) {
      if (batch.firstOffset >= endOffset) break
      yield batch.endOffset > endOffset ? cutAt(batch, endOffset) : batch
      next = batch.endOffset
    }
  }
}

function printAll(ranges: readonly OffsetRange[]): string {
  return ranges.map(({ fromOffset, endOffset }) => `${fromOffset}..${endOffset}`).join()
}
