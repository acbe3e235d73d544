/** The log's role: raw lines are durable before they are acked, and can be read again from any offset. */
import type { OffsetRange } from '../core/lost-lines.ts'

/** Tells a repeated batch from a new one. */
export interface IdempotencyKey {
  /** Who uses it: the same key of another client is another key. */
  readonly scope: string
  readonly key: string
  /** SHA-256 of the batch's bytes; the same key with other bytes is refused. */
  readonly digest: Uint8Array
}

export interface LogBatch {
  /** Whole lines, each ended by one newline; never looked into. */
  readonly chunks: readonly Uint8Array[]
  /** Newlines in them. */
  readonly lines: number
  /** Of all its lines: canonical JSON of at most 65,535 bytes. See core/line-context.ts. */
  readonly context?: string
  readonly idempotency?: IdempotencyKey
}

export interface Appended {
  readonly firstOffset: number
  /** The offset after its last line. */
  readonly endOffset: number
  readonly observedMs: number
  /** The batch was appended before under its key: nothing was added, and the offsets are those of then. */
  readonly isDuplicate: boolean
}

/** The idempotency keys of batches, as the log of any kind prints and reads them. */
export interface KeyList {
  /** A line for each, in the order in which they came. */
  readonly text: string
  readonly keys: number
  /** When the last of these batches was observed. */
  readonly lastMs: number
}

/** Where lines lie in a topic. */
export interface RecordOrigin {
  readonly topicId: string
  readonly incarnation: string
  readonly partition: number
  /** After their last record. */
  readonly endRecord: number
}

/** A batch as it is read back. All its lines were observed at one time and have one context. */
export interface StoredBatch {
  readonly firstOffset: number
  readonly endOffset: number
  readonly observedMs: number
  readonly context?: string
  /** Whole lines, each ended by one newline. */
  readonly bytes: Uint8Array
  /** Of a log whose lines are records. */
  readonly origin?: RecordOrigin
}

/** How far a source's log is durable. */
export interface LogEnd {
  readonly endOffset: number
  /** Every line that will be appended is observed at this time or later. */
  readonly clockMs: number
}

export interface LogSource {
  readonly source: string
  /** Random id of this log of the source; offsets are comparable within one. */
  readonly incarnation: string
  /** The first offset that is still held. */
  readonly startOffset: number
  readonly endOffset: number
  readonly bytes: number
  /**
   * Between the two, what it held and holds no longer, ascending and disjoint, as where one partition of a topic gave up
   * more than another. Absent where it holds all. `read` ends before such a range, and fails by LOG_TRIMMED within one.
   */
  readonly gone?: readonly OffsetRange[]
}

/** Of a log that nobody has open, as its files tell. */
export interface LogEnds extends Pick<LogSource, 'source' | 'startOffset' | 'endOffset'> {
  /** No line of it was observed later, by the clock of the drive. */
  readonly writtenMs: number
}

/** Records of one partition that were observed at one time, and the offsets of the lines in them. */
export interface RecordRun {
  readonly partition: number
  readonly firstRecord: number
  /** After the last of them; between there may be records that do not count. */
  readonly endRecord: number
  readonly firstOffset: number
  readonly lines: number
  readonly observedMs: number
}

/** Where the lines of a log are to those who read its topic themselves. */
export interface LogRecords {
  readonly topic: string
  /**
   * In order of offset, beginning with the one that holds `fromOffset`, of about `maxBytes` of lines together; they end
   * before a range that it no longer holds.
   */
  runs(fromOffset: number, maxBytes: number): readonly RecordRun[]
  /** By partition, the record after the last one that has an offset. */
  positions(): ReadonlyMap<number, number>
}

/** One process writes a log. Offsets of a source go up by one a line, without a gap. */
export interface Log {
  sources(): readonly LogSource[]
  /**
   * Resolves once the batch is durable. A source's first batch begins where its archive ends. Errors: LOG_UNWRITABLE
   * (when `failure` is set too, nothing is acked until the log is opened anew; else it may be tried again),
   * LOG_KEY_REUSED, LOG_DISK_FULL (it may be tried again), LOG_CLOCK_* (it may be tried again), DATA_LOCKED (while an ingest of a source without a log runs), LOG_BROKER_AWAY (it
   * may be tried again), LOG_LINE_TOO_LONG, LOG_READ_ONLY.
   */
  append(source: string, batch: LogBatch): Promise<Appended>
  /**
   * Keys of the batches that end at this offset or before it, for the archive to keep beside their lines; undefined where
   * there are none.
   */
  keysBelow(source: string, endOffset: number): KeyList | undefined
  /** The durable end, and a clock that is true at this moment. */
  end(source: string): LogEnd
  /**
   * Of a source that has no log yet: a time before which no line is observed that the archive gets later. Undefined where
   * nobody can say: while somebody ingests, or lines wait in a topic. It stands still while the wall clock is refused.
   */
  idleClock(source: string): Promise<number | undefined>
  /**
   * Whole batches in order, beginning with the one that holds `fromOffset`, of about `maxBytes` together but one
   * at least; none at the durable end. Errors: LOG_DAMAGED, LOG_TRIMMED.
   */
  read(source: string, fromOffset: number, maxBytes: number): Promise<StoredBatch[]>
  /**
   * Asks the storage itself what it holds, so that what `sources` says of this source is true now. Only after it has
   * resolved may lines that are neither held nor archived be called lost. Errors: whatever keeps the storage from
   * answering (LOG_BROKER_AWAY, LOG_TOPIC_*), and LOSS_UNPROVEN where there is nothing, or another log than the one of
   * this incarnation.
   */
  confirmHeld(source: string, incarnation?: string): Promise<void>
  /** Resolves when the durable end has passed `offset`, or the signal aborts. */
  wait(source: string, offset: number, signal: AbortSignal): Promise<void>
  /** Gives up what lies below `offset`, as far as whole segments go. */
  trim(source: string, offset: number): Promise<void>
  /**
   * The storage has given up lines from this offset on that were never trimmed; what is in memory yet can be read. It says
   * so as often as it is looked at while a server runs.
   */
  isExpiring?(source: string, fromOffset: number): boolean
  /** Of a log whose lines are records of a topic; undefined for a source that it does not hold. */
  records?(source: string): LogRecords | undefined
  /**
   * Of a log that others stamp: lines that wait there now are observed when they are read, where their stamps are ahead of
   * this machine's clock. Errors: LOG_BROKER_AWAY, LOG_TOPIC_*.
   */
  distrustStamps?(source: string): Promise<void>
  /** Finds out whether the storage is still what it was, also while nothing is appended; `failure` and `trouble` tell. */
  look?(): Promise<void>
  /** Why nothing can be acked any more; undefined while all is well. */
  readonly failure: Error | undefined
  /** Why nothing can be acked or read at the moment, though it may pass by itself. */
  readonly trouble?: Error | undefined
  /**
   * While the drive of the log is short of room: about how many bytes of lines may be archived at once before the log gives
   * them up. Undefined while it has room.
   */
  readonly drainBytes?: number | undefined
  close(): Promise<void>
}
