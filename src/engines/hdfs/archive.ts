/** The archive in HDFS, reached by WebHDFS: the same blocks and the same list of them as on plain files. */
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { addLost } from '../../archive/add-lost.ts'
import { appendBatches } from '../../archive/append-batches.ts'
import { BLOCK_LIMITS, type BlockLimits } from '../../archive/append-inputs.ts'
import { readKeys } from '../../archive/archived-keys.ts'
import { ingestInputs } from '../../archive/ingest.ts'
import { readObserved } from '../../archive/read-observed.ts'
import { replaceBlock } from '../../archive/replace-block.ts'
import { setClock } from '../../archive/set-clock.ts'
import type { Block, Manifest } from '../../core/block.ts'
import { MillraceError } from '../../core/error.ts'
import type { Cause } from '../../core/health-facts.ts'
import type {
  AccountPlace,
  Archive,
  ArchiveFinding,
  BlockLoss,
  ClockFacts,
  CompactOptions,
  CompactReport,
  IngestInput,
  IngestOptions,
  IngestResult,
  KeysBelow,
  LossFacts,
  LostBlock,
  ScrubReport,
  SharedFolder,
  StorageHealth,
} from '../../ports/archive.ts'
import type { StoredBatch } from '../../ports/log.ts'
import { BlockCache } from './block-cache.ts'
import { compactOnce, TARGET_BYTES } from './compact-source.ts'
import { dataFolderId } from './data-folder-id.ts'
import { type HdfsWriter, removableIn } from './hdfs-writer.ts'
import { type Inspected, inspectSource } from './inspect-source.ts'
import { findManifest, restoreManifest } from './manifest-generations.ts'
import { unacknowledged, withOpenSource } from './open-source.ts'
import { readSegment } from './read-segment.ts'
import {
  acknowledgement,
  type RemoteFolder,
  remoteBlock,
  remoteFolder,
  spoolFolder,
} from './remote-folder.ts'
import { renameSource } from './rename-source.ts'
import { findLostBlocks, scrubBlocks } from './scrub-source.ts'
import { openSharedFolder } from './shared-folder.ts'
import { beneath, isContentFault, reasonOf } from './storage-failure.ts'
import type { Storing } from './upload-block.ts'
import { UploadFolder } from './upload-folder.ts'
import { WebHdfs } from './web-hdfs.ts'

/** No source can have this name. */
const STAGING = 'batch-staging'
const LOST_MANIFEST = { block: 'manifest', copy: 'primary', fault: 'damaged', outcome: 'lost' } as const

export interface HdfsArchiveOptions {
  /** The NameNode's web address, `http://namenode:9870`. */
  readonly address: string
  /** The archive lies in `<path>/<source>`. */
  readonly path: string
  /** Where engines open blocks, `hdfs://namenode:8020`; asked of the NameNode when absent. */
  readonly rpc?: string
  readonly replication?: number
  /** Of HDFS's blocks, which it replicates. */
  readonly blockSizeBytes?: number
  /** Without it requests name the user of this process, as Hadoop's own clients do. */
  readonly user?: string
  /** A delegation token, in place of a user. */
  readonly token?: string
  /** A PEM file. */
  readonly caFile?: string
  /** Blocks are packed and cached in it. */
  readonly dataDir: string
  /** For tests: smaller pieces and blocks, and less patience. */
  readonly limits?: Partial<BlockLimits>
  readonly patienceMs?: number
  /** See WebHdfsOptions. */
  readonly onWait?: (trouble: Cause | undefined) => void
  readonly leaseMs?: number
}

export class HdfsArchive implements Archive {
  readonly #options: HdfsArchiveOptions
  readonly #stop = new AbortController()
  readonly #hdfs: WebHdfs
  readonly #path: string
  readonly #storing: Storing
  readonly #limits: BlockLimits
  readonly #cache: BlockCache
  /** `hdfs://host:port`, once it was asked for. */
  #rpc: Promise<string> | undefined
  /** By source: the generation of the last ingest of this process. */
  readonly #unacknowledged = new Map<string, number>()

  /** Asks nothing of the NameNode yet. Errors: ARCHIVE_BAD_ADDRESS. */
  constructor(options: HdfsArchiveOptions) {
    const { address, path, replication, blockSizeBytes, dataDir, limits } = options
    const { user = userInfo().username, token, caFile, patienceMs, onWait } = options
    const ca = caFile === undefined ? undefined : readAuthorities(caFile, address)
    this.#options = options
    // Each request listens to it; Node would warn of more than ten.
    setMaxListeners(0, this.#stop.signal)
    this.#hdfs = WebHdfs.connect({ address, user, token, ca, patienceMs, onWait, signal: this.#stop.signal })
    this.#path = path.replace(/\/+$/, '')
    this.#storing = { replication, blockSizeBytes }
    this.#limits = { ...BLOCK_LIMITS, ...limits }
    this.#cache = new BlockCache(dataDir)
  }

  async sources(): Promise<string[]> {
    const folders = (await this.#hdfs.list(this.#path)).filter(({ type }) => type === 'DIRECTORY')
    const committed: string[] = []
    for (const { pathSuffix: name } of folders) if (await this.#isKnown(name)) committed.push(name)
    return committed.sort()
  }

  async manifest(source: string): Promise<Manifest | undefined> {
    const manifest = await findManifest(this.#hdfs, this.#folder(source))
    return manifest && manifest.nextOffset > 0 ? manifest : undefined
  }

  /** There is one manifest, which all data folders read; only blocks can be ahead of it, where a newer one was deleted. */
  async settle(source: string): Promise<Manifest | undefined> {
    const folder = this.#folder(source)
    const manifest = await findManifest(this.#hdfs, folder)
    if (manifest) await removableIn(this.#hdfs, folder, manifest)
    return this.manifest(source)
  }

  async ingest(
    source: string,
    inputs: readonly IngestInput[],
    options: IngestOptions = {},
  ): Promise<IngestResult> {
    const place = this.#place(source, options.signal)
    const job = { limits: this.#limits, inputs, options }
    const { result, generation } = await withOpenSource(place, (writer) => ingestInputs(writer, job))
    if (generation !== undefined) this.#unacknowledged.set(source, generation)
    return result
  }

  append(source: string, batches: AsyncIterable<StoredBatch>, keysBelow?: KeysBelow): Promise<number> {
    const append = (writer: HdfsWriter) => appendBatches(writer, this.#limits, batches, keysBelow)
    return withOpenSource(this.#place(source, undefined), append)
  }

  async keys(source: string, sinceMs: number): Promise<string | undefined> {
    const folder = this.#folder(source)
    const manifest = await findManifest(this.#hdfs, folder)
    return manifest && readKeys(manifest, sinceMs, (segment) => readSegment(this.#hdfs, folder, segment))
  }

  setClock(source: string, clock: ClockFacts): Promise<void> {
    return withOpenSource(this.#place(source, undefined), (writer) => setClock(writer, clock))
  }

  async rename(from: string, to: string, keeps: Pick<Manifest, 'topicName'>): Promise<void> {
    await renameSource(this.#place(from, undefined), this.#folder(to), keeps)
    await this.#cache.rename(from, to)
  }

  acceptLost(source: string, loss: LossFacts): Promise<void> {
    return withOpenSource(this.#place(source, undefined), (writer) => addLost(writer, loss))
  }

  async lostBlocks(source: string): Promise<LostBlock[]> {
    return findLostBlocks(this.#hdfs, this.#folder(source), (await this.manifest(source))?.blocks ?? [])
  }

  replaceBlock(source: string, loss: BlockLoss): Promise<void> {
    const replace = (writer: HdfsWriter) => replaceBlock(writer, this.#limits, loss)
    return withOpenSource(this.#place(source, undefined), replace)
  }

  async accounts(source: string): Promise<AccountPlace[]> {
    const { address } = this.#options
    const { root } = this.#folder(source)
    const isThere = (await this.manifest(source)) !== undefined
    return [{ place: `${address.replace(/\/$/, '')}${root}`, isThere }]
  }

  async acknowledge(source: string): Promise<void> {
    const folder = this.#folder(source)
    const generation = this.#unacknowledged.get(source) ?? (await this.#lastPending(folder))
    if (generation === undefined) return
    await this.#hdfs.makeFolder(acknowledgement(folder, generation))
    this.#unacknowledged.delete(source)
  }

  async verifiedPath(source: string, block: Block): Promise<string> {
    const remote = remoteBlock(this.#folder(source), block)
    try {
      const path = await this.#cache.fetch(this.#hdfs, source, block, remote)
      if (path !== undefined) return path
    } catch (error) {
      if (!isContentFault(error)) throw error
      throw corrupt(
        source,
        block,
        remote,
        `no replica of it is whole; the last DataNode asked: ${reasonOf(beneath(error))}`,
      )
    }
    throw corrupt(source, block, remote, 'the file is missing')
  }

  async observedMs(source: string, block: Block, offset: number): Promise<number> {
    const path = await this.verifiedPath(source, block)
    return readObserved(path, offset, join(this.#options.dataDir, 'tmp'))
  }

  /** Hadoop's own readers check what they read against its checksums, and turn to another replica. */
  async blockUri(source: string, block: Block): Promise<string> {
    const remote = remoteBlock(this.#folder(source), block)
    const status = await this.#hdfs.status(remote)
    if (!status) throw corrupt(source, block, remote, 'the file is missing')
    if (status.length !== block.fileBytes)
      throw corrupt(source, block, remote, `it has ${status.length} bytes, not ${block.fileBytes}`)
    return this.#uri(remote)
  }

  async shareFolder(name: string): Promise<SharedFolder> {
    const own = await dataFolderId(this.#options.dataDir)
    const parent = `${this.#path}/${STAGING}/${own}`
    return openSharedFolder(this.#hdfs, parent, name, (path) => this.#uri(path))
  }

  async scrub(source: string): Promise<ScrubReport> {
    const folder = this.#folder(source)
    const inspected = await this.#inspect(source)
    if (inspected === 'lost') return { source, blocks: 0, findings: [LOST_MANIFEST] }
    const { found, findings } = inspected
    if (found?.fault) {
      const uploads = new UploadFolder(this.#hdfs, folder, `scrub-${randomUUID()}`, this.#storing)
      await restoreManifest(this.#hdfs, folder, found, uploads)
    }
    const blocks = found?.manifest.blocks ?? []
    // Reading tells of missing blocks too.
    const ofNames = findings.filter(({ block, fault }) => fault !== 'missing' || !isBlock(block))
    const ofBlocks = await scrubBlocks(this.#hdfs, folder, blocks)
    return { source, blocks: blocks.length, findings: [...ofNames, ...ofBlocks] }
  }

  async inspect(source: string): Promise<readonly ArchiveFinding[]> {
    const inspected = await this.#inspect(source)
    return inspected === 'lost' ? [LOST_MANIFEST] : inspected.findings
  }

  async #inspect(source: string): Promise<Inspected | 'lost'> {
    const { leaseMs } = this.#options
    return inspectSource(this.#hdfs, this.#folder(source), leaseMs).catch((error: unknown) => {
      if (error instanceof MillraceError && error.code === 'ARCHIVE_CORRUPT_MANIFEST') return 'lost' as const
      throw error
    })
  }

  async compact(source: string, options: CompactOptions = {}): Promise<CompactReport> {
    const { targetBytes = TARGET_BYTES, signal } = options
    const report = { source, merged: 0, into: 0 }
    for (;;) {
      signal?.throwIfAborted()
      // Each run is a commit of its own, so that an ingest gets its turn in between.
      const run = await withOpenSource(this.#place(source, signal), (writer) =>
        compactOnce(writer, targetBytes, (block) => this.verifiedPath(source, block)),
      )
      if (!run) return report
      report.merged += run.length
      report.into++
    }
  }

  health(): Promise<StorageHealth | undefined> {
    return this.#hdfs.health()
  }

  /** A lease stays as it is after a kill; the next writer of this data folder takes it over. */
  interrupt(): void {
    this.#stop.abort()
  }

  /** One whose manifest is damaged is known too: what reads it must say so. */
  async #isKnown(source: string): Promise<boolean> {
    return this.manifest(source).then(
      (manifest) => manifest !== undefined,
      (error: unknown) => {
        if (error instanceof MillraceError && error.code === 'ARCHIVE_CORRUPT_MANIFEST') return true
        throw error
      },
    )
  }

  async #lastPending(folder: RemoteFolder): Promise<number | undefined> {
    const manifest = await findManifest(this.#hdfs, folder)
    return manifest && (await unacknowledged(this.#hdfs, folder, manifest)).at(-1)?.generation
  }

  async #uri(path: string): Promise<string> {
    this.#rpc ??= this.#findRpc()
    return `${await this.#rpc}${path.split('/').map(encodeURIComponent).join('/')}`
  }

  async #findRpc(): Promise<string> {
    const { rpc, address } = this.#options
    if (rpc !== undefined) return rpc.replace(/\/+$/, '')
    const found = await this.#hdfs.rpcAddress()
    if (found !== undefined) return `hdfs://${found}`
    const why = 'the NameNode does not tell its RPC address; set `rpc`'
    throw new MillraceError('ARCHIVE_BAD_ADDRESS', { address, why })
  }

  #place(source: string, signal?: AbortSignal) {
    const { dataDir, leaseMs } = this.#options
    const [folder, spool] = [this.#folder(source), spoolFolder(dataDir, source)]
    return { hdfs: this.#hdfs.under(signal), folder, spool, storing: this.#storing, dataDir, leaseMs }
  }

  #folder(source: string): RemoteFolder {
    return remoteFolder(this.#path, source)
  }
}

function isBlock(name: string): boolean {
  return name.endsWith('.parquet')
}

function corrupt(source: string, { name: block }: Block, path: string, why: string): MillraceError {
  return new MillraceError('ARCHIVE_CORRUPT_BLOCK', { block, source, why, path })
}

function readAuthorities(path: string, address: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const why = `cannot read the certificate file ${path}: ${(error as Error).message}`
    throw new MillraceError('ARCHIVE_BAD_ADDRESS', { address, why }, { cause: error })
  }
}
