/** An ingest's hold on a source in plain files: what it seals and commits is durable on disk and mirror. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HISTORY } from '../../archive/content-history.ts'
import type { ContentSegment } from '../../archive/content-segments.ts'
import type { Disk } from '../../archive/disk.ts'
import type { StoredManifest } from '../../archive/manifest-text.ts'
import type { Commit, PackedBlock, PendingIngest, SourceWriter } from '../../archive/source-writer.ts'
import { ifThere } from '../../archive/unreadable.ts'
import type { Block } from '../../core/block.ts'
import { readSegment, writeSegment } from './content-files.ts'
import { commitManifest, type ManifestPlaces } from './manifest-store.ts'
import { clearLeftovers, type OpenSource } from './open-source.ts'
import { announcePending } from './pending-ingests.ts'
import { forgetStaged, sealBlock, syncBlocks } from './seal-block.ts'

export class FilesWriter implements SourceWriter {
  readonly manifest: StoredManifest
  readonly pending: readonly PendingIngest[]
  /** Packed where it will lie, so that a rename is all it takes. */
  readonly packFolder: string
  readonly spillFolder: string
  readonly sealsAtOnce = 1
  readonly #disk: Disk
  readonly #places: ManifestPlaces
  readonly #onSealed: (block: Block) => void

  constructor(
    disk: Disk,
    places: ManifestPlaces,
    { manifest, pending }: OpenSource,
    onSealed: (block: Block) => void,
  ) {
    this.manifest = manifest
    this.pending = pending
    this.packFolder = places.primary.blocks
    this.spillFolder = places.primary.spill
    this.#disk = disk
    this.#places = places
    this.#onSealed = onSealed
  }

  async seal(packed: PackedBlock): Promise<Block> {
    const block = await sealBlock(this.#disk, this.#places, packed)
    this.#onSealed(block)
    return block
  }

  readSegment(segment: ContentSegment): Promise<string | undefined> {
    return readSegment(this.#disk, this.#places, segment)
  }

  readHistory(): Promise<string | undefined> {
    const path = join(this.#places.primary.root, HISTORY)
    return ifThere(path, readFile(path, 'utf8'))
  }

  /**
   * Order matters: blocks and contents are durable before they are announced, the announcement before the mirror's manifest,
   * and that before the primary's, which is the commit.
   */
  async commit({ manifest, ingest, written }: Commit): Promise<void> {
    await syncBlocks(this.#disk, this.#places)
    if (written) await writeSegment(this.#disk, this.#places, written)
    if (ingest) await announcePending(this.#disk, this.#places.primary, ingest)
    await commitManifest(this.#disk, this.#places, manifest)
    // The commit stands; whoever opens the source next removes what is left.
    await forgetStaged(this.#disk, this.#places).catch(() => undefined)
  }

  clearLeftovers(): Promise<void> {
    return clearLeftovers(this.#disk, this.#places, this.manifest)
  }
}
