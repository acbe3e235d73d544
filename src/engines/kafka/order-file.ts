/** The file of an order: a head, then acts, each line with its checksum; it only grows until it is written again. */
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { crc32c } from '../../archive/crc32c.ts'
import { realDisk, replaceFiles } from '../../archive/disk.ts'
import { MillraceError } from '../../core/error.ts'
import { type AppendFile, realLogDisk } from '../../log/log-disk.ts'

export interface Head {
  readonly format: 1
  readonly incarnation: string
  readonly topic: string
  readonly topicId: string
  readonly startOffset: number
  readonly endOffset: number
  readonly lastObservedMs: number
  /** By partition: the first record that has no place in the order. */
  readonly positions: readonly PartitionRecord[]
  readonly keys: string
  /** By partition: the stamps of records below are not believed where they are ahead of this machine's clock. */
  readonly distrusted?: readonly PartitionRecord[]
}

export type PartitionRecord = readonly [partition: number, record: number]

/** One line of the file after its head. */
export interface Act {
  readonly entries?: readonly (readonly number[])[]
  readonly keys?: readonly (readonly [
    scope: string,
    key: string,
    digest: string,
    first: number,
    end: number,
    ms: number,
  ])[]
  readonly trim?: number
  readonly skip?: number
  /** With a skip: the clock from here on, whatever was stamped before. */
  readonly clock?: number
  readonly distrust?: readonly PartitionRecord[]
  /** Records below these need no place any more: what has none among them is no line. */
  readonly positions?: readonly PartitionRecord[]
  /** The brokers lost their records from these on, and number others by the same numbers. */
  readonly cut?: readonly PartitionRecord[]
}

export interface FileContent {
  readonly head: Head
  readonly acts: readonly Act[]
  /** What follows was torn. */
  readonly goodBytes: number
}

export const ORDER_FILE = 'order.ndjson'

export class OrderFile {
  readonly #folder: string
  #file: AppendFile | undefined
  #bytes = 0
  #failure: Error | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What stands in the file is unknown, or it is another one. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Undefined where there is none. What was torn is cut off. Errors: LOG_DAMAGED. */
  async open(): Promise<FileContent | undefined> {
    const found = await this.read()
    if (!found) return undefined
    await this.#reach(found.goodBytes)
    // What was torn is cut off for good before anything follows.
    await this.#file!.sync()
    return found
  }

  /** As it stands there; nothing is cut off. Errors: LOG_DAMAGED. */
  async read(): Promise<FileContent | undefined> {
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!bytes) return undefined
    const { records, goodBytes } = parseFile(bytes, this.#path)
    const [head, ...acts] = records as [Head, ...Act[]]
    return { head, acts, goodBytes }
  }

  /** Durable when it resolves, in the file that others find there. Errors: LOG_UNWRITABLE, LOG_FILE_GONE, after which there is none. */
  async append(act: Act): Promise<void> {
    if (this.#failure) throw this.#failure
    const line = printLine(act)
    try {
      await this.#file!.append([line])
      await this.#file!.sync()
    } catch (error) {
      this.#failure = unwritable(this.#folder, error)
      throw this.#failure
    }
    this.#bytes += line.length
  }

  /** In place of what stands there, at once. */
  async replace(head: Head, acts: readonly Act[]): Promise<void> {
    await this.#file?.requireHeld()
    await this.#file?.close()
    const text = [head, ...acts].map((record) => printLine(record).toString()).join('')
    await replaceFiles(realDisk, this.#folder, [ORDER_FILE], text)
    await this.#reach((await stat(this.#path)).size)
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  get #path(): string {
    return join(this.#folder, ORDER_FILE)
  }

  async #reach(bytes: number): Promise<void> {
    this.#file = await realLogDisk.openAppend(this.#path, bytes)
    this.#bytes = bytes
  }
}

function unwritable(folder: string, error: unknown): MillraceError {
  if (error instanceof MillraceError) return error
  const { message: why } = error as Error
  return new MillraceError(
    'LOG_UNWRITABLE',
    { source: basename(folder), path: folder, why },
    { cause: error },
  )
}

/** The checksum, a space, JSON, a newline. */
function printLine(record: Head | Act): Buffer {
  const json = Buffer.from(JSON.stringify(record))
  return Buffer.from(`${checksumOf(json)} ${json}\n`)
}

function checksumOf(json: Buffer): string {
  return (crc32c(json, 0, json.length) >>> 0).toString(16).padStart(8, '0')
}

/** A bad line at the end is one that nobody was told of; another one is damage. */
function parseFile(bytes: Buffer, path: string): { records: (Head | Act)[]; goodBytes: number } {
  const records: (Head | Act)[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf(0x0a, at)
    const json = bytes.subarray(at + 9, end < 0 ? bytes.length : end)
    const isGood = end >= 0 && bytes.toString('latin1', at, at + 8) === checksumOf(json)
    if (!isGood) {
      if (records.length > 0 && (end < 0 || end === bytes.length - 1)) break
      throw new MillraceError('LOG_DAMAGED', { path, position: at })
    }
    records.push(JSON.parse(json.toString()) as Head | Act)
    at = end + 1
  }
  if (records.length === 0) throw new MillraceError('LOG_DAMAGED', { path, position: 0 })
  return { records, goodBytes: at }
}
