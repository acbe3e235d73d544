/** Appends batches of a log as blocks, with the offsets and observed times that the log gave them: one commit. */
import { join } from 'node:path'
import type { Block } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import type { StoredBatch } from '../ports/log.ts'
import type { BlockLimits } from './append-inputs.ts'
import { BlockTable } from './block-table.ts'
import { firstObserved } from './manifest-text.ts'
import type { SourceWriter } from './source-writer.ts'

type Limits = Pick<BlockLimits, 'pieceBytes' | 'blockBytes' | 'blockLines'>

/** Gives the archive's end. Errors: ARCHIVE_*. */
export async function appendBatches(
  writer: SourceWriter,
  limits: Limits,
  batches: AsyncIterable<StoredBatch>,
): Promise<number> {
  const { packFolder: blockFolder, spillFolder } = writer
  const table = await BlockTable.open({ blockFolder, spillFolder })
  const appender = new BatchAppender(writer, table, limits)
  try {
    for await (const run of joinBatches(batches, limits.pieceBytes)) await appender.add(run)
    return await appender.commit()
  } catch (error) {
    await writer.clearLeftovers().catch(() => {})
    throw error
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

  constructor(writer: SourceWriter, table: BlockTable, limits: Limits) {
    this.#writer = writer
    this.#table = table
    this.#limits = limits
    this.#next = writer.manifest.nextOffset
    this.#blockStart = this.#next
    this.#observedMs = writer.manifest.lastObservedMs
  }

  async add({ firstOffset, endOffset, observedMs, bytes }: StoredBatch): Promise<void> {
    if (endOffset <= this.#next) return
    const { source } = this.#writer.manifest
    if (firstOffset > this.#next)
      throw new MillraceError('ARCHIVE_GAP', { source, end: this.#next, first: firstOffset })
    const before = this.#table.lines
    const rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lines = afterLines(rest, this.#next - firstOffset)
    await this.#table.append({ bytes: lines, isOneLine: false }, observedMs)
    const added = this.#table.lines - before
    if (added !== endOffset - this.#next)
      throw new Error(
        `the log has ${endOffset - this.#next} lines at ${this.#next}, but ${added} were stored`,
      )
    this.#next = endOffset
    this.#firstObservedMs ??= observedMs
    this.#observedMs = Math.max(this.#observedMs, observedMs)
    this.#tableBytes += lines.length
    const { blockBytes, blockLines } = this.#limits
    if (this.#tableBytes >= blockBytes || this.#table.lines >= blockLines) await this.#closeBlock()
  }

  async commit(): Promise<number> {
    if (this.#table.lines > 0) await this.#closeBlock()
    const { manifest } = this.#writer
    if (this.#blocks.length === 0) return manifest.nextOffset
    await this.#writer.commit({
      manifest: {
        ...manifest,
        generation: manifest.generation + 1,
        nextOffset: this.#next,
        ...firstObserved(manifest, this.#firstObservedMs),
        lastObservedMs: this.#observedMs,
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

/** What follows the first `count` lines. */
export function afterLines(bytes: Buffer, count: number): Buffer {
  let at = 0
  for (let line = 0; line < count; line++) at = bytes.indexOf(0x0a, at) + 1
  return bytes.subarray(at)
}

/** Batches of one observed time as one, since each that is packed costs as much as a thousand lines. */
async function* joinBatches(
  batches: AsyncIterable<StoredBatch>,
  mostBytes: number,
): AsyncGenerator<StoredBatch, void, undefined> {
  let run: StoredBatch[] = []
  let bytes = 0
  for await (const batch of batches) {
    const first = run[0]
    const joins = first?.observedMs === batch.observedMs && run.at(-1)!.endOffset === batch.firstOffset
    if (first && (!joins || bytes + batch.bytes.length > mostBytes)) {
      yield joined(run)
      run = []
      bytes = 0
    }
    run.push(batch)
    bytes += batch.bytes.length
  }
  if (run.length > 0) yield joined(run)
}

function joined(run: readonly StoredBatch[]): StoredBatch {
  const [first] = run
  if (run.length === 1) return first!
  const bytes = Buffer.concat(run.map((batch) => batch.bytes))
  return { ...first!, endOffset: run.at(-1)!.endOffset, bytes }
}
