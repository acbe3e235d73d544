/**
 * Verified local copies of blocks, for engines that read paths. The cache outlives the run, so that the next one
 * fetches only what is new.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unwritable } from '../../archive/disk.ts'
import { digestFile, RunningDigest } from '../../archive/read-file.ts'
import { ifThere } from '../../archive/unreadable.ts'
import type { Block } from '../../core/block.ts'
import { ContentFault } from './storage-failure.ts'
import type { WebHdfs } from './web-hdfs.ts'

/** Above it the blocks that were used longest ago are dropped, but none that a run may still be reading. */
const MOST_BYTES = 20 * 2 ** 30
const IN_USE_MS = 24 * 3600 * 1000

export class BlockCache {
  readonly #root: string
  readonly #mostBytes: number
  /** By path: size and modification time of copies that this process has verified. */
  readonly #verified = new Map<string, string>()
  #bytesAdded = Number.POSITIVE_INFINITY

  constructor(dataDir: string, mostBytes = MOST_BYTES) {
    this.#root = join(dataDir, 'cache/blocks')
    this.#mostBytes = mostBytes
  }

  /** Undefined when there is no such file. Errors: one of a ContentFault, when no replica has what was written. */
  async fetch(hdfs: WebHdfs, source: string, block: Block, remote: string): Promise<string | undefined> {
    const path = join(this.#root, source, block.name)
    if (await this.#holds(path, block)) {
      const now = new Date()
      await utimes(path, now, (await stat(path)).mtime).catch(() => undefined)
      return path
    }
    if (!(await hdfs.status(remote))) return undefined
    await this.#makeRoom(block.fileBytes)
    await mkdir(dirname(path), { recursive: true }).catch((error) => Promise.reject(unwritable(path, error)))
    await download(hdfs, remote, path, block)
    this.#verified.set(path, (await stampOf(path)) ?? '')
    return path
  }

  /** What is not moved is fetched again. */
  async rename(from: string, to: string): Promise<void> {
    await rename(join(this.#root, from), join(this.#root, to)).catch(() => undefined)
  }

  async #holds(path: string, block: Block): Promise<boolean> {
    const stamp = await stampOf(path)
    if (stamp === undefined) return false
    if (this.#verified.get(path) === stamp) return true
    const { fileBytes, sha256 } = await digestFile(path)
    if (fileBytes !== block.fileBytes || sha256 !== block.sha256) return false
    this.#verified.set(path, stamp)
    return true
  }

  /** Looks at the whole cache only now and then. */
  async #makeRoom(bytes: number): Promise<void> {
    this.#bytesAdded += bytes
    if (this.#bytesAdded < this.#mostBytes / 10) return
    this.#bytesAdded = 0
    const files = await filesIn(this.#root)
    let total = files.reduce((sum, { size }) => sum + size, bytes)
    for (const { path, size, usedMs } of files.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.#mostBytes || Date.now() - usedMs < IN_USE_MS) return
      await rm(path, { force: true })
      total -= size
    }
  }
}

/** Takes the bytes from one DataNode after another until they are those that were written. */
async function download(hdfs: WebHdfs, remote: string, path: string, block: Block): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await hdfs.read(remote, { offset: 0, length: block.fileBytes }, async (chunks) => {
      const digest = new RunningDigest()
      await write(temporary, digest.watch(chunks))
      if (digest.result().sha256 !== block.sha256) throw new ContentFault('its SHA-256 is another one')
    })
    await rename(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

async function write(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'w').catch((error) => Promise.reject(unwritable(path, error)))
  try {
    for await (const chunk of chunks)
      await file.writeFile(chunk).catch((error) => Promise.reject(unwritable(path, error)))
  } finally {
    await file.close()
  }
}

async function stampOf(path: string): Promise<string | undefined> {
  const found = await ifThere(path, stat(path))
  return found && `${found.size}@${found.mtimeMs}`
}

/** Another process may have dropped it meanwhile. */
const NOTHING = { size: 0, atimeMs: 0, mtimeMs: 0 }

async function filesIn(folder: string): Promise<{ path: string; size: number; usedMs: number }[]> {
  const entries = (await ifThere(folder, readdir(folder, { recursive: true, withFileTypes: true }))) ?? []
  const files = entries.filter((entry) => entry.isFile())
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name)
      const { size, atimeMs, mtimeMs } = (await ifThere(path, stat(path))) ?? NOTHING
      return { path, size, usedMs: Math.max(atimeMs, mtimeMs) }
    }),
  )
  return found
}
