/** An ingest's hold on a source in HDFS: blocks are uploaded and renamed, a manifest of their own commits them. */
import { rm } from 'node:fs/promises'
import { digits } from '../../archive/block-name.ts'
import { HISTORY } from '../../archive/content-history.ts'
import type { ContentSegment } from '../../archive/content-segments.ts'
import { segmentsOf } from '../../archive/manifest-text.ts'
import type { Commit, PackedBlock, PendingIngest, SourceWriter } from '../../archive/source-writer.ts'
import { removableBlocks } from '../../archive/unnamed-blocks.ts'
import type { Block } from '../../core/block.ts'
import {
  commitManifest,
  type RemoteManifest,
  removeOldManifests,
  stillRetired,
} from './manifest-generations.ts'
import { readSegment } from './read-segment.ts'
import { type RemoteFolder, remoteBlock, remoteSegment, type SpoolFolder } from './remote-folder.ts'
import { type Storing, uploadBlock } from './upload-block.ts'
import type { UploadFolder } from './upload-folder.ts'
import type { WebHdfs } from './web-hdfs.ts'
import { overtaken, type WriterLease } from './writer-lease.ts'

export interface WriterPlace {
  readonly hdfs: WebHdfs
  readonly folder: RemoteFolder
  readonly spool: SpoolFolder
  readonly storing: Storing
  readonly leaseMs?: number | undefined
}

export interface Opened {
  readonly manifest: RemoteManifest
  /** Those of the manifest's that nobody has acknowledged. */
  readonly pending: readonly PendingIngest[]
  readonly lease: WriterLease
  readonly uploads: UploadFolder
}

/** Errors: ARCHIVE_NEWER_BLOCKS. */
export async function removableIn(
  hdfs: WebHdfs,
  folder: RemoteFolder,
  manifest: RemoteManifest,
): Promise<string[]> {
  const namesIn = async (path: string) => (await hdfs.list(path)).map(({ pathSuffix }) => pathSuffix)
  const retired = new Set(stillRetired(manifest, hdfs.now()).map(({ name }) => name))
  const [names, staged] = [await namesIn(folder.blocks), new Set(await namesIn(folder.staged))]
  return removableBlocks(manifest, { path: folder.blocks, names, staged, retired })
}

export class HdfsWriter implements SourceWriter {
  readonly manifest: RemoteManifest
  readonly pending: readonly PendingIngest[]
  readonly packFolder: string
  readonly spillFolder: string
  /** So that one is sent while NameNode and DataNodes are asked about another. */
  readonly sealsAtOnce = 2
  readonly #place: WriterPlace
  readonly #lease: WriterLease
  readonly #uploads: UploadFolder

  constructor(place: WriterPlace, { manifest, pending, lease, uploads }: Opened) {
    this.manifest = manifest
    this.pending = pending
    this.packFolder = place.spool.blocks
    this.spillFolder = place.spool.spill
    this.#place = place
    this.#lease = lease
    this.#uploads = uploads
  }

  async seal(packed: PackedBlock): Promise<Block> {
    const { hdfs, folder, storing } = this.#place
    const prefix = `${this.#uploads.path}/${packed.firstOffset}-`
    const uploading = uploadBlock(hdfs, packed, prefix, storing)
    // Whoever takes over clears what is on its way, and that would be the lesser half of the truth.
    await uploading.catch(() => this.#lease.requireHeld())
    const { uploaded, block } = await uploading
    await this.#lease.requireHeld()
    await hdfs.makeFolder(`${folder.staged}/${block.name}`)
    await this.#name(uploaded, remoteBlock(folder, block))
    await rm(packed.path)
    return block
  }

  readSegment(segment: ContentSegment): Promise<string | undefined> {
    return readSegment(this.#place.hdfs, this.#place.folder, segment)
  }

  readHistory(): Promise<string | undefined> {
    const { hdfs, folder } = this.#place
    return hdfs.readText(`${folder.root}/${HISTORY}`)
  }

  /** What must hold together stands in the one manifest. Errors: ARCHIVE_OVERTAKEN. */
  async commit({ manifest, ingest, written }: Commit): Promise<void> {
    const { hdfs, folder } = this.#place
    await this.#lease.requireHeld()
    if (written) {
      await hdfs.makeFolder(folder.contents)
      await this.#name(await this.#uploads.put(written.text), remoteSegment(folder, written.segment))
    }
    await this.#commit({ ...manifest, pending: ingest ? [...this.pending, ingest] : this.pending })
  }

  /** One block in the place of several, which stay for a day. Errors: ARCHIVE_OVERTAKEN. */
  async replaceBlocks(old: readonly Block[], merged: Block): Promise<void> {
    const { manifest, pending } = this
    const from = manifest.blocks.indexOf(old[0]!)
    const sinceMs = this.#place.hdfs.now()
    await this.#commit({
      ...manifest,
      generation: manifest.generation + 1,
      blocks: manifest.blocks.toSpliced(from, old.length, merged),
      pending,
      retired: [...(manifest.retired ?? []), ...old.map(({ name }) => ({ name, sinceMs }))],
    })
  }

  /** Only under the lease: else they may be the next writer's. Errors: ARCHIVE_NEWER_BLOCKS. */
  async clearLeftovers(): Promise<void> {
    const { hdfs, folder, spool } = this.#place
    for (const path of [spool.blocks, spool.spill]) await rm(path, { recursive: true, force: true })
    if (!(await this.#lease.isHeld())) return
    const removable = await removableIn(hdfs, folder, this.manifest)
    for (const name of removable) await hdfs.remove(remoteBlock(folder, { name }))
    await hdfs.remove(folder.staged)
    const named = new Set(segmentsOf(this.manifest).map(({ name }) => name))
    for (const { pathSuffix: name } of await hdfs.list(folder.contents))
      if (!named.has(name)) await hdfs.remove(remoteSegment(folder, { name }))
    await hdfs.remove(folder.uploads)
  }

  /** A block that lies there under the name already was left by a writer who can commit no more. */
  async #name(uploaded: string, name: string): Promise<void> {
    const { hdfs } = this.#place
    let outcome = await hdfs.rename(uploaded, name)
    if (outcome === 'unsure') outcome = (await hdfs.status(uploaded)) ? 'exists' : 'renamed'
    if (outcome === 'exists') {
      await hdfs.remove(name)
      outcome = await hdfs.rename(uploaded, name)
    }
    if (outcome === 'missing') throw overtaken(this.#place)
  }

  async #commit(manifest: RemoteManifest): Promise<void> {
    const { hdfs, folder } = this.#place
    const next = { ...manifest, retired: stillRetired(manifest, hdfs.now()) }
    if (!(await commitManifest(hdfs, folder, next, this.#uploads))) throw overtaken(this.#place)
    await this.#tidyUp(next)
  }

  /** The commit stands; what fails here is done by a later one. */
  async #tidyUp({ pending = [] }: RemoteManifest): Promise<void> {
    const { hdfs, folder } = this.#place
    try {
      const open = new Set(pending.map(({ generation }) => digits(generation)))
      for (const { pathSuffix } of await hdfs.list(folder.acknowledged))
        if (!open.has(pathSuffix)) await hdfs.remove(`${folder.acknowledged}/${pathSuffix}`)
      await this.#uploads.remove()
      await hdfs.remove(folder.staged)
    } catch {
      return
    }
    await removeOldManifests(hdfs, folder)
  }
}
