/** The archive on plain files: blocks and manifests in the data folder, copies in an optional mirror folder. */
import { readdir, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { addLost } from '../../archive/add-lost.ts'
import { appendBatches } from '../../archive/append-batches.ts'
import { BLOCK_LIMITS, type BlockLimits } from '../../archive/append-inputs.ts'
import { readKeys } from '../../archive/archived-keys.ts'
import { type Disk, realDisk } from '../../archive/disk.ts'
import { ingestInputs } from '../../archive/ingest.ts'
import { isHeld } from '../../archive/lock.ts'
import { readObserved } from '../../archive/read-observed.ts'
import { realPlace } from '../../archive/real-place.ts'
import { replaceBlock } from '../../archive/replace-block.ts'
import { setClock } from '../../archive/set-clock.ts'
import { ifThere } from '../../archive/unreadable.ts'
import type { Block, Manifest } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import type {
  AccountPlace,
  Archive,
  ArchiveFinding,
  BlockLoss,
  ClockFacts,
  IngestInput,
  IngestOptions,
  IngestResult,
  KeysBelow,
  LossFacts,
  LostBlock,
  ScrubReport,
  SharedFolder,
} from '../../ports/archive.ts'
import type { StoredBatch } from '../../ports/log.ts'
import { healSegments, readSegment } from './content-files.ts'
import { FilesWriter } from './files-writer.ts'
import { findLostBlocks, healBlock, healBlocks, stateOf } from './heal-block.ts'
import { missingBlocks, unnamedBlocks } from './inspect-blocks.ts'
import {
  findManifest,
  inspectManifest,
  type ManifestPlaces,
  type ManifestState,
  readManifest,
} from './manifest-store.ts'
import { type OpenSource, removableIn, withOpenSource } from './open-source.ts'
import { readPending, removePending } from './pending-ingests.ts'
import { renameSource } from './rename-source.ts'
import { fileUri, openSharedFolder } from './shared-folder.ts'
import { blockPath, MANIFEST, MANIFEST_COPY, sourceFolder } from './source-folder.ts'

/**
 * A mirror that was away when a loss was accepted may hold the lines, and have more commits than were made meanwhile: it must
 * not pass for the newer one when it comes back.
 */
const LOSS_GENERATIONS = 1_000_000

const LOST_MANIFEST = { block: MANIFEST, copy: 'primary', fault: 'damaged', outcome: 'lost' } as const

export interface FilesArchiveOptions {
  /** The archive lies in `<dataDir>/archive/<source>`. */
  readonly dataDir: string
  /** Holds a copy of each source's folder, best on another drive. */
  readonly mirror?: string
  /** For tests: a disk that fails, and smaller pieces and blocks. */
  readonly disk?: Disk
  readonly limits?: Partial<BlockLimits>
}

export class FilesArchive implements Archive {
  readonly #dataDir: string
  readonly #root: string
  readonly #mirror: string | undefined
  readonly #disk: Disk
  readonly #limits: BlockLimits
  /** By path: size and modification time of blocks that this process has verified. */
  readonly #verified = new Map<string, string>()
  /** Digests of the blocks that this process has written. */
  readonly #sealed = new Set<string>()
  /** By source: the generation of the last ingest of this process. */
  readonly #unacknowledged = new Map<string, number>()

  /** Errors: ARCHIVE_MIRROR_INSIDE. */
  constructor({ dataDir, mirror, disk = realDisk, limits }: FilesArchiveOptions) {
    if (mirror !== undefined && `${realPlace(mirror)}${sep}`.startsWith(`${realPlace(dataDir)}${sep}`))
      throw new MillraceError('ARCHIVE_MIRROR_INSIDE', { path: mirror, data: dataDir })
    this.#dataDir = dataDir
    this.#root = join(dataDir, 'archive')
    this.#mirror = mirror
    this.#disk = disk
    this.#limits = { ...BLOCK_LIMITS, ...limits }
  }

  async sources(): Promise<string[]> {
    const names = new Set<string>()
    for (const root of this.#mirror ? [this.#root, this.#mirror] : [this.#root]) {
      const entries = (await ifThere(root, readdir(root, { withFileTypes: true }))) ?? []
      for (const entry of entries) if (entry.isDirectory()) names.add(entry.name)
    }
    const committed: string[] = []
    for (const name of [...names].sort()) if (await this.#isKnown(name)) committed.push(name)
    return committed
  }

  async manifest(source: string): Promise<Manifest | undefined> {
    const manifest = await findManifest(this.#places(source))
    return manifest && manifest.generation > 0 ? manifest : undefined
  }

  /** A mirror can be ahead of what `manifest` reads, and so can blocks whose manifest is missing. */
  async settle(source: string): Promise<Manifest | undefined> {
    const places = this.#places(source)
    if (places.mirror && (await this.#isKnown(source)))
      await withOpenSource(this.#disk, places, async () => undefined)
    const manifest = await findManifest(places)
    if (manifest && !(await isHeld(places.primary.lock))) await removableIn(places.primary, manifest)
    return this.manifest(source)
  }

  async ingest(source: string, inputs: readonly IngestInput[], options: IngestOptions = {}) {
    const places = this.#places(source)
    const { result, generation } = await withOpenSource(this.#disk, places, async (open) => {
      await healBlocks(this.#disk, places, open.manifest.blocks, 'missing')
      const writer = this.#write(places, open)
      return ingestInputs(writer, { limits: this.#limits, inputs, options })
    })
    if (generation !== undefined) this.#unacknowledged.set(source, generation)
    return result satisfies IngestResult
  }

  async append(source: string, batches: AsyncIterable<StoredBatch>, keysBelow?: KeysBelow): Promise<number> {
    const places = this.#places(source)
    const known = (await this.manifest(source))?.nextOffset ?? 0
    return withOpenSource(this.#disk, places, async (open) => {
      this.#requireOwn(places, open.manifest, known)
      return appendBatches(this.#write(places, open), this.#limits, batches, keysBelow)
    })
  }

  async keys(source: string, sinceMs: number): Promise<string | undefined> {
    const places = this.#places(source)
    const manifest = await findManifest(places)
    return manifest && readKeys(manifest, sinceMs, (segment) => readSegment(this.#disk, places, segment))
  }

  /** Whoever appends has given out the offsets: a lead of the mirror may only come of an attempt of this process. */
  #requireOwn({ mirror }: ManifestPlaces, { source, blocks }: Manifest, known: number): void {
    const foreign = blocks.find(({ endOffset, sha256 }) => endOffset > known && !this.#sealed.has(sha256))
    if (!foreign || !mirror) return
    const offset = foreign.firstOffset
    throw new MillraceError('ARCHIVE_MIRROR_PARTED', { source, path: mirror.root, offset })
  }

  #write(places: ManifestPlaces, open: OpenSource): FilesWriter {
    return new FilesWriter(this.#disk, places, open, ({ sha256 }) => this.#sealed.add(sha256))
  }

  setClock(source: string, clock: ClockFacts): Promise<void> {
    const places = this.#places(source)
    return withOpenSource(this.#disk, places, (open) => setClock(this.#write(places, open), clock))
  }

  rename(from: string, to: string, keeps: Pick<Manifest, 'topicName'>): Promise<void> {
    return renameSource(this.#disk, this.#places(from), this.#places(to), keeps)
  }

  acceptLost(source: string, loss: LossFacts): Promise<void> {
    const places = this.#places(source)
    return withOpenSource(this.#disk, places, (open) =>
      addLost(this.#write(places, open), loss, LOSS_GENERATIONS),
    )
  }

  async lostBlocks(source: string): Promise<LostBlock[]> {
    return findLostBlocks(this.#places(source), (await this.manifest(source))?.blocks ?? [])
  }

  replaceBlock(source: string, loss: BlockLoss): Promise<void> {
    const places = this.#places(source)
    const generations = loss.lost.length > 0 ? LOSS_GENERATIONS : 1
    return withOpenSource(this.#disk, places, (open) =>
      replaceBlock(this.#write(places, open), this.#limits, loss, generations),
    )
  }

  async accounts(source: string): Promise<AccountPlace[]> {
    const { primary, mirror } = this.#places(source)
    const [manifest, copy] = [
      await readManifest(join(primary.root, MANIFEST)),
      await readManifest(join(primary.root, MANIFEST_COPY)),
    ]
    const accounts = [{ place: primary.root, isThere: [manifest, copy].some(isAccount) }]
    if (!mirror) return accounts
    const mirrored = await readManifest(join(mirror.root, MANIFEST))
    return [...accounts, { place: mirror.root, isThere: isAccount(mirrored) }]
  }

  async acknowledge(source: string): Promise<void> {
    const { primary } = this.#places(source)
    const generation = this.#unacknowledged.get(source) ?? (await readPending(primary)).at(-1)?.generation
    if (generation === undefined) return
    await removePending(this.#disk, primary, generation)
    this.#unacknowledged.delete(source)
  }

  async verifiedPath(source: string, block: Block): Promise<string> {
    const places = this.#places(source)
    const path = blockPath(places.primary, block)
    if (this.#verified.has(path) && this.#verified.get(path) === (await stampOf(path))) return path
    const stamp = await stampOf(path)
    const state = await stateOf(places.primary, block)
    if (state !== 'good') await this.#heal(places, block, state)
    this.#verified.set(path, state === 'good' ? stamp : await stampOf(path))
    return path
  }

  async observedMs(source: string, block: Block, offset: number): Promise<number> {
    const path = await this.verifiedPath(source, block)
    return readObserved(path, offset, join(this.#dataDir, 'tmp'))
  }

  async blockUri(source: string, block: Block): Promise<string> {
    return fileUri(await this.verifiedPath(source, block))
  }

  shareFolder(name: string): Promise<SharedFolder> {
    return openSharedFolder(join(this.#dataDir, 'shared'), name)
  }

  async scrub(source: string): Promise<ScrubReport> {
    const places = this.#places(source)
    // Settling clears them away.
    const found = await unnamedBlocks(places).catch(() => [])
    const settled = await this.#settle(places)
    if (settled === 'lost') return { source, blocks: 0, findings: [LOST_MANIFEST] }
    const left = new Set((await unnamedBlocks(places)).map(({ block }) => block))
    const unnamed = found.map((one) => (left.has(one.block) ? one : { ...one, outcome: 'removed' as const }))
    const blocks = (await this.manifest(source))?.blocks ?? []
    const findings = await healBlocks(this.#disk, places, blocks, 'all')
    return { source, blocks: blocks.length, findings: [...unnamed, ...settled, ...findings] }
  }

  async inspect(source: string): Promise<readonly ArchiveFinding[]> {
    const places = this.#places(source)
    try {
      const faults = await inspectManifest(places)
      const manifests = faults.map((fault) => ({ ...fault, outcome: 'healed' as const }))
      return [...manifests, ...(await missingBlocks(places)), ...(await unnamedBlocks(places))]
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'ARCHIVE_CORRUPT_MANIFEST') return [LOST_MANIFEST]
      throw error
    }
  }

  /** One whose manifests are all damaged is known too: what reads it must say so. */
  async #isKnown(source: string): Promise<boolean> {
    return this.manifest(source).then(
      (manifest) => manifest !== undefined,
      () => true,
    )
  }

  async #heal(places: ManifestPlaces, block: Block, state: 'missing' | 'damaged'): Promise<void> {
    const [finding] = await healBlock(this.#disk, places, block)
    if (finding === undefined || finding.outcome === 'healed') return
    const fault = state === 'missing' ? 'the file is missing' : 'its bytes are not those that were written'
    const rest = places.mirror ? ', and the mirror has no good copy' : ', and there is no mirror'
    throw new MillraceError('ARCHIVE_CORRUPT_BLOCK', {
      block: block.name,
      source: places.primary.source,
      why: fault + rest,
      path: blockPath(places.primary, block),
    })
  }

  /** A running ingest has settled manifests and lists of contents already, and needs the lock for itself. */
  async #settle(places: ManifestPlaces): Promise<ScrubReport['findings'] | 'lost'> {
    try {
      return await withOpenSource(
        this.#disk,
        places,
        async ({ faults, manifest }) => [
          ...faults.map((fault) => ({ ...fault, outcome: 'healed' as const })),
          ...(await healSegments(this.#disk, places, manifest)),
        ],
        { isHealing: true },
      )
    } catch (error) {
      const code = error instanceof MillraceError ? error.code : undefined
      if (code === 'ARCHIVE_LOCKED' || code === 'ARCHIVE_NEWER_BLOCKS') return []
      if (code === 'ARCHIVE_CORRUPT_MANIFEST') return 'lost'
      throw error
    }
  }

  #places(source: string): ManifestPlaces {
    const mirror = this.#mirror === undefined ? undefined : sourceFolder(this.#mirror, source)
    return { primary: sourceFolder(this.#root, source), mirror }
  }
}

/** A server writes the first, empty one of a source before it has lines. */
function isAccount(found: ManifestState): boolean {
  return found.state === 'damaged' || (found.state === 'good' && found.manifest.generation > 0)
}

async function stampOf(path: string): Promise<string> {
  const { size, mtimeMs } = (await ifThere(path, stat(path))) ?? { size: -1, mtimeMs: 0 }
  return `${size}@${mtimeMs}`
}
