/** Lines of blocks as a relation: offset, observed time, raw bytes. */
import { whereRead } from '../../compile/where-read.ts'
import type { BlockLocation } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'

/** Of local paths; `where` follows the FROM. */
export function printBlockLines(paths: readonly string[], where: string): string {
  const files = paths.map((path) => duckdbDialect.quoteText(path)).join(', ')
  return `(SELECT "offset", observed_ms, raw FROM read_parquet([${files}])${where})`
}

/** A part of one block, as a micro-batch reads it. */
export class BlockLines {
  readonly #block: BlockLocation
  readonly #part: { readonly fromOffset: number; readonly endOffset: number }

  constructor(block: BlockLocation, part: { readonly fromOffset: number; readonly endOffset: number }) {
    this.#block = block
    this.#part = part
  }

  /** About. */
  get bytes(): number {
    const { rawBytes, lines } = this.#block
    return Math.ceil((rawBytes / lines) * (this.#part.endOffset - this.#part.fromOffset))
  }

  relation(): string {
    return printBlockLines([this.#block.location], whereRead(this.#part))
  }
}
