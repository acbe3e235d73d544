/** The few acts by which the log changes a disk; durability is stated here and nowhere else. */
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Disk, realDisk } from '../archive/disk.ts'
import { MillraceError } from '../core/error.ts'
import { shellWord } from '../core/shell-word.ts'
import { HeldFile } from './held-file.ts'

/** A file that grows at its end. */
export interface AppendFile {
  /** Puts all of it behind what is there; a failure may leave a part. */
  append(buffers: readonly Uint8Array[]): Promise<void>
  /**
   * What was appended is durable when this resolves, in the file that others find there. Never called again after a
   * failure. Errors: SyncFailure, LOG_FILE_GONE.
   */
  sync(): Promise<void>
  /** Errors: LOG_FILE_GONE, where the path leads to another file by now, or to none. */
  requireHeld(): Promise<void>
  close(): Promise<void>
}

/** The file may hold anything now; only reading it again can tell. */
export class SyncFailure extends Error {}

export interface LogDisk extends Disk {
  /** Makes a file, or opens one and cuts it to `length`. */
  openAppend(path: string, length: number): Promise<AppendFile>
  /** Writes bytes again where they stand; durable with the next sync of the file. */
  rewrite(path: string, position: number, bytes: Uint8Array): Promise<void>
}

export const realLogDisk: LogDisk = { ...realDisk, openAppend, rewrite }

async function openAppend(path: string, length: number): Promise<AppendFile> {
  const file = await open(path, length === 0 ? 'w' : 'r+')
  try {
    if (length > 0) await file.truncate(length)
    return new RealAppendFile(file, path, length, new HeldFile(path, await file.stat()))
  } catch (error) {
    await file.close()
    throw error
  }
}

async function rewrite(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+')
  try {
    for (let at = 0; at < bytes.length; )
      at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  } finally {
    await file.close()
  }
}

class RealAppendFile implements AppendFile {
  readonly #file: FileHandle
  readonly #path: string
  readonly #held: HeldFile
  #length: number

  constructor(file: FileHandle, path: string, length: number, held: HeldFile) {
    this.#file = file
    this.#path = path
    this.#held = held
    this.#length = length
  }

  async append(buffers: readonly Uint8Array[]): Promise<void> {
    let rest = buffers
    while (rest.length > 0) {
      const { bytesWritten } = await this.#file.writev(rest as Uint8Array[], this.#length)
      if (bytesWritten === 0) throw Object.assign(new Error('nothing could be written'), { code: 'EIO' })
      this.#length += bytesWritten
      rest = withoutFirst(rest, bytesWritten)
    }
  }

  async sync(): Promise<void> {
    await this.#file.datasync().catch((error: Error) => {
      throw new SyncFailure(error.message, { cause: error })
    })
    await this.requireHeld()
  }

  async requireHeld(): Promise<void> {
    const what = await this.#held.findLoss()
    if (what === undefined) return
    const path = this.#path
    const folder = shellWord(dirname(path))
    const command = `mkdir -p ${folder} && cp /proc/${process.pid}/fd/${this.#file.fd} ${shellWord(path)}`
    throw new MillraceError('LOG_FILE_GONE', { path, what, command })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** A write may take less than it was given. */
function withoutFirst(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  const rest: Uint8Array[] = []
  for (const buffer of buffers) {
    if (left >= buffer.length) left -= buffer.length
    else {
      rest.push(left > 0 ? buffer.subarray(left) : buffer)
      left = 0
    }
  }
  return rest
}
