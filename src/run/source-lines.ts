/**
 * The lines of a source from any offset. The archive is the older part of the log: what the log no longer holds, or
 * never did, is read from the archive's blocks.
 */
import type { Block, Manifest } from '../core/block.ts'
import { type ClockRepair, observedAt } from '../core/clock-repair.ts'
import { MillraceError } from '../core/error.ts'
import { findRange, type LostLines, nextRange } from '../core/lost-lines.ts'
import type { Archive } from '../ports/archive.ts'
import type { BlockLocation } from '../ports/batch-engine.ts'
import type { Log, LogSource, StoredBatch } from '../ports/log.ts'
import { checkBlock } from './check-blocks.ts'
import { cutAt } from './cut-batch.ts'
import { linesMissing, missingLines } from './missing-lines.ts'

export interface LinesPlace {
  readonly source: string
  readonly log: Log
  readonly archive: Pick<Archive, 'manifest' | 'verifiedPath' | 'blockUri' | 'observedMs'>
}

/** Lines that follow one another: batches of the log, a part of one block, or lost lines, of which there is nothing. */
export interface Stretch {
  readonly batches: readonly StoredBatch[]
  /** That many lines, all of the stretch, are lost. */
  readonly lost?: number
  readonly block?: BlockLocation
  readonly clockRepairs?: readonly ClockRepair[]
  readonly endOffset: number
  /** When the first of them was observed, where they come from the log. */
  readonly observedMs?: number
}

/** Where the lines of a source end, in the archive and the log together. */
export interface LinesEnd {
  readonly endOffset: number
  /** Of the log; undefined where the source has none yet. */
  readonly log?: LogSource
  /** Of the archive; undefined where it has nothing of the source. */
  readonly archive?: Manifest
}

export class SourceLines {
  readonly #place: LinesPlace
  /** As the manifest said last. No log holds them but one that was put back, and then the fact stands. */
  #lost: readonly LostLines[] = []

  constructor(place: LinesPlace) {
    this.#place = place
  }

  get log(): LogSource | undefined {
    return this.#place.log.sources().find(({ source }) => source === this.#place.source)
  }

  /** Its lines are records of a topic. */
  get isTopic(): boolean {
    const { log, source } = this.#place
    return log.records?.(source) !== undefined
  }

  /** Asks the archive too. */
  async end(): Promise<LinesEnd> {
    const archive = await this.#manifest()
    const { log } = this
    const endOffset = Math.max(archive?.nextOffset ?? 0, log?.endOffset ?? 0)
    return { endOffset, ...(log && { log }), ...(archive && { archive }) }
  }

  /** About `maxBytes` of lines, none of them beyond `endOffset`; undefined at the end. Errors: LOG_*, ARCHIVE_*. */
  async read(fromOffset: number, endOffset: number, maxBytes: number): Promise<Stretch | undefined> {
    if (fromOffset >= endOffset) return undefined
    if (this.isInLog(fromOffset)) {
      const batches = await this.#readLog(fromOffset, maxBytes)
      const lostFrom = nextRange(this.#lost, fromOffset)?.fromOffset ?? endOffset
      if (batches) return ofBatches(batches, Math.min(endOffset, lostFrom))
    }
    return this.#readArchive(fromOffset, endOffset, maxBytes)
  }

  /** The log gives the line of the offset, or will. */
  isInLog(offset: number): boolean {
    const { log } = this
    if (!log || log.startOffset > offset) return false
    return !findRange(log.gone, offset) && !findRange(this.#lost, offset)
  }

  /** Everything observed before it lies below the offset: the clock of what comes next, or of now. */
  async clockAt(offset: number): Promise<number> {
    const { source, log, archive } = this.#place
    const idleMs = this.log ? undefined : await log.idleClock(source)
    // One that was made meanwhile knows better.
    const held = this.log
    if (held) {
      // In this order: what is appended after the clock was read is stamped with it or later.
      const { clockMs, endOffset } = log.end(source)
      if (endOffset <= offset) return clockMs
      const batches = this.isInLog(offset) ? await this.#readLog(offset, 1) : undefined
      if (batches?.[0]) return batches[0].observedMs
    }
    const manifest = await this.#manifest()
    if (manifest && offset >= manifest.nextOffset) return Math.max(manifest.lastObservedMs ?? 0, idleMs ?? 0)
    // Of lost lines nobody knows more than that they came after the line before them.
    const known = lastKnown(manifest, offset)
    if (known < 0) return 0
    const stampMs = await archive.observedMs(source, this.#blockOf(manifest, known), known)
    return observedAt(manifest?.clockRepairs ?? [], known, stampMs)
  }

  /** Undefined where the log gave the lines up meanwhile. */
  async #readLog(fromOffset: number, maxBytes: number): Promise<readonly StoredBatch[] | undefined> {
    try {
      return await this.#place.log.read(this.#place.source, fromOffset, maxBytes)
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'LOG_TRIMMED') return undefined
      throw error
    }
  }

  async #readArchive(fromOffset: number, endOffset: number, maxBytes: number): Promise<Stretch | undefined> {
    const { source, archive } = this.#place
    const manifest = await this.#manifest()
    // Without a log nothing lies beyond it.
    if (!this.log && fromOffset >= (manifest?.nextOffset ?? 0)) return undefined
    const lost = findRange(manifest?.lost, fromOffset)
    if (lost) {
      const end = Math.min(lost.endOffset, endOffset)
      return { batches: [], lost: end - fromOffset, endOffset: end }
    }
    const found = this.#blockOf(manifest, fromOffset)
    const block = await checkBlock({ source, archive, reads: 'paths' }, found)
    const most = Math.max(1, Math.floor((block.lines * maxBytes) / Math.max(block.rawBytes, 1)))
    const { clockRepairs } = manifest ?? {}
    const end = Math.min(found.endOffset, fromOffset + most, endOffset)
    return { batches: [], block, ...(clockRepairs && { clockRepairs }), endOffset: end }
  }

  #blockOf(manifest: Manifest | undefined, offset: number): Block {
    const found = manifest?.blocks.find((block) => block.firstOffset <= offset && offset < block.endOffset)
    if (found) return found
    const { source } = this.#place
    throw linesMissing(source, missingLines(manifest, this.log), {
      fromOffset: offset,
      endOffset: offset + 1,
    })
  }

  async #manifest(): Promise<Manifest | undefined> {
    const manifest = await this.#place.archive.manifest(this.#place.source)
    this.#lost = manifest?.lost ?? []
    return manifest
  }
}

/** The offset itself, or where it is lost the last one before it that is not; negative where all before it are. */
function lastKnown(manifest: Manifest | undefined, offset: number): number {
  let known = offset
  for (let lost = findRange(manifest?.lost, known); lost; lost = findRange(manifest?.lost, known))
    known = lost.fromOffset - 1
  return known
}

function ofBatches(batches: readonly StoredBatch[], endOffset: number): Stretch | undefined {
  const kept = batches.filter(({ firstOffset }) => firstOffset < endOffset)
  const [first, last] = [kept[0], kept.at(-1)]
  if (!first || !last) return undefined
  const whole = last.endOffset <= endOffset ? kept : [...kept.slice(0, -1), cutAt(last, endOffset)]
  return { batches: whole, endOffset: Math.min(last.endOffset, endOffset), observedMs: first.observedMs }
}
