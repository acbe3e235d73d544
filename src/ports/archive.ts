/** The archive's role: keep raw lines for ever, in blocks, and hand them back exactly. */
import type { Block, Manifest } from '../core/block.ts'
import type { ContextFacts } from '../core/line-context.ts'
import type { LostLines } from '../core/lost-lines.ts'
import type { KeyList, StoredBatch } from './log.ts'

export interface IngestResult {
  readonly source: string
  readonly lines: number
  /** Raw bytes of the lines without line ends. */
  readonly bytes: number
  readonly blocks: number
  /** True when an earlier, interrupted ingest of the same bytes had already been committed: nothing was added. */
  readonly repeated: boolean
  /** Beginnings of inputs that had been ingested before; only what comes after them was taken. */
  readonly known?: readonly KnownPart[]
  /** Last lines without an end that were left, since more of them may come. */
  readonly left?: readonly { readonly input: string; readonly bytes: number }[]
}

export interface KnownPart {
  readonly input: string
  readonly lines: number
  /** Unpacked, with line ends. */
  readonly bytes: number
}

/**
 * What to do with an input that begins with a content which was ingested before. `refuse`: take what comes after it,
 * unless the input has nothing more, or the beginning is too short to be sure; `continue`: take what comes after it
 * however short it is; `again`: take all of it.
 */
export type Repeats = 'refuse' | 'continue' | 'again'

/** One piece of input; `name` is what messages call it. */
export interface IngestInput {
  readonly name: string
  /** Total size in bytes when known, for progress. */
  readonly sizeBytes?: number
  /** Kept with each of its lines as their context; they have none when absent. */
  readonly facts?: ContextFacts
  /** Set where `open` works only once, as of a pipe. */
  readonly isOnce?: boolean
  /** Asked after the last byte: may more of a last line come that has no end? Absent: no. */
  mayGrow?(): Promise<boolean>
  /** The content, unpacked. A chunk need not outlive the asking for the next one. */
  open(): AsyncIterable<Uint8Array>
}

/** For a source whose stamps carry no year: how the years of each file's lines are decided. */
export interface IngestYears {
  /** Of the first stamp of each input; each next one has the year that puts it nearest to the one before it. */
  readonly first: number
  /**
   * SQL, in the archive's own dialect, of a relation of `"offset"` and `at_ms`, how far into its year the line's stamp is
   * (null without one), over one of `"offset"` and `raw`.
   */
  stamps(lines: string): string
}

export interface IngestOptions {
  /** The year of each line is kept with its facts. */
  readonly years?: IngestYears
  /** Called once per input with its first line, so that a csv header can be compared with the definition. */
  checkFirstLine?(line: Buffer, input: string): void
  onProgress?(progress: { bytesRead: number; lines: number }): void
  /** `refuse` when absent. */
  readonly repeats?: Repeats
  signal?: AbortSignal
  /** The observed clock, milliseconds since the epoch. */
  now?(): number
}

/**
 * A file that is damaged, missing or under-replicated, and what was done. `unnamed`: a block that no manifest names, which an
 * ingest left that did not end, or a manifest that was removed; it is `left` where it lies, or `removed`. `outdated`: a manifest of which a
 * newer one existed. `replica` is one of the copies that the storage itself keeps, and `healing` means that it makes them again.
 */
export interface ArchiveFinding {
  readonly block: string
  readonly copy: 'primary' | 'mirror' | 'replica'
  readonly fault: 'missing' | 'damaged' | 'under-replicated' | 'unnamed' | 'outdated'
  readonly outcome: 'healed' | 'healing' | 'lost' | 'left' | 'removed'
}

export interface ScrubReport {
  readonly source: string
  readonly blocks: number
  readonly findings: readonly ArchiveFinding[]
}

/** What is known of the times at which a source's lines were observed. */
export type ClockFacts = Partial<
  Pick<
    Manifest,
    'firstObservedMs' | 'lastObservedMs' | 'clockRepairs' | 'clockRepairedTo' | 'clockConfirmedMs'
  >
>

/** See Log. */
export type KeysBelow = (endOffset: number) => KeyList | undefined

/** What is to be known of lines that are lost. */
export interface LossFacts {
  /** They begin where the archive ends. */
  readonly lost: LostLines
  /** Of an archive that is lost from its first line on: what the report knows it by. */
  readonly incarnation?: string
}

/** Lines that a log still holds, from the first offset on, without a gap. */
export interface HeldLines {
  readonly firstOffset: number
  readonly batches: AsyncIterable<StoredBatch>
}

/** A block of which no copy is whole. */
export interface LostBlock {
  readonly block: Block
  /** Where its bytes may be though they cannot be had, on drives or machines that are away. */
  readonly away: readonly { readonly path: string; readonly why: string }[]
}

/** What becomes of a lost block: both together are all its offsets. */
export interface BlockLoss {
  readonly block: Block
  readonly lost: readonly LostLines[]
  readonly held: readonly HeldLines[]
}

/** One of the places that an archive keeps its account of a source in. */
export interface AccountPlace {
  /** A path or URL, for people. */
  readonly place: string
  /** An account of the source was found there. */
  readonly isThere: boolean
}

/** Lines that follow one another, observed in one hour. */
export interface StampRun {
  readonly firstOffset: number
  readonly endOffset: number
  /** With the repairs that were made. */
  readonly firstMs: number
  readonly lastMs: number
}

export interface StampQuery extends Pick<Manifest, 'clockRepairs'> {
  /** No run holds lines on both sides of these. */
  readonly splitMs: number
  readonly splitOffsets: readonly number[]
}

export interface CompactOptions {
  /** What a merged block's file holds at most; default 128 MiB. */
  readonly targetBytes?: number
  readonly signal?: AbortSignal
}

export interface CompactReport {
  readonly source: string
  /** How many blocks there were of those that are fewer now. */
  readonly merged: number
  readonly into: number
}

/** How the storage under an archive fares by its own account, other users' files included. */
export interface StorageHealth {
  readonly liveNodes: number
  readonly deadNodes: number
  readonly underReplicatedBlocks: number
  readonly missingBlocks: number
  readonly corruptBlocks: number
  readonly remainingBytes: number
  /** While it is so nothing can be written. */
  readonly isSafeMode: boolean
}

/** A folder that both an engine's machines and this one can reach, for what a run stages. */
export interface SharedFolder {
  /** As the engine's machines know it, without a slash at the end. */
  readonly uri: string
  /** Copies the files of a sub-folder into a local folder, in order of their names, and gives their local paths. */
  fetch(name: string, localFolder: string): Promise<string[]>
  remove(): Promise<void>
}

export interface Archive {
  /** Names of the sources that have an archive. */
  sources(): Promise<string[]>
  /** The committed manifest, or undefined when nothing was ever ingested. */
  manifest(source: string): Promise<Manifest | undefined>
  /**
   * The manifest behind which the next commit would go, whatever copies of it lag or lead: who gives out offsets begins
   * there. Nobody else may be about to commit. Errors: ARCHIVE_*.
   */
  settle(source: string): Promise<Manifest | undefined>
  /**
   * Appends all inputs as one commit: when this resolves every line is durable; when it rejects, or the
   * process dies first, none of them is visible. What an earlier ingest took of the same content is not taken a second
   * time (see Repeats). Errors: ARCHIVE_CORRUPT_CONTENTS, ARCHIVE_LOCKED, ARCHIVE_UNWRITABLE, LOG_CLOCK_*, INGEST_*.
   */
  ingest(source: string, inputs: readonly IngestInput[], options?: IngestOptions): Promise<IngestResult>
  /**
   * Appends batches of a log with the offsets and observed times they have; the first must hold the archive's next
   * offset, and what lies below that is passed over, so that doing it twice adds nothing. One commit. Gives the
   * archive's end. `keysBelow` is asked for the keys of all batches up to there, which take the place of those that the
   * archive has. Errors: ARCHIVE_LOCKED, ARCHIVE_UNWRITABLE, ARCHIVE_GAP.
   */
  append(source: string, batches: AsyncIterable<StoredBatch>, keysBelow?: KeysBelow): Promise<number>
  /**
   * The text of the keys that came with the last append, for a log that does not know these batches; undefined where the
   * last of them was observed before `sinceMs`. Errors: ARCHIVE_CORRUPT_KEYS.
   */
  keys(source: string, sinceMs: number): Promise<string | undefined>
  /**
   * Confirms that the caller told its user of the last ingest. Until then a repeated ingest of the same bytes
   * is taken for a retry and adds nothing.
   */
  acknowledge(source: string): Promise<void>
  /**
   * Checks length and SHA-256, heals from the mirror where it can, and gives a local path that an engine may
   * read. Errors: ARCHIVE_CORRUPT_BLOCK.
   */
  verifiedPath(source: string, block: Block): Promise<string>
  /** The stamp of the line at this offset of the block, as it was written. Errors: ARCHIVE_CORRUPT_BLOCK. */
  observedMs(source: string, block: Block, offset: number): Promise<number>
  /**
   * The block as an engine on other machines opens it, checked as far as the storage does not check what is read
   * by itself. Errors: ARCHIVE_CORRUPT_BLOCK.
   */
  blockUri(source: string, block: Block): Promise<string>
  /** Makes an empty shared folder of its own for this run, and removes those that dead runs left. */
  shareFolder(name: string): Promise<SharedFolder>
  scrub(source: string): Promise<ScrubReport>
  /**
   * What manifests and names of files tell without a block being opened, and nothing is changed: `healed` is what scrub would
   * heal. Blocks that somebody may be adding at the moment are left out.
   */
  inspect(source: string): Promise<readonly ArchiveFinding[]>
  /** Takes the place of what the manifest says of them. One commit, and no block changes. Errors: ARCHIVE_*. */
  setClock(source: string, clock: ClockFacts): Promise<void>
  /** Takes lines for lost, for good. One commit, and no block changes. Errors: ARCHIVE_*. */
  acceptLost(source: string, loss: LossFacts): Promise<void>
  /** Those of which no copy is whole. Reads every block to its end, and changes nothing. Errors: ARCHIVE_*. */
  lostBlocks(source: string): Promise<LostBlock[]>
  /** Takes the place of a block that is lost, for good. One commit. Errors: ARCHIVE_*, LOSS_MOVED. */
  replaceBlock(source: string, loss: BlockLoss): Promise<void>
  /** Where accounts of the source should be: a place without one may be a drive that is not mounted. Errors: ARCHIVE_*. */
  accounts(source: string): Promise<AccountPlace[]>
  /**
   * Gives the source another name; what it has stays as it is. Done already where the old name has nothing; where the
   * last attempt was cut off it is finished. Nobody else may be at work on either name, and the new one holds no lines.
   * Errors: as of ingest.
   */
  rename(from: string, to: string, keeps: Pick<Manifest, 'topicName'>): Promise<void>
  /**
   * Merges small blocks that follow one another. The merged ones stay for a day for those who are reading them; a
   * cut of an earlier run may then lie inside a block. Errors: as of ingest, and ARCHIVE_CORRUPT_BLOCK.
   */
  compact?(source: string, options?: CompactOptions): Promise<CompactReport>
  /** Of storage on other machines: whatever waits for it ends at once by an error, and nothing begins after it. */
  interrupt?(): void
  /** Of storage that keeps account of itself; undefined when it does not tell us. */
  health?(): Promise<StorageHealth | undefined>
}
