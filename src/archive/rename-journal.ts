/** Which sources are being renamed: written before the first step, so that whoever starts next goes on. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Disk, realDisk, replaceFiles } from './disk.ts'
import { ifThere } from './unreadable.ts'

interface SourceRename {
  readonly from: string
  readonly to: string
}

const FILE = 'renames.json'

export class RenameJournal {
  readonly #dataDir: string
  readonly #disk: Disk

  constructor(dataDir: string, disk: Disk = realDisk) {
    this.#dataDir = dataDir
    this.#disk = disk
  }

  /** In the order in which they must be done; those that are done are left out. Errors: DATA_UNREADABLE. */
  async read(): Promise<SourceRename[]> {
    const path = join(this.#dataDir, FILE)
    const text = await ifThere(path, readFile(path, 'utf8'))
    return text === undefined ? [] : (JSON.parse(text) as { underWay: SourceRename[] }).underWay
  }

  /** Durable when it resolves. */
  async write(underWay: readonly SourceRename[]): Promise<void> {
    if (underWay.length > 0) {
      const text = `${JSON.stringify({ formatVersion: 1, underWay }, null, 1)}\n`
      return replaceFiles(this.#disk, this.#dataDir, [FILE], text)
    }
    await this.#disk.remove(join(this.#dataDir, FILE))
    await this.#disk.syncFolder(this.#dataDir)
  }
}
