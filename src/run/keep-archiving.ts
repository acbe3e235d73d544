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
      const hasFailed = !(await this.archiveAll(false))
      await sleep(hasFailed ? PAUSE_AFTER_FAILURE_MS : PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** With `isUrgent`, whatever there is. Gives false when a source could not be archived. */
  async archiveAll(isUrgent: boolean): Promise<boolean> {
    let isWell = true
    for (const { source } of this.#job.log.sources()) {
      const turn = (this.#turns.get(source) ?? Promise.resolve()).then(() => this.#archive(source, isUrgent))
      this.#turns.set(source, turn)
      isWell = (await turn) && isWell
    }
    return isWell
  }

  async #archive(source: string, isUrgent: boolean): Promise<boolean> {
    try {
      const { endOffset, lines } = await archiveLog(this.#job, source, { isUrgent })
      this.#news.onArchived(source, endOffset, lines)
      return true
    } catch (error) {
      this.#news.onFailure(source, error)
      return false
    }
  }
}
