/** What an ingest needs of a place that keeps blocks: each kind of storage is one of these. */
import type { Block } from '../core/block.ts'
import type { IngestResult } from '../ports/archive.ts'
import type { ContentSegment, WrittenSegment } from './content-segments.ts'
import type { StoredManifest } from './manifest-text.ts'

/** A packed block on the local disk, not yet synced, under a temporary name. */
export interface PackedBlock {
  readonly path: string
  readonly firstOffset: number
  readonly lines: number
  readonly rawBytes: number
}

/** An ingest whose caller has not yet been told of the result: a repeat of one is a retry, not new lines. */
export interface PendingIngest {
  /** The manifest that commits it; until that generation is reached it has not happened. */
  readonly generation: number
  /** SHA-256 over the contents of its inputs, in order. */
  readonly digest: string
  readonly result: IngestResult
}

/** What one commit makes true at once. */
export interface Commit {
  readonly manifest: StoredManifest
  /** Absent for what a log gave, whose offsets say whether it is there already. */
  readonly ingest?: PendingIngest
  /** The file that this manifest is the first to name: of contents, or of keys. */
  readonly written?: WrittenSegment | undefined
}

/** A source opened for writing, under its lock, with the leftovers of crashes gone. */
export interface SourceWriter {
  readonly manifest: StoredManifest
  /** Committed, but not acknowledged; oldest first. */
  readonly pending: readonly PendingIngest[]
  /** Local folders: where blocks are packed, and where packing may spill to. */
  readonly packFolder: string
  readonly spillFolder: string
  /** How many blocks may be sealed at the same time. */
  readonly sealsAtOnce: number
  /** Puts a packed block into storage under its name; `commit` makes that name last. Errors: ARCHIVE_*. */
  seal(packed: PackedBlock): Promise<Block>
  /** A file of the list of contents; undefined when no copy of it is whole. */
  readSegment(segment: ContentSegment): Promise<string | undefined>
  /** The list that earlier versions wrote; undefined when there is none. */
  readHistory(): Promise<string | undefined>
  /** A crash at any point leaves the old state or the new. Errors: ARCHIVE_*. */
  commit(commit: Commit): Promise<void>
  /** Removes whatever the manifest does not name. */
  clearLeftovers(): Promise<void>
}
