/** Moves the lines of all logs into the archive, again and again, until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ArchiveLogJob, archiveLog } from './archive-log.ts'

const PAUSE_MS = 1000
/** After a failure: whatever is wrong with the archive, the log holds the lines meanwhile. */
const PAUSE_AFTER_FAILURE_MS = 10_000

export interface ArchivingNews {
  onArchived(source: string, endOffset: number, lines: number): void
  onFailure(source: string, error: unknown): void
}

export class Archiver {
  readonly #job: ArchiveLogJob
  readonly #news: ArchivingNews
  /** By source, so that nobody is in each other's way. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(job: ArchiveLogJob, news: ArchivingNews) {
    this.#job = job
    this.#news = news
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const hasFailed = (await this.archiveAll(false)).size > 0
      await sleep(hasFailed ? PAUSE_AFTER_FAILURE_MS : PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** With `isUrgent`, whatever there is. Gives what kept sources from being archived, by source. */
  async archiveAll(isUrgent: boolean): Promise<ReadonlyMap<string, unknown>> {
    const failures = new Map<string, unknown>()
    for (const { source } of this.#job.log.sources()) {
      const archived = this.inTurn(source, () => archiveLog(this.#job, source, { isUrgent }))
      await archived.then(
        ({ endOffset, lines }) => this.#news.onArchived(source, endOffset, lines),
        (error: unknown) => {
          this.#news.onFailure(source, error)
          failures.set(source, error)
        },
      )
    }
    return failures
  }

  /** While nothing else writes to the archive of the source. */
  inTurn<T>(source: string, act: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(source) ?? Promise.resolve()).then(act)
    this.#turns.set(
      source,
      turn.catch(() => undefined),
    )
    return turn
  }
}
