/** An archive of a test's own in the cluster's HDFS, and what the tests of its faults do to it. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HdfsArchive, type HdfsArchiveOptions } from '../../src/engines/hdfs/archive.ts'
import { HdfsClient } from '../../src/engines/hdfs/hdfs-client.ts'
import { WebHdfs } from '../../src/engines/hdfs/web-hdfs.ts'
import type { IngestInput } from '../../src/ports/archive.ts'
import { clusterAddress } from './cluster-addresses.ts'

export const LIMITS = { pieceBytes: 4096, blockBytes: 32_768 }

export class OwnArchive {
  readonly path: string
  readonly folder: string
  readonly hdfs: WebHdfs

  private constructor(path: string, folder: string, hdfs: WebHdfs) {
    this.path = path
    this.folder = folder
    this.hdfs = hdfs
  }

  /** `suffix` makes the path an odd one. */
  static async make(suffix = ''): Promise<OwnArchive> {
    const { http: address, user } = clusterAddress('hdfs')
    const folder = await mkdtemp(join(tmpdir(), 'millrace-hdfs-'))
    const hdfs = new WebHdfs(new HdfsClient({ address, user }))
    return new OwnArchive(`/test-${randomBytes(4).toString('hex')}${suffix}`, folder, hdfs)
  }

  /** As a process on another machine would open it, unless it names the data folder of an earlier one. */
  open(options: Partial<HdfsArchiveOptions> = {}): HdfsArchive {
    const { http: address, user } = clusterAddress('hdfs')
    const dataDir = join(this.folder, 'data')
    return new HdfsArchive({
      ...{ address, user, path: this.path, dataDir, replication: 2, limits: LIMITS },
      ...options,
    })
  }

  /** With nothing cached: everything must come from HDFS. */
  reopen(): HdfsArchive {
    return this.open({ dataDir: join(this.folder, randomBytes(4).toString('hex')) })
  }

  async remove(): Promise<void> {
    await this.hdfs.remove(this.path)
    await rm(this.folder, { recursive: true })
  }
}

export function linesOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name} ${index} ${(index * 7919) % 100_003}`)
}

/** Gives the lines in some chunks, and calls `strike` between two of them. */
export function struckInput(
  name: string,
  lines: readonly string[],
  strike: () => Promise<void>,
): IngestInput {
  return {
    name,
    async *open() {
      const step = Math.ceil(lines.length / 20)
      for (let from = 0; from < lines.length; from += step) {
        if (from === step * 7) await strike()
        yield Buffer.from(`${lines.slice(from, from + step).join('\n')}\n`)
      }
    },
  }
}

/** The files in a DataNode's folder that hold just these bytes; others may vanish meanwhile. */
export async function findReplicas(folder: string, bytes: Buffer): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const replicas: string[] = []
  for (const entry of entries) {
    if (!entry.isFile() || !/^blk_\d+$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const found = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    if (found?.equals(bytes)) replicas.push(path)
  }
  return replicas
}
