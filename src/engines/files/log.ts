/** The log on plain files: for each source a folder of segments that only grow (see docs/log.md). */
import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { acquireLock, isMine, type Release, takeLock } from '../../archive/lock.ts'
import { ifThere } from '../../archive/unreadable.ts'
import { MillraceError } from '../../core/error.ts'
import type { Clocks, KnownClock } from '../../core/observed-clock.ts'
import { formatInstant } from '../../core/timestamp.ts'
import { DiskReserve, type DiskReserveOptions } from '../../log/disk-reserve.ts'
import { IdleClocks } from '../../log/idle-clocks.ts'
import { KEY_HORIZON_MS } from '../../log/key-index.ts'
import { type LogDisk, realLogDisk } from '../../log/log-disk.ts'
import type { LogFolders } from '../../log/named-logs.ts'
import type {
  Appended,
  KeyList,
  Log,
  LogBatch,
  LogEnd,
  LogEnds,
  LogSource,
  StoredBatch,
} from '../../ports/log.ts'
import { RecentBatches } from './log/recent-batches.ts'
import { listSegments } from './log/segment-list.ts'
import { isFull, isGone, SourceLog } from './log/source-log.ts'

const SEGMENT_BYTES = 64 * 1024 * 1024

export interface FilesLogOptions {
  /** The log lies in `<dataDir>/log/<source>`. */
  readonly dataDir: string
  /** Where a source goes on that the log has not, or not so far: the archive's next offset. */
  firstOffset(source: string): Promise<number>
  /** Up to where a report has counted lines of a log that is there no longer: their offsets are not given out again. */
  countedTo?(source: string): Promise<number>
  /** When the archive's line at this offset, which lies below `firstOffset`, was observed, as it was stamped; undefined where nobody knows. */
  archivedStamp?(source: string, offset: number): Promise<number | undefined>
  /** The keys of archived batches, for a log that does not know these; none where all were observed before `sinceMs`. */
  archivedKeys?(source: string, sinceMs: number): Promise<string | undefined>
  /** Lines are stamped with no earlier time than the last that anyone was told of this source. */
  knownClock?(source: string): Promise<KnownClock>
  /** Hears of bytes at the end of a source that were never acked and are gone. */
  onTorn?(source: string, bytes: number): void
  /** For tests. */
  readonly disk?: LogDisk
  readonly clocks?: Clocks
  readonly segmentBytes?: number
  readonly recent?: RecentBatches
  readonly readRoom?: DiskReserveOptions['readRoom']
}

const realClocks: Clocks = { now: Date.now, steady: () => performance.now() }

export class FilesLog implements Log {
  readonly #options: FilesLogOptions
  readonly #root: string
  readonly #release: Release
  readonly #recent: RecentBatches
  readonly #reserve: DiskReserve
  readonly #sources = new Map<string, SourceLog>()
  readonly #opening = new Map<string, Promise<SourceLog>>()
  readonly #idleClocks: IdleClocks
  readonly #locks: Release[] = []
  readonly #locked = new Set<string>()
  #failure: Error | undefined

  private constructor(options: FilesLogOptions, root: string, release: Release) {
    this.#options = options
    this.#root = root
    this.#release = release
    this.#recent = options.recent ?? new RecentBatches()
    const { clocks = realClocks, readRoom } = options
    const { steady } = clocks
    this.#idleClocks = new IdleClocks(clocks, (source) => this.#knownClock(source))
    this.#reserve = new DiskReserve({ folder: root, steady, ...(readRoom && { readRoom }) })
  }

  /** Errors: DATA_LOCKED, LOG_DAMAGED, ARCHIVE_UNWRITABLE. */
  static async open(options: FilesLogOptions): Promise<FilesLog> {
    const root = join(options.dataDir, 'log')
    const release = await acquireLock(lockOf(options.dataDir), 'server')
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
    return [...this.#sources.values()].find(({ failure }) => failure)?.failure ?? this.#failure
  }

  get trouble(): Error | undefined {
    for (const { trouble } of this.#sources.values()) if (trouble) return trouble
    return this.#reserve.shortage
  }

  get drainBytes(): number | undefined {
    return this.#reserve.shortage && this.#reserve.stepBytes
  }

  async look(): Promise<void> {
    for (const source of this.#sources.values()) await source.look()
    await this.#requireFolder().catch((error: Error) => {
      // A look that the system refuses tells nothing.
      if (isGone(error)) this.#failure ??= error
    })
  }

  sources(): LogSource[] {
    return [...this.#sources].map(([source, { incarnation, startOffset, endOffset, bytes }]) => {
      return { source, incarnation, startOffset, endOffset, bytes }
    })
  }

  async append(source: string, batch: LogBatch): Promise<Appended> {
    return (this.#sources.get(source) ?? (await this.#begin(source))).append(batch)
  }

  keysBelow(source: string, endOffset: number): KeyList | undefined {
    return this.#of(source).keysBelow(endOffset)
  }

  end(source: string): LogEnd {
    return this.#of(source).end()
  }

  idleClock(source: string): Promise<number | undefined> {
    return this.#idleClocks.read(source, lockFolder(this.#options.dataDir, source))
  }

  read(source: string, fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    return this.#of(source).read(fromOffset, maxBytes)
  }

  /** Its files must be where they were opened. */
  async confirmHeld(source: string, incarnation?: string): Promise<void> {
    const path = join(this.#root, source)
    const [first] = (await ifThere(path, listSegments(path))) ?? []
    const held = this.#sources.get(source)
    if (!held || first?.firstOffset !== held.startOffset)
      throw new MillraceError('LOSS_UNPROVEN', { source, path, why: 'holds nothing of it' })
    if (incarnation === undefined || incarnation === held.incarnation) return
    const why = 'holds another log of it than the one whose lines were counted'
    throw new MillraceError('LOSS_UNPROVEN', { source, path, why })
  }

  wait(source: string, offset: number, signal: AbortSignal): Promise<void> {
    return this.#of(source).wait(offset, signal)
  }

  trim(source: string, offset: number): Promise<void> {
    return this.#of(source).trim(offset)
  }

  async close(): Promise<void> {
    for (const source of this.#sources.values()) await source.close()
    for (const release of this.#locks) await release()
    await this.#release()
  }

  #of(source: string): SourceLog {
    const found = this.#sources.get(source)
    if (!found) throw new Error(`source ${source} has no log`)
    return found
  }

  async #open(source: string): Promise<void> {
    await this.#lock(source)
    const clock = await this.#knownClock(source)
    const onTorn = (bytes: number) => this.#options.onTorn?.(source, bytes)
    const opened = await SourceLog.open(this.#place(source), { clock, onTorn })
    if (!opened) return
    this.#sources.set(source, opened)
    const archived = await this.#options.firstOffset(source)
    const isRepaired = opened.startOffset < (clock.repairedTo ?? 0)
    if (!isRepaired) await this.#requireSameLines(source, opened, archived)
    // Lines that were put into the archive while no server ran come between; of others only it knows the right times.
    if (archived > opened.endOffset || isRepaired)
      await opened.skipTo(archived, await this.#archivedKeys(source))
    else await opened.finishSkip(archived)
  }

  /**
   * Where both hold a line, it is the same one: stamps rise, so the last that both hold tells. An archive and a log that
   * were put back to different states would else drop what only the log has. Errors: LOG_OTHER_LINES.
   */
  async #requireSameLines(source: string, opened: SourceLog, archived: number): Promise<void> {
    const { archivedStamp } = this.#options
    const offset = Math.min(archived, opened.endOffset) - 1
    if (!archivedStamp || offset < opened.startOffset) return
    const heldMs = (await opened.read(offset, 1))[0]!.observedMs
    const stampMs = await archivedStamp(source, offset)
    if (stampMs === undefined || heldMs === stampMs) return
    const [path, held, stamp] = [join(this.#root, source), formatInstant(heldMs), formatInstant(stampMs)]
    throw new MillraceError('LOG_OTHER_LINES', { source, path, offset, held, archived: stamp })
  }

  #begin(source: string): Promise<SourceLog> {
    const opening =
      this.#opening.get(source) ?? this.#create(source).finally(() => this.#opening.delete(source))
    this.#opening.set(source, opening)
    return opening
  }

  async #create(source: string): Promise<SourceLog> {
    if (this.#failure) throw this.#failure
    await this.#requireFolder()
    // An ingest that is running, or an archive that cannot be reached, says nothing about this disk.
    await this.#lock(source)
    const clock = await this.#knownClock(source)
    const header = {
      incarnation: randomBytes(16).toString('hex'),
      firstOffset: Math.max(
        await this.#options.firstOffset(source),
        (await this.#options.countedTo?.(source)) ?? 0,
      ),
      observedMs: clock.lastMs,
    }
    const keys = await this.#archivedKeys(source)
    const made = await SourceLog.create(this.#place(source), header, { clock, keys }).catch(
      (error: Error) => {
        if (!isFull(error)) this.#failure = error
        throw error
      },
    )
    this.#sources.set(source, made)
    return made
  }

  /** Errors: LOG_FOLDER_GONE. */
  async #requireFolder(): Promise<void> {
    const { dataDir: path } = this.#options
    if (!(await isMine(lockOf(path)))) throw new MillraceError('LOG_FOLDER_GONE', { path })
  }

  /** Until the log is closed no file can be ingested into the source: both would give out the same offsets. */
  async #lock(source: string): Promise<void> {
    if (this.#locked.has(source)) return
    this.#locks.push(await acquireLock(lockFolder(this.#options.dataDir, source), 'server'))
    this.#locked.add(source)
  }

  async #knownClock(source: string): Promise<KnownClock> {
    return (await this.#options.knownClock?.(source)) ?? { lastMs: 0 }
  }

  async #archivedKeys(source: string): Promise<string | undefined> {
    const { clocks = realClocks, archivedKeys } = this.#options
    return archivedKeys?.(source, clocks.now() - KEY_HORIZON_MS)
  }

  #place(source: string) {
    const { disk = realLogDisk, clocks = realClocks, segmentBytes = SEGMENT_BYTES } = this.#options
    const shared = { disk, clocks, segmentBytes, recent: this.#recent, reserve: this.#reserve }
    return { source, folder: join(this.#root, source), ...shared }
  }
}

/** For moves to another name of the source. */
export function logFolders(dataDir: string): LogFolders {
  const folderOf = (source: string) => join(dataDir, 'log', source)
  return {
    folderOf,
    exists: async (source) =>
      ((await ifThere(folderOf(source), listSegments(folderOf(source)))) ?? []).length > 0,
    endOf: (source) => endOfLog(folderOf(source)),
  }
}

/** Sources that have a log in this data folder. */
export async function listLogs(dataDir: string): Promise<string[]> {
  const root = join(dataDir, 'log')
  const entries = (await ifThere(root, readdir(root, { withFileTypes: true }))) ?? []
  const names: string[] = []
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    if ((await listSegments(join(root, entry.name))).length > 0) names.push(entry.name)
  }
  return names.sort()
}

/** How far each log of this data folder has come that nobody has open. Errors: LOG_DAMAGED. */
export async function endsOfLogs(dataDir: string): Promise<LogEnds[]> {
  const ends: LogEnds[] = []
  for (const source of await listLogs(dataDir)) {
    const folder = join(dataDir, 'log', source)
    const segments = await listSegments(folder)
    const [first, last] = [segments[0], segments.at(-1)]
    if (!first || !last) continue
    const { mtimeMs } = await stat(last.path)
    const endOffset = await SourceLog.endOf(folder)
    ends.push({ source, startOffset: first.firstOffset, endOffset, writtenMs: mtimeMs })
  }
  return ends
}

/**
 * Runs an ingest while no log of the source can give out the same offsets. `archived` tells the archive's next offset.
 * Errors: INGEST_LOG_AHEAD, INGEST_LOG_OPEN.
 */
export async function besideLog<T>(
  { dataDir, source }: { readonly dataDir: string; readonly source: string },
  archived: () => Promise<number>,
  ingest: () => Promise<T>,
): Promise<T> {
  const release = await lockIdle(dataDir, source)
  try {
    const lines = await linesAhead(dataDir, source, archived)
    if (lines > 0) throw new MillraceError('INGEST_LOG_AHEAD', { source, lines })
    return await ingest()
  } finally {
    await release()
  }
}

/** Lines of a log that nobody has open which the archive lacks. Errors: LOG_DAMAGED. */
export async function linesAhead(
  dataDir: string,
  source: string,
  archived: () => Promise<number>,
): Promise<number> {
  const end = await endOfLog(join(dataDir, 'log', source))
  return end - (end === 0 ? 0 : await archived())
}

async function lockIdle(dataDir: string, source: string): Promise<Release> {
  const taken = await takeLock(lockFolder(dataDir, source))
  if (typeof taken === 'function') return taken
  throw new MillraceError('INGEST_LOG_OPEN', { source, pid: taken.pid })
}

async function endOfLog(folder: string): Promise<number> {
  const segments = (await ifThere(folder, listSegments(folder))) ?? []
  return segments.length === 0 ? 0 : SourceLog.endOf(folder)
}

function lockOf(dataDir: string): string {
  return join(dataDir, 'log.lock')
}

function lockFolder(dataDir: string, source: string): string {
  return join(dataDir, 'log', source, 'lock')
}
