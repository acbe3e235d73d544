/**
 * A file that a process holds open: whether its path still leads to it. A file that was deleted or replaced under a
 * server takes what nobody finds again.
 */
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'

export class HeldFile {
  readonly #path: string
  /** No other file has its device and inode while this one is held open. */
  readonly #held: Pick<Stats, 'dev' | 'ino'>

  constructor(path: string, held: Pick<Stats, 'dev' | 'ino'>) {
    this.#path = path
    this.#held = held
  }

  /** Of a file that was opened a moment ago by something that keeps its handle to itself. */
  static async at(path: string): Promise<HeldFile> {
    return new HeldFile(path, await stat(path))
  }

  /** What happened to the file, in words that follow "was"; undefined where its path still leads to it. */
  async findLoss(): Promise<string | undefined> {
    const found = await stat(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    })
    if (!found) return 'deleted or moved'
    const isSame = found.ino === this.#held.ino && found.dev === this.#held.dev
    return isSame ? undefined : 'replaced by another one'
  }
}
