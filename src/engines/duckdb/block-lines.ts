/** Lines of blocks as a relation: offset, observed time, raw bytes, and their context where the source needs it. */
import { readBlocks } from '../../archive/block-packer.ts'
import { type LinesQuery, printLines } from '../../compile/observed-lines.ts'
import { readsContext } from '../../core/line-context.ts'
import type { BlockLocation } from '../../ports/batch-engine.ts'
import type { StreamRequest } from '../../ports/stream-engine.ts'
import { duckdbDialect } from './dialect.ts'

/** Of local paths. */
export function printBlockLines(paths: readonly string[], query: LinesQuery): string {
  if (query.plan && readsContext(query.plan)) return `(${printLines(query, readBlocks(paths))})`
  const files = paths.map((path) => duckdbDialect.quoteText(path)).join(', ')
  return `(${printLines(query, `read_parquet([${files}])`)})`
}

type BlockPart = Pick<StreamRequest, 'plan' | 'fromOffset' | 'endOffset' | 'clockRepairs'>

/** A part of one block, as a micro-batch reads it. */
export class BlockLines {
  readonly #block: BlockLocation
  readonly #part: BlockPart

  constructor(block: BlockLocation, part: BlockPart) {
    this.#block = block
    this.#part = part
  }

  /** About. */
  get bytes(): number {
    const { rawBytes, lines } = this.#block
    return Math.ceil((rawBytes / lines) * (this.#part.endOffset - this.#part.fromOffset))
  }

  relation(): string {
    return printBlockLines([this.#block.location], this.#part)
  }
}
