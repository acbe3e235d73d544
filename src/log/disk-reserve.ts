/**
 * Room on the drive of the log that new lines leave free. Archive and report are often on the same drive: with room left for
 * them the lines of a full log are archived and counted, the log gives them up, and lines can be taken again.
 */
import { MillraceError } from '../core/error.ts'
import { type DriveRoom, readDriveRoom } from './drive-room.ts'

/** A block of the archive, a micro-batch of the stream, the transaction that counts it, and a file of keys fit in it together. */
const MOST_KEPT_BYTES = 128 * 1024 * 1024
/** Of a smaller drive. */
const KEPT_SHARE = 0.1
/** Lines are taken again when this much more than the reserve is free: else a nearly full drive would archive tiny blocks. */
const RESUME_SHARE = 1.25
/** The drive is asked no more often than this. */
const LOOK_MS = 250
const MIB = 1024 * 1024

export interface DiskReserveOptions {
  readonly folder: string
  steady(): number
  /** For tests. */
  readonly readRoom?: (folder: string) => DriveRoom | undefined
}

export class DiskReserve {
  readonly #options: DiskReserveOptions
  #room: DriveRoom | undefined
  #lookedMs = Number.NEGATIVE_INFINITY
  /** Since it began, in the words of then, so that it is one trouble to those who watch. */
  #shortage: MillraceError | undefined
  /** What the lines needed that were refused last. */
  #refusedBytes = 0

  constructor(options: DiskReserveOptions) {
    this.#options = options
  }

  /** Takes room for so many bytes, or gives the reason why they must wait: LOG_DISK_FULL. */
  take(bytes: number): MillraceError | undefined {
    const room = this.#look()
    if (!room || room.freeBytes - bytes >= this.#leastFree(room)) {
      this.#shortage = undefined
      if (room) this.#room = { ...room, freeBytes: room.freeBytes - bytes }
      return undefined
    }
    this.#refusedBytes = bytes
    const found = this.#describe(room)
    this.#shortage ??= found
    return found
  }

  /** Why lines must wait, whether one came or not. */
  get shortage(): MillraceError | undefined {
    const room = this.#look()
    if (!this.#shortage) this.#refusedBytes = 0
    const isShort = room !== undefined && room.freeBytes - this.#refusedBytes < this.#leastFree(room)
    this.#shortage = isShort ? (this.#shortage ?? this.#describe(room)) : undefined
    return this.#shortage
  }

  /** Lines that can surely be archived within the reserve, which is empty again when the log has given them up. */
  get stepBytes(): number {
    const room = this.#look()
    return room ? keptBytes(room) / 2 : Number.POSITIVE_INFINITY
  }

  #leastFree(room: DriveRoom): number {
    return keptBytes(room) * (this.#shortage ? RESUME_SHARE : 1)
  }

  #look(): DriveRoom | undefined {
    const { folder, steady, readRoom = readDriveRoom } = this.#options
    const nowMs = steady()
    if (!this.#room || nowMs - this.#lookedMs >= LOOK_MS) {
      this.#room = readRoom(folder)
      this.#lookedMs = nowMs
    }
    return this.#room
  }

  #describe(room: DriveRoom): MillraceError {
    const kept = keptBytes(room)
    return new MillraceError('LOG_DISK_FULL', {
      path: this.#options.folder,
      free: printMib(room.freeBytes),
      kept: printMib(kept),
      least: printMib(kept * RESUME_SHARE + this.#refusedBytes),
    })
  }
}

function keptBytes({ totalBytes }: DriveRoom): number {
  return Math.min(MOST_KEPT_BYTES, totalBytes * KEPT_SHARE)
}

function printMib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
