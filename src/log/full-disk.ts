/** Whether the disk under a log is full: known by a write that failed, and over once there is room for such a write again. */
import { readDriveRoom } from './drive-room.ts'

/** A sync and a new segment take some too. */
const MARGIN_BYTES = 1024 * 1024

export class FullDisk {
  readonly #folder: string
  #found: { readonly error: Error; readonly bytes: number } | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Why the last write of so many bytes failed. */
  note(error: Error, bytes: number): void {
    this.#found = { error, bytes }
  }

  /** A write went through. */
  clear(): void {
    this.#found = undefined
  }

  /** No client has to try for it: one that hears of a full disk may stay away. */
  get trouble(): Error | undefined {
    if (!this.#found) return undefined
    const freeBytes = readDriveRoom(this.#folder)?.freeBytes ?? Number.POSITIVE_INFINITY
    if (freeBytes > this.#found.bytes + MARGIN_BYTES) this.#found = undefined
    return this.#found?.error
  }
}
