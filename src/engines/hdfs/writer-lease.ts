/**
 * Keeps other writers away from a source: a file that its holder touches again and again. It only saves work; that
 * no two writers can both commit is the manifest's affair.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { MillraceError } from '../../core/error.ts'
import { dataFolderId } from './data-folder-id.ts'
import type { RemoteFolder } from './remote-folder.ts'
import type { WebHdfs } from './web-hdfs.ts'

/** One that was not touched for this long is taken over. */
export const LEASE_MS = 60_000

interface LeaseText {
  /** The data folder of the holder, whichever process it is. */
  readonly owner: string
  readonly token: string
  readonly host: string
  readonly pid: number
  readonly since: string
}

export interface LeaseOptions {
  readonly hdfs: WebHdfs
  readonly folder: RemoteFolder
  readonly dataDir: string
  readonly leaseMs?: number | undefined
}

export class WriterLease {
  readonly token: string
  /** Whether somebody was pushed aside, who may still believe in his lease. */
  readonly tookOver: boolean
  readonly #options: LeaseOptions
  readonly #fileId: number
  readonly #timer: NodeJS.Timeout

  private constructor(options: LeaseOptions, held: { token: string; tookOver: boolean; fileId: number }) {
    this.#options = options
    this.token = held.token
    this.tookOver = held.tookOver
    this.#fileId = held.fileId
    this.#timer = setInterval(() => void this.#touch(), (options.leaseMs ?? LEASE_MS) / 4)
    this.#timer.unref()
  }

  /**
   * The caller holds the data folder's own lock on this source, so a lease of the same data folder is one that a
   * dead process left. Errors: ARCHIVE_LOCKED.
   */
  static async take(options: LeaseOptions): Promise<WriterLease> {
    const { hdfs, folder } = options
    const lease: LeaseText = {
      owner: `${hostname()} ${await dataFolderId(options.dataDir)}`,
      token: randomBytes(8).toString('hex'),
      host: hostname(),
      pid: process.pid,
      since: new Date().toISOString(),
    }
    for (let tookOver = false; ; tookOver = true) {
      const offered = `${folder.uploads}/${lease.token}/lease.json`
      // Each time anew, since whoever has the lease clears what is not his.
      await hdfs.createText(offered, JSON.stringify(lease))
      const fileId = await settle(options, offered, lease)
      if (fileId !== undefined) return new WriterLease(options, { token: lease.token, tookOver, fileId })
      await pushAside(options, lease)
    }
  }

  /** Errors: ARCHIVE_OVERTAKEN. */
  async requireHeld(): Promise<void> {
    if (await this.isHeld()) return
    throw overtaken(this.#options)
  }

  async isHeld(): Promise<boolean> {
    const { hdfs, folder } = this.#options
    return (await hdfs.status(folder.lease))?.fileId === this.#fileId
  }

  /** One that cannot be removed now is taken for a dead process's by the next ingest. */
  async release(): Promise<void> {
    clearInterval(this.#timer)
    const { hdfs, folder } = this.#options
    try {
      if (await this.isHeld()) await hdfs.remove(folder.lease)
    } catch {
      // Whatever there was to tell was told by what the lease was held for.
    }
  }

  /** A failure shows when the lease is needed next. */
  async #touch(): Promise<void> {
    const { hdfs, folder } = this.#options
    try {
      if (await this.isHeld()) await hdfs.setModificationTime(folder.lease, hdfs.now())
    } catch {
      // The NameNode is away, or so is the lease.
    }
  }
}

export function overtaken({ folder, leaseMs }: Pick<LeaseOptions, 'folder' | 'leaseMs'>): MillraceError {
  const seconds = (leaseMs ?? LEASE_MS) / 1000
  return new MillraceError('ARCHIVE_OVERTAKEN', { source: folder.source, path: folder.root, seconds })
}

/** The file's id when the lease is ours now. */
async function settle({ hdfs, folder }: LeaseOptions, offered: string, own: LeaseText) {
  const outcome = await hdfs.rename(offered, folder.lease)
  if (outcome === 'exists' || outcome === 'missing') return undefined
  const status = await hdfs.status(folder.lease)
  return (await readLease(hdfs, folder.lease))?.token === own.token ? status?.fileId : undefined
}

/** Errors: ARCHIVE_LOCKED, when its holder is or may be at work. */
async function pushAside({ hdfs, folder, leaseMs = LEASE_MS }: LeaseOptions, own: LeaseText): Promise<void> {
  const status = await hdfs.status(folder.lease)
  const held = await readLease(hdfs, folder.lease)
  if (!status || !held) return
  const ageMs = hdfs.now() - status.modificationTime
  if (held.owner !== own.owner && ageMs < leaseMs) throw locked(folder, held, own)
  const aside = `${folder.uploads}/${own.token}/${held.token}.json`
  if ((await hdfs.rename(folder.lease, aside)) === 'missing') return
  const moved = await readLease(hdfs, aside)
  if (!moved || moved.token === held.token) return
  // A third writer was quicker, and what was moved is his.
  await hdfs.rename(aside, folder.lease)
  throw locked(folder, moved, own)
}

function locked({ source, root: path }: RemoteFolder, held: LeaseText, own: LeaseText): MillraceError {
  const pid = held.host === own.host ? held.pid : `${held.pid} on ${held.host}`
  return new MillraceError('ARCHIVE_LOCKED', { source, path, pid, since: held.since })
}

async function readLease(hdfs: WebHdfs, path: string): Promise<LeaseText | undefined> {
  const text = await hdfs.readText(path)
  try {
    return text === undefined ? undefined : (JSON.parse(text) as LeaseText)
  } catch {
    return { owner: '', token: '', host: 'an unknown host', pid: 0, since: 'at an unknown time' }
  }
}
