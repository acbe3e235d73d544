/** The archive's vocabulary: blocks of raw lines and the manifest that lists them. */
import type { ClockRepair } from './clock-repair.ts'
import type { LostLines, OffsetRange } from './lost-lines.ts'

/**
 * One Parquet file of raw lines: columns `offset` BIGINT, `observed_ms` BIGINT, `raw` BLOB, `context` VARCHAR (null
 * where a line has none; see line-context.ts), ordered by offset. Blocks of format 1 have no column `context`. It holds exactly the offsets `[firstOffset, endOffset)` of its source.
 */
export interface Block {
  /** File name: `<first offset, 16 digits>-<end offset, 16 digits>.parquet`. */
  readonly name: string
  readonly firstOffset: number
  readonly endOffset: number
  /** Bytes of the raw lines without line ends. */
  readonly rawBytes: number
  readonly fileBytes: number
  /** SHA-256 of the file, hex. */
  readonly sha256: string
}

/** Which records of a topic the archive has: by partition, all below these. */
export interface ArchivedTopic {
  /** As the brokers gave it: a topic that is made again has another one. */
  readonly id: string
  /** Of the log that gave their lines offsets. */
  readonly incarnation: string
  readonly positions: readonly (readonly [partition: number, record: number])[]
}

/** A source's exact, gapless cover of offsets `[0, nextOffset)` by blocks and lost lines; each commit raises `generation`. */
export interface Manifest {
  readonly formatVersion: 1
  readonly source: string
  /** Names that the source had before, oldest first: all that is kept under its present one was renamed with it. */
  readonly formerNames?: readonly string[]
  /** The name in that of the topic in which its lines wait, which no rename changes; its own when absent. */
  readonly topicName?: string
  /** Random id of this archive of the source; a new one when the folder is made anew. */
  readonly incarnation: string
  readonly generation: number
  readonly nextOffset: number
  /** When the first and the last line were observed; archives that were begun earlier do not know of the first. */
  readonly firstObservedMs?: number
  readonly lastObservedMs?: number
  /** Whoever reads the observed times of the blocks applies these. Ascending and disjoint; absent where no clock was wrong. */
  readonly clockRepairs?: readonly ClockRepair[]
  /** Lines below this were counted again after a repair, and no log may give them out any more: it bears their stamps. */
  readonly clockRepairedTo?: number
  /** Somebody said that the clock of the machine was right at this time. */
  readonly clockConfirmedMs?: number
  /** Of a source whose lines came through a topic last, so that their order there can be rebuilt. */
  readonly topic?: ArchivedTopic
  readonly blocks: readonly Block[]
  /** Offsets that no block will ever hold, ascending and disjoint; absent where no line was lost. */
  readonly lost?: readonly LostLines[]
}

/** Of the lines in a block, by its name. */
export function offsetsInName(name: string): OffsetRange | undefined {
  const [, from, end] = /^(\d+)-(\d+)\.parquet$/.exec(name) ?? []
  return from === undefined ? undefined : { fromOffset: Number(from), endOffset: Number(end) }
}
