/** The log of one source: batches that wait together are written together, synced once, and then acked. */

import { join } from 'node:path'
import { replaceFiles } from '../../../archive/disk.ts'
import { appendAll } from '../../../core/append-all.ts'
import { MillraceError } from '../../../core/error.ts'
import { type KnownClock, ObservedClock } from '../../../core/observed-clock.ts'
import { FullDisk } from '../../../log/full-disk.ts'
import { KeyIndex } from '../../../log/key-index.ts'
import { type AppendFile, SyncFailure } from '../../../log/log-disk.ts'
import type { Appended, KeyList, LogBatch, LogEnd, StoredBatch } from '../../../ports/log.ts'
import { requireContext, requirePrintable, type SegmentHeader, seedOf } from './batch-format.ts'
import { KEYS, printKeys } from './keys-file.ts'
import { bytesOf, type GroupedBatch, type PrintedGroup, printGroup } from './print-group.ts'
import { readBatches } from './read-batches.ts'
import {
  createSegment,
  endOfSegment,
  type Opened,
  recoverSource,
  type SourceLogOptions,
} from './recover-source.ts'
import { findPlaces, listSegments, type Segment } from './segment-list.ts'

const GROUP_BYTES = 8 * 1024 * 1024
/** A segment takes no more lines when its first are this old. */
const SEGMENT_MS = 3_600_000

interface Waiting extends GroupedBatch {
  resolve(appended: Appended): void
  reject(error: unknown): void
}

export class SourceLog {
  readonly incarnation: string
  readonly #options: SourceLogOptions
  readonly #seed: number
  /** Ascending, without a gap; the last one is appended to. */
  readonly #segments: Segment[]
  readonly #keys: KeyIndex
  /** There is a file of keys. */
  #hasKeys: boolean
  /** By key: a batch that is not durable yet. */
  readonly #underway = new Map<string, Promise<Appended>>()
  readonly #clock: ObservedClock
  #file: AppendFile
  #queue: Waiting[] = []
  #draining: Promise<void> | undefined
  #failure: Error | undefined
  readonly #fullDisk: FullDisk
  /** The last write did not get to its end. */
  #isCut = false
  /** The stamp of a group that is not durable, or perhaps is: no later time may be promised beside it. */
  #groupMs: number | undefined
  #wakers = new Set<() => void>()

  private constructor(options: SourceLogOptions, opened: Opened, confirmedMs: number | undefined) {
    this.#options = options
    this.#fullDisk = new FullDisk(options.folder)
    this.incarnation = opened.incarnation
    this.#seed = seedOf(opened.incarnation)
    this.#segments = opened.segments
    this.#keys = opened.keys
    this.#hasKeys = opened.hasKeys
    this.#file = opened.file
    const { source, clocks } = options
    this.#clock = new ObservedClock(clocks, { source, lastMs: opened.floorMs, confirmedMs })
  }

  /**
   * `onTorn` hears how many bytes at the end were not acked and are gone. Errors: LOG_DAMAGED, LOG_KEYS_DAMAGED, ARCHIVE_UNWRITABLE.
   */
  static async open(
    options: SourceLogOptions,
    { clock, onTorn }: { readonly clock: KnownClock; onTorn(bytes: number): void },
  ): Promise<SourceLog | undefined> {
    const found = await recoverSource(options)
    if (!found) return undefined
    if (found.tornBytes > 0) onTorn(found.tornBytes)
    const { lastMs, confirmedMs, repairedTo = 0 } = clock
    // The stamps of lines whose clock was repaired say nothing of the time.
    const isRepaired = found.segments.at(-1)!.endOffset <= repairedTo
    const floorMs = isRepaired ? lastMs : Math.max(lastMs, found.floorMs)
    return new SourceLog(options, { ...found, floorMs }, confirmedMs)
  }

  static async create(
    options: SourceLogOptions,
    header: SegmentHeader,
    { clock: { confirmedMs }, keys = '' }: { readonly clock: KnownClock; readonly keys?: string | undefined },
  ): Promise<SourceLog> {
    const { incarnation, firstOffset, observedMs: floorMs } = header
    const { disk, folder } = options
    const index = new KeyIndex()
    index.load(keys)
    const hasKeys = index.size > 0
    try {
      await disk.makeFolder(folder)
      // One that a lost log left says nothing of this one.
      if (hasKeys) await replaceFiles(disk, folder, [KEYS], printKeys(index, firstOffset))
      else await disk.remove(join(folder, KEYS))
      const { file, segment } = await createSegment(options, { ...header, hasKeys })
      const opened = { incarnation, file, segments: [segment], keys: index, hasKeys, floorMs, tornBytes: 0 }
      return new SourceLog(options, opened, confirmedMs)
    } catch (error) {
      throw unwritable(options, error)
    }
  }

  /** The offset after the last acked line in a folder that nobody has open. Errors: LOG_DAMAGED. */
  static async endOf(folder: string): Promise<number> {
    const found = await listSegments(folder)
    for (const { path } of found.reverse()) {
      const end = await endOfSegment(path)
      if (end !== undefined) return end
    }
    return 0
  }

  get failure(): Error | undefined {
    return this.#failure
  }

  /** Why nothing is acked at the moment. */
  get trouble(): Error | undefined {
    return this.#clock.trouble ?? this.#fullDisk.trouble
  }

  /** Notices that its file was deleted or replaced, also while no lines come. */
  async look(): Promise<void> {
    const file = this.#file
    await file.requireHeld().catch((error: Error) => {
      // Another segment may have begun meanwhile, and this one may have been given up.
      if (file === this.#file && isGone(error)) this.#failure ??= error
    })
  }

  get startOffset(): number {
    return this.#segments[0]!.firstOffset
  }

  get endOffset(): number {
    return this.#segments.at(-1)!.endOffset
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  end(): LogEnd {
    return { endOffset: this.endOffset, clockMs: this.#groupMs ?? this.#clock.look() }
  }

  async append(batch: LogBatch): Promise<Appended> {
    this.#requireSound()
    const { idempotency, context } = batch
    if (context !== undefined) requireContext(context)
    if (!idempotency) return this.#enqueue(batch)
    requirePrintable(idempotency)
    const known = this.#keys.find(idempotency, this.#clock.read())
    if (known) return known
    const name = JSON.stringify([idempotency.scope, idempotency.key])
    const underway = this.#underway.get(name)
    if (underway) {
      await underway
      return this.append(batch)
    }
    const appended = this.#enqueue(batch)
    this.#underway.set(name, appended)
    return appended.finally(() => this.#underway.delete(name))
  }

  keysBelow(endOffset: number): KeyList | undefined {
    return this.#keys.below(endOffset)
  }

  async read(fromOffset: number, maxBytes: number): Promise<StoredBatch[]> {
    if (fromOffset >= this.endOffset) return []
    const { source } = this.#options
    const held = this.startOffset
    if (fromOffset < held) throw new MillraceError('LOG_TRIMMED', { source, offset: fromOffset, held })
    const recent = this.#options.recent.read(source, fromOffset, maxBytes)
    if (recent.length > 0) return recent
    const segment = this.#segments.find(({ endOffset }) => fromOffset < endOffset)!
    segment.places ??= await findPlaces(segment)
    return readBatches({ segment, places: segment.places, seed: this.#seed }, fromOffset, maxBytes)
  }

  wait(offset: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        if (this.endOffset <= offset && !signal.aborted) return
        this.#wakers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#wakers.add(wake)
      signal.addEventListener('abort', wake)
      wake()
    })
  }

  /** The last segment stays, since it says where the source goes on. */
  async trim(offset: number): Promise<void> {
    const { disk, folder } = this.#options
    while (this.#segments.length > 1 && this.#segments[0]!.endOffset <= offset) {
      await disk.remove(this.#segments[0]!.path)
      this.#segments.shift()
      await disk.syncFolder(folder)
    }
  }

  /** Goes on at a later offset, with the keys that the archive has of what lies below it; all that is held is given up. */
  async skipTo(offset: number, keys = ''): Promise<void> {
    const { disk, folder } = this.#options
    this.#keys.load(keys)
    if (this.#segments.at(-1)!.firstOffset === offset) return this.trim(offset)
    const hasKeys = await this.#keepKeys(offset)
    const { incarnation } = this
    const header = { incarnation, firstOffset: offset, observedMs: this.#clock.lastMs, hasKeys }
    const { file, segment } = await createSegment(this.#options, header)
    await this.#file.close()
    this.#file = file
    for (const { path } of this.#segments.splice(0, Number.POSITIVE_INFINITY, segment))
      await disk.remove(path)
    await disk.syncFolder(folder)
  }

  /** Removes what a crash left of a skip, which the archive has: the lines before the last segment are not all there. */
  async finishSkip(archived: number): Promise<void> {
    const [last, before] = [this.#segments.at(-1)!, this.#segments.at(-2)]
    if (!before || last.endOffset > last.firstOffset || archived < last.firstOffset) return
    if ((await endOfSegment(before.path)) !== last.firstOffset) await this.trim(last.firstOffset)
  }

  async close(): Promise<void> {
    await this.#draining
    await this.#file.close()
  }

  #enqueue(batch: LogBatch): Promise<Appended> {
    const bytes = batch.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const done = new Promise<Appended>((resolve, reject) => {
      this.#queue.push({ batch, bytes, resolve, reject })
    })
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined
    })
    return done
  }

  /** While one group is synced the next one gathers. */
  async #drain(): Promise<void> {
    // Whoever asks in the same turn joins the first group.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const group = this.#takeGroup()
      try {
        this.#requireSound()
        await this.#writeGroup(group)
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
      for (const wake of [...this.#wakers]) wake()
    }
  }

  #takeGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && (count === 0 || bytes < GROUP_BYTES))
      bytes += this.#queue[count++]!.bytes
    return this.#queue.splice(0, count)
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    // Before anything is written: a clock that jumped is no reason to stop for ever.
    const observedMs = this.#clock.read()
    try {
      await this.#mend()
      const shortage = this.#options.reserve.take(bytesOf(group))
      await this.#rotateIfDue(group, observedMs, shortage !== undefined)
      if (shortage) throw shortage
      this.#groupMs = observedMs
      const written = printGroup(group, { segment: this.#segments.at(-1)!, seed: this.#seed, observedMs })
      await this.#file.append(written.buffers)
      await this.#file.sync()
      this.#publish(group, written, observedMs)
      this.#fullDisk.clear()
      this.#groupMs = undefined
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'LOG_DISK_FULL') throw error
      // A full disk may have room again; any other failure leaves unknown what is on it, until it is read again.
      const told = unwritable(this.#options, error)
      if (isFull(error)) this.#isCut = true
      else this.#failure = error as Error
      if (isFull(error)) this.#fullDisk.note(told, bytesOf(group))
      throw told
    }
  }

  /** Drops what a write that failed may have left behind the durable end. */
  async #mend(): Promise<void> {
    if (!this.#isCut) return
    const { path, bytes } = this.#segments.at(-1)!
    // It is closed already when mending failed before.
    await this.#file.close().catch(() => undefined)
    this.#file = await this.#options.disk.openAppend(path, bytes)
    await this.#file.sync()
    this.#isCut = false
    this.#groupMs = undefined
  }

  #publish(
    group: readonly Waiting[],
    { places, stored, bytes, endOffset }: PrintedGroup,
    observedMs: number,
  ): void {
    const segment = this.#segments.at(-1)!
    if (segment.endOffset === segment.firstOffset) segment.startedMs = observedMs
    appendAll(segment.places!, places)
    Object.assign(segment, { bytes, endOffset, lastObservedMs: observedMs })
    this.#options.recent.add(this.#options.source, stored)
    for (const [index, { batch, resolve }] of group.entries()) {
      const { firstOffset, endOffset } = stored[index]!
      const appended = { firstOffset, endOffset, observedMs, isDuplicate: false }
      if (batch.idempotency) this.#keys.add(batch.idempotency, appended)
      resolve(appended)
    }
  }

  /**
   * By age as well, so that a source of few lines is trimmed too; before what its format cannot hold; and where the disk has no
   * room, so that all lines can be given up.
   */
  async #rotateIfDue(group: readonly Waiting[], observedMs: number, isShort: boolean): Promise<void> {
    const last = this.#segments.at(-1)!
    const isOld = observedMs - last.startedMs >= SEGMENT_MS
    const isOldFormat = last.format === 1 && group.some(({ batch }) => batch.context !== undefined)
    const hasLines = last.endOffset > last.firstOffset
    const { segmentBytes, reserve } = this.#options
    const isDue = isOld || isOldFormat || isShort || last.bytes >= reserve.stepBytes
    if (last.bytes < segmentBytes && !(hasLines && isDue)) return
    const header = {
      incarnation: this.incarnation,
      firstOffset: last.endOffset,
      observedMs: last.lastObservedMs,
      hasKeys: await this.#keepKeys(last.endOffset),
    }
    const { file, segment } = await createSegment(this.#options, header)
    await this.#file.close()
    this.#file = file
    this.#segments.push(segment)
  }

  /** Before another segment begins: only the last one is searched for keys. True when there is a file of them. */
  async #keepKeys(endOffset: number): Promise<boolean> {
    if (this.#keys.size === 0 && !this.#hasKeys) return false
    const { disk, folder } = this.#options
    await replaceFiles(disk, folder, [KEYS], printKeys(this.#keys, endOffset))
    this.#hasKeys = true
    return true
  }

  #requireSound(): void {
    if (this.#failure) throw unwritable(this.#options, this.#failure)
  }
}

/** Trying again is sound, since nothing that was durable is in doubt. */
export function isFull(error: unknown): boolean {
  if (error instanceof SyncFailure) return false
  const { code = '', cause } = error as NodeJS.ErrnoException
  return /^(ENOSPC|EDQUOT)$/.test(code) || (error instanceof MillraceError && isFull(cause ?? {}))
}

/** What was open is no longer where it was. */
export function isGone(error: unknown): boolean {
  return error instanceof MillraceError && /^LOG_(FILE|FOLDER)_GONE$/.test(error.code)
}

function unwritable({ source, folder }: SourceLogOptions, error: unknown): MillraceError {
  // These say themselves what is wrong with the log.
  if (error instanceof MillraceError && (error.code === 'LOG_UNWRITABLE' || isGone(error))) return error
  const why = error instanceof Error ? error.message : String(error)
  return new MillraceError('LOG_UNWRITABLE', { source, path: folder, why }, { cause: error })
}
