/** The log on plain files: for each source a folder of segments that only grow (see docs/log.md). */
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock, type Release } from '../../archive/lock.ts'
import { MillraceError } from '../../core/error.ts'
import type { Appended, Log, LogBatch, LogEnd, LogSource, StoredBatch } from '../../ports/log.ts'
import { type LogDisk, realLogDisk } from './log/log-disk.ts'
import type { Clocks } from './log/observed-clock.ts'
import { listSegments } from './log/segment-list.ts'
import { SourceLog } from './log/source-log.ts'

const SEGMENT_BYTES = 64 * 1024 * 1024

export interface FilesLogOptions {
  /** The log lies in `<dataDir>/log/<source>`. */
  readonly dataDir: string
  /** Where a source goes on that the log has not, or not so far: the archive's next offset. */
  firstOffset(source: string): Promise<number>
  /** Hears of bytes at the end of a source that were never acked and are gone. */
  onTorn?(source: string, bytes: number): void
  /** For tests. */
  readonly disk?: LogDisk
  readonly clocks?: Clocks
  readonly segmentBytes?: number
}

const realClocks: Clocks = { now: Date.now, steady: () => performance.now() }

export class FilesLog implements Log {
  readonly #options: FilesLogOptions
  readonly #root: string
  readonly #release: Release
  readonly #sources = new Map<string, SourceLog>()
  readonly #opening = new Map<string, Promise<SourceLog>>()

  private constructor(options: FilesLogOptions, root: string, release: Release) {
    this.#options = options
    this.#root = root
    this.#release = release
  }

  /** Errors: DATA_LOCKED, LOG_DAMAGED, ARCHIVE_UNWRITABLE. */
  static async open(options: FilesLogOptions): Promise<FilesLog> {
    const root = join(options.dataDir, 'log')
    const release = await acquireLock(join(root, 'lock'), 'server')
    const log = new FilesLog(options, root, release)
    try {
      for (const source of await listLogs(options.dataDir)) await log.#open(source)
      return log
    } catch (error) {
      await log.close()
      throw error
    }
  }

  get failure(): Error | undefined {
    return [...this.#sources.values()].find(({ failure }) => failure)?.failure
  }

  sources(): LogSource[] {
    return [...this.#sources].map(([source, { incarnation, startOffset, endOffset, bytes }]) => {
      return { source, incarnation, startOffset, endOffset, bytes }
    })
  }

  async append(source: string, batch: LogBatch): Promise<Appended> {
    return (this.#sources.get(source) ?? (await this.begin(source))).append(batch)
  }

  /** Makes a source's log, unless it has one. */
  async begin(source: string): Promise<SourceLog> {
    const known = this.#sources.get(source)
    if (known) return known
    const opening = this.#opening.get(source) ?? this.#create(source)
    this.#opening.set(source, opening)
    return opening.finally(() => this.#opening.delete(source))
  }

  end(source: string): LogEnd {
    return this.#of(source).end()
  }

  read(source: string, fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    return this.#of(source).read(fromOffset, maxBytes)
  }

  wait(source: string, offset: number, signal: AbortSignal): Promise<void> {
    return this.#of(source).wait(offset, signal)
  }

  trim(source: string, offset: number): Promise<void> {
    return this.#of(source).trim(offset)
  }

  async close(): Promise<void> {
    for (const source of this.#sources.values()) await source.close()
    await this.#release()
  }

  #of(source: string): SourceLog {
    const found = this.#sources.get(source)
    if (!found) throw new Error(`source ${source} has no log`)
    return found
  }

  async #open(source: string): Promise<void> {
    const opened = await SourceLog.open(this.#place(source), (bytes) => this.#options.onTorn?.(source, bytes))
    if (!opened) return
    this.#sources.set(source, opened)
    const archived = await this.#options.firstOffset(source)
    // Lines that were put into the archive while no server ran come between.
    if (archived > opened.endOffset) await opened.skipTo(archived)
  }

  async #create(source: string): Promise<SourceLog> {
    const firstOffset = await this.#options.firstOffset(source)
    const made = await SourceLog.create(this.#place(source), randomBytes(16).toString('hex'), firstOffset)
    this.#sources.set(source, made)
    return made
  }

  #place(source: string) {
    const { disk = realLogDisk, clocks = realClocks, segmentBytes = SEGMENT_BYTES } = this.#options
    return { source, folder: join(this.#root, source), disk, clocks, segmentBytes }
  }
}

/** Sources that have a log in this data folder. */
export async function listLogs(dataDir: string): Promise<string[]> {
  const root = join(dataDir, 'log')
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const names: string[] = []
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === 'lock') continue
    if ((await listSegments(join(root, entry.name))).length > 0) names.push(entry.name)
  }
  return names.sort()
}

/** Refuses an ingest beside a log whose lines the archive has not all. Errors: INGEST_LOG_AHEAD. */
export async function requireArchived(dataDir: string, source: string, archived: number): Promise<void> {
  const folder = join(dataDir, 'log', source)
  const segments = await listSegments(folder).catch(() => [])
  if (segments.length === 0) return
  const last = await SourceLog.endOf(folder)
  if (last > archived) throw new MillraceError('INGEST_LOG_AHEAD', { source, lines: last - archived })
}
