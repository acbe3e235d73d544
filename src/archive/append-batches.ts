/** Appends batches of a log as blocks, with the offsets and observed times that the log gave them: one commit. */
import { join } from 'node:path'
import type { ArchivedTopic, Block } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import type { HeldLines, KeysBelow } from '../ports/archive.ts'
import type { StoredBatch } from '../ports/log.ts'
import type { BlockLimits } from './append-inputs.ts'
import { withKeys } from './archived-keys.ts'
import { withBatches } from './archived-topic.ts'
import { BatchLines } from './batch-lines.ts'
import { BlockTable } from './block-table.ts'
import { firstObserved } from './manifest-text.ts'
import type { SourceWriter } from './source-writer.ts'

type Limits = Pick<BlockLimits, 'pieceBytes' | 'blockBytes' | 'blockLines'>

/** Gives the archive's end. Errors: ARCHIVE_*. */
export async function appendBatches(
  writer: SourceWriter,
  limits: Limits,
  batches: AsyncIterable<StoredBatch>,
  keysBelow?: KeysBelow,
): Promise<number> {
  const { packFolder: blockFolder, spillFolder } = writer
  const table = await BlockTable.open({ blockFolder, spillFolder })
  const appender = new BatchAppender(writer, table, limits)
  try {
    for await (const some of gather(batches, limits.pieceBytes)) await appender.add(some)
    return await appender.commit(keysBelow)
  } catch (error) {
    await writer.clearLeftovers().catch(() => {})
    throw error
  } finally {
    table.close()
  }
}

/** Blocks of lines that follow one another from an offset on, sealed and not committed. Errors: ARCHIVE_*. */
export async function packBatches(
  writer: SourceWriter,
  limits: Limits,
  { firstOffset, batches }: HeldLines,
): Promise<readonly Block[]> {
  const { packFolder: blockFolder, spillFolder } = writer
  const table = await BlockTable.open({ blockFolder, spillFolder })
  const appender = new BatchAppender(writer, table, limits, firstOffset)
  try {
    for await (const some of gather(batches, limits.pieceBytes)) await appender.add(some)
    return await appender.finish()
  } finally {
    table.close()
  }
}

class BatchAppender {
  readonly #writer: SourceWriter
  readonly #table: BlockTable
  readonly #limits: Limits
  readonly #blocks: Block[] = []
  #next: number
  #observedMs: number
  #firstObservedMs: number | undefined
  #blockStart: number
  #tableBytes = 0
  #topic: ArchivedTopic | undefined

  constructor(
    writer: SourceWriter,
    table: BlockTable,
    limits: Limits,
    firstOffset = writer.manifest.nextOffset,
  ) {
    this.#writer = writer
    this.#table = table
    this.#limits = limits
    this.#next = firstOffset
    this.#blockStart = this.#next
    this.#observedMs = writer.manifest.lastObservedMs
    this.#topic = writer.manifest.topic
  }

  /** Those that are there already are passed over. */
  async add(batches: readonly StoredBatch[]): Promise<void> {
    const fresh = this.#fresh(batches)
    this.#topic = withBatches(this.#topic, batches)
    const last = fresh.at(-1)
    if (!last) return
    const before = this.#table.lines
    await this.#table.appendBatches(new BatchLines(fresh, this.#next))
    const added = this.#table.lines - before
    if (added !== last.endOffset - this.#next)
      throw new Error(
        `the log has ${last.endOffset - this.#next} lines at ${this.#next}, but ${added} were stored`,
      )
    this.#next = last.endOffset
    this.#firstObservedMs ??= fresh[0]!.observedMs
    this.#observedMs = fresh.reduce((most, { observedMs }) => Math.max(most, observedMs), this.#observedMs)
    for (const { bytes } of fresh) this.#tableBytes += bytes.length
    const { blockBytes, blockLines } = this.#limits
    if (this.#tableBytes >= blockBytes || this.#table.lines >= blockLines) await this.#closeBlock()
  }

  /** Without lines that the archive has. Errors: ARCHIVE_GAP. */
  #fresh(batches: readonly StoredBatch[]): StoredBatch[] {
    const { source } = this.#writer.manifest
    const fresh: StoredBatch[] = []
    let next = this.#next
    for (const batch of batches) {
      if (batch.endOffset <= next) continue
      if (batch.firstOffset > next)
        throw new MillraceError('ARCHIVE_GAP', { source, end: next, first: batch.firstOffset })
      fresh.push(batch.firstOffset < next ? cutBelow(batch, next) : batch)
      next = batch.endOffset
    }
    return fresh
  }

  async finish(): Promise<readonly Block[]> {
    if (this.#table.lines > 0) await this.#closeBlock()
    return this.#blocks
  }

  async commit(keysBelow?: KeysBelow): Promise<number> {
    const { manifest } = this.#writer
    if ((await this.finish()).length === 0) return manifest.nextOffset
    const { keys, written } = withKeys(manifest, keysBelow?.(this.#next))
    await this.#writer.commit({
      written,
      manifest: {
        ...manifest,
        generation: manifest.generation + 1,
        nextOffset: this.#next,
        ...firstObserved(manifest, this.#firstObservedMs),
        lastObservedMs: this.#observedMs,
        ...(this.#topic && { topic: this.#topic }),
        ...keys,
        blocks: [...manifest.blocks, ...this.#blocks],
      },
    })
    return this.#next
  }

  async #closeBlock(): Promise<void> {
    const { source, incarnation } = this.#writer.manifest
    const firstOffset = this.#blockStart
    const path = join(this.#writer.packFolder, `${firstOffset}.tmp`)
    const written = await this.#table.write(path, { source, incarnation, firstOffset })
    this.#blocks.push(await this.#writer.seal({ path, firstOffset, ...written }))
    this.#blockStart = this.#next
    this.#tableBytes = 0
  }
}

function cutBelow(batch: StoredBatch, firstOffset: number): StoredBatch {
  const { buffer, byteOffset, byteLength } = batch.bytes
  const bytes = afterLines(Buffer.from(buffer, byteOffset, byteLength), firstOffset - batch.firstOffset)
  return { ...batch, firstOffset, bytes }
}

/** What follows the first `count` lines. */
function afterLines(bytes: Buffer, count: number): Buffer {
  let at = 0
  for (let line = 0; line < count; line++) at = bytes.indexOf(0x0a, at) + 1
  return bytes.subarray(at)
}

/** As many at once as make about `bytes`, since each statement costs as much as a thousand lines. */
async function* gather(
  batches: AsyncIterable<StoredBatch>,
  mostBytes: number,
): AsyncGenerator<StoredBatch[], void, undefined> {
  let gathered: StoredBatch[] = []
  let bytes = 0
  for await (const batch of batches) {
    gathered.push(batch)
    bytes += batch.bytes.length
    if (bytes < mostBytes) continue
    yield gathered
    gathered = []
    bytes = 0
  }
  if (gathered.length > 0) yield gathered
}
