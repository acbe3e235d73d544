/** The order of a source's lines: which records of which partition have which offsets; a file that only grows. */
import { realDisk } from '../../archive/disk.ts'
import type { OffsetRange } from '../../core/lost-lines.ts'
import { KeyIndex } from '../../log/key-index.ts'
import type { Appended, IdempotencyKey } from '../../ports/log.ts'
import { HeldRecords, isBeyond, NOWHERE } from './held-records.ts'
import { type Act, type Head, OrderFile, type PartitionRecord } from './order-file.ts'

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

export interface NewOrder extends Pick<Head, 'topic' | 'topicId' | 'incarnation'> {
  readonly firstOffset: number
  readonly floorMs: number
  /** By partition: the first record that gets a place. */
  readonly positions?: readonly PartitionRecord[]
  /** Of batches before the first offset. */
  readonly keys?: string | undefined
}

type PlainHead = Omit<Head, 'keys' | 'positions' | 'distrusted'>

/** It is written anew when it has grown to this, and most of it is of lines that were given up. */
const GROWN_BYTES = 8 * 1024 * 1024

export class Order {
  readonly #file: OrderFile
  #head: PlainHead
  readonly keys = new KeyIndex()
  readonly positions = new Map<number, number>()
  readonly distrusted = new Map<number, number>()
  readonly #entries: OrderEntry[] = []
  readonly #held = new HeldRecords()
  #gone: readonly OffsetRange[] = []
  #lineBytes = 0
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: OrderFile, head: PlainHead) {
    this.#file = file
    this.#head = head
  }

  /** Undefined where there is none. Errors: LOG_DAMAGED. */
  static async open(folder: string): Promise<Order | undefined> {
    const file = new OrderFile(folder)
    const found = await file.open()
    return found && Order.#of(file, found)
  }

  /** To look at alone: it must neither be added to nor closed. Errors: LOG_DAMAGED. */
  static async read(folder: string): Promise<Order | undefined> {
    const file = new OrderFile(folder)
    const found = await file.read()
    return found && Order.#of(file, found)
  }

  static #of(file: OrderFile, found: { readonly head: Head; readonly acts: readonly Act[] }): Order {
    const { keys, positions, distrusted = [], ...head } = found.head
    const order = new Order(file, head)
    order.keys.load(keys)
    for (const [partition, record] of positions) order.positions.set(partition, record)
    for (const [partition, record] of distrusted) order.distrusted.set(partition, record)
    for (const act of found.acts) order.#apply(act)
    return order
  }

  static async create(
    folder: string,
    { firstOffset, floorMs, positions = [], keys = '', ...names }: NewOrder,
  ): Promise<Order> {
    await realDisk.makeFolder(folder)
    const offsets = { startOffset: firstOffset, endOffset: firstOffset, lastObservedMs: floorMs }
    const order = new Order(new OrderFile(folder), { format: 1, ...names, ...offsets })
    for (const [partition, record] of positions) order.positions.set(partition, record)
    order.keys.load(keys)
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
    return this.#file.failure
  }

  /** Offsets after the start whose records the brokers do not have any more. */
  get gone(): readonly OffsetRange[] {
    return this.#gone
  }

  /** By partition: the first record that the brokers have, as far as they were asked. */
  get held(): ReadonlyMap<number, number> {
    return this.#held.from
  }

  /**
   * From the entry that holds the offset on, of about `maxBytes` together and one at least; none where its records are
   * gone, and none beyond such.
   */
  from(offset: number, maxBytes: number): OrderEntry[] {
    let [low, high] = [0, this.#entries.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#entries[middle]!.firstOffset <= offset) low = middle
      else high = middle - 1
    }
    const found: OrderEntry[] = []
    for (let bytes = 0; low < this.#entries.length && (bytes < maxBytes || found.length === 0); low++) {
      const entry = this.#entries[low]!
      if (this.#held.isGone(entry)) return found
      bytes += entry.bytes
      found.push(entry)
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
      await this.#trimTo(start)
    })
  }

  /**
   * By partition, the first record that the brokers have, and the one after the last where that should be more. Lines of
   * others are gone from this log.
   */
  noteHeld(held: ReadonlyMap<number, number>, ends: ReadonlyMap<number, number> = new Map()): Promise<void> {
    return this.#inTurn(async () => {
      this.#held.note(held, ends)
      this.#findGone()
      // Records at the end that are missing may be there again, as when this was another cluster.
      if (ends.size > 0) return
      const kept = this.#entries.find((entry) => !this.#held.isExpired(entry))
      await this.#trimTo(kept ? kept.firstOffset : this.endOffset)
    })
  }

  /** Entries whose records are there, and not as they were; such lines are gone until they can be read. */
  get unreadable(): OrderEntry[] {
    return this.#entries.filter((entry) => this.#held.isUnreadable(entry))
  }

  noteRead(entries: readonly OrderEntry[], isReadable: boolean): void {
    this.#held.noteRead(entries, isReadable)
    this.#findGone()
  }

  /** The end of the lines that `cut` would give up; 0 where there are none. */
  endOfCut(ends: ReadonlyMap<number, number>): number {
    const last = this.#entries.findLast((entry) => isBeyond(entry, ends))
    return last ? last.firstOffset + last.lines : 0
  }

  /** By partition, the record after the last that has a place, or needs none. */
  notePositions(positions: ReadonlyMap<number, number>): Promise<void> {
    return this.#inTurn(async () => {
      const news = [...positions].filter(
        ([partition, record]) => record > (this.positions.get(partition) ?? -1),
      )
      if (news.length > 0) await this.#write({ positions: news })
    })
  }

  /** By partition, the brokers lost what they had from these records on, and number others by the same numbers. */
  cut(ends: ReadonlyMap<number, number>): Promise<void> {
    return this.#inTurn(() => this.#write({ cut: [...ends] }))
  }

  /** Goes on at a later offset, with this clock; all that is held lies below it and is given up. */
  skipTo(offset: number, clockMs: number): Promise<void> {
    return this.#inTurn(() => this.#write({ skip: offset, clock: clockMs }))
  }

  /** Takes in the keys that the archive has of batches which it does not know. */
  learnKeys(text: string | undefined): Promise<void> {
    return this.#inTurn(async () => {
      if (text === undefined) return
      this.keys.load(text)
      await this.#rewrite()
    })
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
      for (const known of [this.positions, this.distrusted, this.#held]) known.clear()
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
    await this.#file.append(act)
    this.#apply(act)
  }

  async #trimTo(start: number): Promise<void> {
    if (start <= this.startOffset) return
    await this.#write({ trim: start })
    if (this.#file.bytes > GROWN_BYTES) await this.#rewrite()
  }

  #findGone(): void {
    this.#gone = this.#held.gone(this.#entries)
  }

  #apply({ entries = [], keys = [], trim, skip, clock, distrust = [], positions = [], cut = [] }: Act): void {
    for (const [partition, record] of distrust) this.distrusted.set(partition, record)
    for (const [partition, end] of cut) this.#cut(partition, end)
    for (const numbers of entries) this.#place(entryOf(numbers))
    for (const [partition, record] of positions) this.positions.set(partition, record)
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
    if (this.#gone.length > 0) this.#findGone()
  }

  #cut(partition: number, end: number): void {
    this.positions.set(partition, end)
    const ends = new Map([[partition, end]])
    for (const [index, entry] of this.#entries.entries())
      if (isBeyond(entry, ends)) this.#entries[index] = { ...entry, partition: NOWHERE }
    this.#held.note(new Map(), new Map())
    this.#findGone()
  }

  #place(entry: OrderEntry): void {
    this.#entries.push(entry)
    this.#lineBytes += entry.bytes
    if (entry.partition !== NOWHERE)
      this.positions.set(entry.partition, Math.max(this.positions.get(entry.partition) ?? 0, entry.endRecord))
    if (this.#held.isGone(entry)) this.#findGone()
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
    const acts: Act[] = []
    for (let at = 0; at < this.#entries.length; at += 1000)
      acts.push({ entries: this.#entries.slice(at, at + 1000).map(numbersOf) })
    await this.#file.replace(head, acts)
  }
}

/** Where the order of a folder ends; 0 where there is none. Errors: LOG_DAMAGED. */
export async function endOfOrder(folder: string): Promise<number> {
  return (await Order.read(folder))?.endOffset ?? 0
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
