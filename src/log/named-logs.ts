/** All that a data folder keeps of a source by its name, beside archive and report; nobody else is at work on it. */
import { dirname, join } from 'node:path'
import { type Disk, realDisk } from '../archive/disk.ts'
import { acquireLock, dropLock, type Release, takeLock } from '../archive/lock.ts'
import { isThere } from '../archive/unreadable.ts'
import { MillraceError } from '../core/error.ts'
import { greatestOf } from '../core/extremes.ts'

export interface SourceNames {
  readonly from: string
  readonly to: string
}

/** The folders of one kind of log. */
export interface LogFolders {
  folderOf(source: string): string
  /** Something of a log lies in it. */
  exists(source: string): Promise<boolean>
  /** The offset after its last line; 0 where it has none. */
  endOf(source: string): Promise<number>
}

export interface NamedParts {
  readonly logs: readonly LogFolders[]
  /** Lines of the source wait in a topic that cannot be renamed. */
  keepsTopic(source: string): Promise<boolean>
  /** What is remembered of a job that counts the source. */
  renameJob(from: string, to: string): Promise<void>
}

export class NamedLogs {
  readonly #dataDir: string
  readonly #parts: NamedParts
  readonly #disk: Disk

  constructor(dataDir: string, parts: NamedParts, disk: Disk = realDisk) {
    this.#dataDir = dataDir
    this.#parts = parts
    this.#disk = disk
  }

  /** Of whichever log it is. */
  async end(source: string): Promise<number> {
    return greatestOf(await Promise.all(this.#parts.logs.map(({ endOf }) => endOf(source))))
  }

  keepsTopic(source: string): Promise<boolean> {
    return this.#parts.keepsTopic(source)
  }

  /** Done already where the old name has nothing, or the new one has lines. */
  async rename({ from, to }: SourceNames): Promise<void> {
    for (const { folderOf, exists, endOf } of this.#parts.logs) {
      if (!(await exists(from)) || (await endOf(to)) > 0) continue
      await this.#disk.remove(folderOf(to))
      await this.#disk.rename(folderOf(from), folderOf(to))
      await this.#disk.syncFolder(dirname(folderOf(to)))
    }
    await this.#parts.renameJob(from, to)
  }

  /**
   * Keeps out servers, batches and whoever brings logs into the archive by these locks of the data folder (what holds
   * each is for messages), and ingests by those of the sources' logs, whose folders may have moved when all is
   * released. Errors: DATA_LOCKED, INGEST_LOG_OPEN.
   */
  async lock(names: readonly SourceNames[], locks: ReadonlyMap<string, string>): Promise<Release> {
    const held: Release[] = []
    const release = async () => {
      for (const free of held) await free()
    }
    try {
      for (const [lock, purpose] of locks)
        held.push(await acquireLock(join(this.#dataDir, `${lock}.lock`), purpose))
      const sources = new Set(names.flatMap(({ from, to }) => [from, to]))
      for (const { folderOf } of this.#parts.logs)
        for (const source of sources)
          if (await isThere(dirname(folderOf(source)))) held.push(await lockLog(folderOf(source), source))
      return release
    } catch (error) {
      await release()
      throw error
    }
  }
}

async function lockLog(folder: string, source: string): Promise<Release> {
  const taken = await takeLock(join(folder, 'lock'))
  if (typeof taken !== 'function') throw new MillraceError('INGEST_LOG_OPEN', { source, pid: taken.pid })
  return () => dropLock(join(folder, 'lock'))
}
