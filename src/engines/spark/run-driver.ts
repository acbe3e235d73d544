/** One application from start to end: its progress is passed on, and one that waits in vain is ended. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError } from '../../core/error.ts'
import type { BatchRequest } from '../../ports/batch-engine.ts'
import { type DriverPages, readStages } from './read-stages.ts'
import { type SourceProgress, StageProgress } from './stage-progress.ts'
import { type Submission, submit } from './submit.ts'
import { DriverWatch, FileTail, type Hopeless } from './watch-driver.ts'

const LOOK_EVERY_MS = 1000

export interface DriverRun extends Omit<Submission, 'signal'> {
  readonly master: string
  /** How long an application may be without executors. */
  readonly patienceMs: number
  readonly requests: readonly BatchRequest[]
  readonly onProgress?: ((progress: SourceProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface DriverEnd {
  /** The exit status, or the signal that ended the driver. */
  readonly outcome: number | NodeJS.Signals
  /** Why it was ended before its time. */
  readonly hopeless?: Hopeless | undefined
}

/** Errors: BATCH_CANCELLED, when nothing of it is left. */
export async function runDriver(run: DriverRun): Promise<DriverEnd> {
  if (run.signal?.aborted) throw new MillraceError('BATCH_CANCELLED')
  const giveUp = new AbortController()
  const over = new AbortController()
  const signal = AbortSignal.any([giveUp.signal, ...(run.signal ? [run.signal] : [])])
  let hopeless: Hopeless | undefined
  const looking = follow(run, over.signal, (found) => {
    hopeless = found
    giveUp.abort()
  })
  try {
    const outcome = await submit({ ...run, signal })
    if (run.signal?.aborted) throw new MillraceError('BATCH_CANCELLED')
    return { outcome, hopeless }
  } finally {
    over.abort()
    await looking
  }
}

async function follow(
  { master, patienceMs, logPath, requests, onProgress }: DriverRun,
  over: AbortSignal,
  giveUp: (hopeless: Hopeless) => void,
): Promise<void> {
  const tail = new FileTail(logPath)
  const watch = new DriverWatch(master, patienceMs)
  const progress = new StageProgress(requests.map((request) => [request.plan.source, linesOf(request)]))
  while (!over.aborted) {
    const { pages, hopeless } = watch.hear(await tail.read(), Date.now())
    if (hopeless) return giveUp(hopeless)
    if (pages && onProgress) await tellProgress(pages, progress, onProgress)
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined)
  }
}

async function tellProgress(
  pages: DriverPages,
  progress: StageProgress,
  onProgress: (progress: SourceProgress) => void,
): Promise<void> {
  const stages = await readStages(pages)
  const news = stages && progress.hear(stages)
  if (news) onProgress(news)
}

export function linesOf({ blocks }: BatchRequest): number {
  return blocks.reduce((sum, { lines }) => sum + lines, 0)
}
