/** The order of a source's lines: which records of which partition have which offsets; a file that only grows. */
import { readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { crc32c } from '../../archive/crc32c.ts'
import { realDisk, replaceFiles } from '../../archive/disk.ts'
import { MillraceError } from '../../core/error.ts'
import { KeyIndex } from '../../log/key-index.ts'
import { type AppendFile, realLogDisk } from '../../log/log-disk.ts'
import type { Appended, IdempotencyKey } from '../../ports/log.ts'

/** Records of one partition that were observed at one time; their lines have offsets that follow one another. */
export interface OrderEntry {
  readonly partition: number
  readonly firstRecord: number
  /** Records from the first up to here; between them there may be some that do not count. */
  readonly endRecord: number
  readonly firstOffset: number
  readonly lines: number
  readonly observedMs: number
  /** With a newline for each line. */
  readonly bytes: number
}

export type NewEntry = Omit<OrderEntry, 'firstOffset'>

/** A batch of a client that had a key, whose last entry is among those it is added with. */
export interface NewKey {
  readonly key: IdempotencyKey
  readonly appended: Appended
}

interface Head {
  readonly format: 1
  readonly incarnation: string
  readonly topic: string
  readonly topicId: string
  readonly startOffset: number
  readonly endOffset: number
  readonly lastObservedMs: number
  /** By partition: the first record that has no place in the order. */
  readonly positions: readonly (readonly [partition: number, record: number])[]
  readonly keys: string
  /** By partition: the stamps of records below are not believed where they are ahead of this machine's clock. */
  readonly distrusted?: readonly (readonly [partition: number, record: number])[]
}

type PlainHead = Omit<Head, 'keys' | 'positions' | 'distrusted'>

/** One line of the file after its head. */
interface Act {
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
  readonly distrust?: NonNullable<Head['distrusted']>
}

export const ORDER_FILE = 'order.ndjson'
/** It is written anew when it has grown to this, and most of it is of lines that were given up. */
const GROWN_BYTES = 8 * 1024 * 1024

export class Order {
  readonly #folder: string
  #head: PlainHead
  readonly keys = new KeyIndex()
  readonly positions = new Map<number, number>()
  readonly distrusted = new Map<number, number>()
  readonly #entries: OrderEntry[] = []
  #file!: AppendFile
  #bytes = 0
  #lineBytes = 0
  #failure: Error | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(folder: string, head: PlainHead) {
    this.#folder = folder
    this.#head = head
  }

  /** Undefined where there is none. Errors: LOG_DAMAGED. */
  static async open(folder: string): Promise<Order | undefined> {
    const path = join(folder, ORDER_FILE)
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!bytes) return undefined
    const { records, goodBytes } = parseFile(bytes, path)
    const [{ keys, positions, distrusted = [], ...head }, ...acts] = records as [Head, ...Act[]]
    const order = new Order(folder, head)
    order.keys.load(keys)
    for (const [partition, record] of positions) order.positions.set(partition, record)
    for (const [partition, record] of distrusted) order.distrusted.set(partition, record)
    for (const act of acts) order.#apply(act)
    order.#file = await realLogDisk.openAppend(path, goodBytes)
    // What was torn is gone for good before anything follows.
    await order.#file.sync()
    order.#bytes = goodBytes
    return order
  }

  static async create(
    folder: string,
    {
      topic,
      topicId,
      incarnation,
      firstOffset,
      floorMs,
    }: {
      readonly topic: string
      readonly topicId: string
      readonly incarnation: string
      readonly firstOffset: number
      readonly floorMs: number
    },
  ): Promise<Order> {
    await realDisk.makeFolder(folder)
    const offsets = { startOffset: firstOffset, endOffset: firstOffset, lastObservedMs: floorMs }
    const order = new Order(folder, { format: 1, incarnation, topic, topicId, ...offsets })
    await order.#rewrite()
    return order
  }

  get incarnation(): string {
    return this.#head.incarnation
  }

  get topic(): string {
    return this.#head.topic
  }

  get topicId(): string {
    return this.#head.topicId
  }

  get startOffset(): number {
    return this.#head.startOffset
  }

  get endOffset(): number {
    return this.#head.endOffset
  }

  get lastObservedMs(): number {
    return this.#head.lastObservedMs
  }

  /** Of the lines that are held. */
  get lineBytes(): number {
    return this.#lineBytes
  }

  get entries(): readonly OrderEntry[] {
    return this.#entries
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** From the entry that holds the offset on, of about `maxBytes` together and one at least. */
  from(offset: number, maxBytes: number): OrderEntry[] {
    let [low, high] = [0, this.#entries.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#entries[middle]!.firstOffset <= offset) low = middle
      else high = middle - 1
    }
    const found: OrderEntry[] = []
    for (let bytes = 0; low < this.#entries.length && (bytes < maxBytes || found.length === 0); low++) {
      bytes += this.#entries[low]!.bytes
      found.push(this.#entries[low]!)
    }
    return found
  }

  /**
   * Gives the next offsets to entries; `keysOf` is told them. Durable when it resolves. Errors: of the disk, after
   * which nothing more can be added.
   */
  add(
    fresh: readonly NewEntry[],
    keysOf: (placed: readonly OrderEntry[]) => readonly NewKey[],
  ): Promise<OrderEntry[]> {
    return this.#inTurn(async () => {
      let next = this.endOffset
      const placed = fresh.map((entry): OrderEntry => {
        next += entry.lines
        return { ...entry, firstOffset: next - entry.lines }
      })
      await this.#write({ entries: placed.map(numbersOf), keys: keysOf(placed).map(printKey) })
      return placed
    })
  }

  /** Gives up entries that lie below the offset, whole ones only. */
  trim(offset: number): Promise<void> {
    return this.#inTurn(async () => {
      const kept = this.#entries.find((entry) => entry.firstOffset + entry.lines > offset)
      const start = kept ? kept.firstOffset : Math.min(offset, this.endOffset)
      if (start <= this.startOffset) return
      await this.#write({ trim: start })
      if (this.#bytes > GROWN_BYTES) await this.#rewrite()
    })
  }

  /** Goes on at a later offset, with this clock; all that is held lies below it and is given up. */
  skipTo(offset: number, clockMs: number): Promise<void> {
    return this.#inTurn(() => this.#write({ skip: offset, clock: clockMs }))
  }

  /** Records below these, by partition, are given the time of their reading where their stamps are ahead. */
  distrust(records: ReadonlyMap<number, number>): Promise<void> {
    return this.#inTurn(() => this.#write({ distrust: [...records] }))
  }

  /**
   * Goes on in another topic, or in one of the same name that was made anew; nothing may be held. Its id is known once
   * it was looked at.
   */
  moveTo(topic: string, topicId = ''): Promise<void> {
    return this.#inTurn(async () => {
      this.#head = { ...this.#head, topic, topicId }
      this.positions.clear()
      this.distrusted.clear()
      await this.#rewrite()
    })
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(act)
    this.#writing = done.then(
      () => undefined,
      () => undefined,
    )
    return done
  }

  async #write(act: Act): Promise<void> {
    if (this.#failure) throw this.#failure
    const line = printLine(act)
    try {
      await this.#file.append([line])
      await this.#file.sync()
    } catch (error) {
      // What stands in the file is unknown until it is read again.
      const { message: why } = error as Error
      const params = { source: basename(this.#folder), path: this.#folder, why }
      this.#failure = new MillraceError('LOG_UNWRITABLE', params, { cause: error })
      throw this.#failure
    }
    this.#bytes += line.length
    this.#apply(act)
  }

  #apply({ entries = [], keys = [], trim, skip, clock, distrust = [] }: Act): void {
    for (const [partition, record] of distrust) this.distrusted.set(partition, record)
    for (const numbers of entries) this.#place(entryOf(numbers))
    for (const [scope, key, digest, firstOffset, endOffset, observedMs] of keys) {
      const appended = { firstOffset, endOffset, observedMs, isDuplicate: false }
      this.keys.add({ scope, key, digest: Buffer.from(digest, 'hex') }, appended)
    }
    if (skip !== undefined) this.#head = { ...this.#head, endOffset: skip }
    if (clock !== undefined) this.#head = { ...this.#head, lastObservedMs: clock }
    const start = skip ?? trim
    if (start === undefined) return
    const kept = this.#entries.findIndex(({ firstOffset }) => firstOffset >= start)
    const gone = this.#entries.splice(0, kept < 0 ? this.#entries.length : kept)
    for (const { bytes } of gone) this.#lineBytes -= bytes
    this.#head = { ...this.#head, startOffset: start }
  }

  #place(entry: OrderEntry): void {
    this.#entries.push(entry)
    this.#lineBytes += entry.bytes
    this.positions.set(entry.partition, Math.max(this.positions.get(entry.partition) ?? 0, entry.endRecord))
    const lastObservedMs = Math.max(this.lastObservedMs, entry.observedMs)
    this.#head = { ...this.#head, endOffset: entry.firstOffset + entry.lines, lastObservedMs }
  }

  /** The head as it would be without the entries, then these; in place of what stands there, at once. */
  async #rewrite(): Promise<void> {
    const { startOffset } = this.#head
    const head: Head = {
      ...{ ...this.#head, endOffset: this.#entries.length > 0 ? startOffset : this.#head.endOffset },
      ...{ positions: [...this.positions], keys: this.keys.print() },
      ...(this.distrusted.size > 0 && { distrusted: [...this.distrusted] }),
    }
    const lines = [printLine(head)]
    for (let at = 0; at < this.#entries.length; at += 1000)
      lines.push(printLine({ entries: this.#entries.slice(at, at + 1000).map(numbersOf) }))
    await this.#file?.close()
    const path = join(this.#folder, ORDER_FILE)
    await replaceFiles(realDisk, this.#folder, [ORDER_FILE], lines.map(String).join(''))
    this.#bytes = (await stat(path)).size
    this.#file = await realLogDisk.openAppend(path, this.#bytes)
  }
}

/** Where the order of a folder ends; 0 where there is none. Errors: LOG_DAMAGED. */
export async function endOfOrder(folder: string): Promise<number> {
  const order = await Order.open(folder)
  await order?.close()
  return order?.endOffset ?? 0
}

function numbersOf(entry: OrderEntry): number[] {
  const { partition, firstRecord, endRecord, firstOffset, lines, observedMs, bytes } = entry
  return [partition, firstRecord, endRecord, firstOffset, lines, observedMs, bytes]
}

function entryOf(numbers: readonly number[]): OrderEntry {
  const [partition, firstRecord, endRecord, firstOffset, lines, observedMs, bytes] = numbers as [
    ...[number, number, number, number, number, number, number],
  ]
  return { partition, firstRecord, endRecord, firstOffset, lines, observedMs, bytes }
}

function printKey({ key: { scope, key, digest }, appended }: NewKey): NonNullable<Act['keys']>[number] {
  const { firstOffset, endOffset, observedMs } = appended
  return [scope, key, Buffer.from(digest).toString('hex'), firstOffset, endOffset, observedMs]
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
