/** WebHDFS: the operations that the archive uses. */
import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../core/error.ts'
import type { StorageHealth } from '../../ports/archive.ts'
import { exactly, failureOf, jsonOf } from './answer.ts'
import { HdfsClient, type WebHdfsOptions } from './hdfs-client.ts'
import { readText } from './http-exchange.ts'
import { healthOf, rpcAddressOf } from './name-node-beans.ts'
import {
  beneath,
  ContentFault,
  codeOf,
  isExisting,
  isLost,
  isMissing,
  isUnreadable,
  reasonOf,
} from './storage-failure.ts'

export interface FileStatus {
  readonly pathSuffix: string
  readonly type: 'FILE' | 'DIRECTORY'
  readonly length: number
  readonly replication: number
  readonly blockSize: number
  readonly modificationTime: number
  /** Never given to another file. */
  readonly fileId: number
}

export interface FileChecksum {
  readonly algorithm: string
  /** Hex. */
  readonly bytes: string
}

export interface Upload {
  readonly bytes: number
  chunks(): AsyncIterable<Uint8Array>
  readonly replication?: number | undefined
  readonly blockSizeBytes?: number | undefined
}

export type RenameOutcome = 'renamed' | 'exists' | 'missing' | 'unsure'

/** Every operation may reject with ARCHIVE_*, once waiting did not help. */
export class WebHdfs {
  readonly #client: HdfsClient

  constructor(client: HdfsClient) {
    this.#client = client
  }

  static connect(options: WebHdfsOptions): WebHdfs {
    return new WebHdfs(new HdfsClient(options))
  }

  get address(): string {
    return this.#client.address
  }

  /** The same, but its waiting ends when the signal says so; then it rejects with an AbortError. */
  under(signal: AbortSignal | undefined): WebHdfs {
    return new WebHdfs(this.#client.under(signal))
  }

  /** The NameNode's clock, by its last answer. */
  now(): number {
    return this.#client.now()
  }

  async makeFolder(path: string): Promise<void> {
    await this.#client.ask('PUT', path, 'MKDIRS')
  }

  /** Undefined when there is no such file or folder. */
  async status(path: string): Promise<FileStatus | undefined> {
    const found = await this.#client.ask('GET', path, 'GETFILESTATUS').catch(undefinedIfMissing)
    return (found as { FileStatus: FileStatus } | undefined)?.FileStatus
  }

  /** In the order of names; empty when there is no such folder. */
  async list(path: string): Promise<FileStatus[]> {
    const found = await this.#client.ask('GET', path, 'LISTSTATUS').catch(undefinedIfMissing)
    const statuses = found as { FileStatuses: { FileStatus: FileStatus[] } } | undefined
    return statuses?.FileStatuses.FileStatus ?? []
  }

  /** Removes a file or folder; a missing one is fine. */
  async remove(path: string): Promise<void> {
    await this.#client.ask('DELETE', path, 'DELETE', { recursive: true })
  }

  /**
   * Never overwrites. `missing`: what was to be renamed, or the folder to hold it, is gone. `unsure`: an answer was
   * lost, and it may be this rename that made it so.
   */
  async rename(from: string, to: string): Promise<RenameOutcome> {
    const asked = this.#askToRename(from, to)
    try {
      await asked.answer
      return 'renamed'
    } catch (error) {
      if (asked.mayHaveHappened() && (isMissing(error) || isExisting(error))) return 'unsure'
      if (isExisting(error)) return 'exists'
      if (isMissing(error)) return 'missing'
      throw error
    }
  }

  /** Errors of the answer: ARCHIVE_UNSURE, when it was sent and no answer came to any repetition. */
  #askToRename(from: string, to: string) {
    let isAnswerLost = false
    const note = (error: unknown) => {
      isAnswerLost ||= isLost(error) && codeOf(error) !== 'ECONNREFUSED'
    }
    const asked = this.#client.ask('PUT', from, 'RENAME', { destination: to, renameoptions: 'NONE' }, note)
    const answer = asked.catch((error: unknown) => {
      if (!isAnswerLost || !isLost(beneath(error))) throw error
      const params = { address: this.address, path: to, why: reasonOf(beneath(error)) }
      throw new MillraceError('ARCHIVE_UNSURE', params, { cause: error })
    })
    return { answer, mayHaveHappened: () => isAnswerLost }
  }

  async setModificationTime(path: string, timeMs: number): Promise<void> {
    await this.#client.ask('PUT', path, 'SETTIMES', { modificationtime: timeMs, accesstime: -1 })
  }

  /** Makes or replaces a file. A DataNode that fails is passed over and the whole content sent again. */
  async create(path: string, { bytes, chunks, replication, blockSizeBytes }: Upload): Promise<void> {
    const parameters = { overwrite: true, replication, blocksize: blockSizeBytes }
    await this.#client.viaDataNode('PUT', path, 'CREATE', parameters, async (url) => {
      const response = await this.#client.send({ method: 'PUT', url, body: { bytes, chunks } })
      if (response.statusCode !== 201) throw await failureOf(response)
      await readText(response)
    })
  }

  async createText(path: string, text: string, options: Pick<Upload, 'replication'> = {}): Promise<void> {
    const content = Buffer.from(text)
    async function* chunks() {
      yield content
    }
    await this.create(path, { bytes: content.length, chunks, ...options })
  }

  /**
   * Reads `length` bytes from `offset` on by `take`, which may be called again from the start with another
   * DataNode's bytes; it rejects with a ContentFault when they are not the right ones.
   */
  async read<T>(
    path: string,
    range: { offset: number; length: number },
    take: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    return this.#client.viaDataNode('GET', path, 'OPEN', range, async (url) => {
      const response = await this.#client.send({ method: 'GET', url })
      if (response.statusCode !== 200) throw await unreadable(response)
      try {
        return await take(exactly(response, range.length))
      } finally {
        response.destroy()
      }
    })
  }

  async readText(path: string): Promise<string | undefined> {
    const status = await this.status(path)
    if (!status) return undefined
    const collect = async (chunks: AsyncIterable<Uint8Array>) => {
      const parts: Uint8Array[] = []
      for await (const chunk of chunks) parts.push(chunk)
      return Buffer.concat(parts).toString('utf8')
    }
    if (status.length === 0) return ''
    return this.read(path, { offset: 0, length: status.length }, collect).catch(undefinedIfMissing)
  }

  async checksum(path: string): Promise<FileChecksum> {
    return this.#client.viaDataNode('GET', path, 'GETFILECHECKSUM', {}, async (url) => {
      const response = await this.#client.send({ method: 'GET', url })
      return ((await jsonOf(response)) as { FileChecksum: FileChecksum }).FileChecksum
    })
  }

  /** For each HDFS block of a file: how many DataNodes have a good copy. */
  async replicas(path: string, length: number): Promise<number[]> {
    const found = await this.#client.ask('GET', path, 'GETFILEBLOCKLOCATIONS', { offset: 0, length })
    const { BlockLocation } = (found as { BlockLocations: { BlockLocation: BlockLocation[] } }).BlockLocations
    return BlockLocation.map(({ names, corrupt }) => (corrupt ? 0 : names.length))
  }

  /** Undefined when the NameNode does not show its beans to us. */
  health(): Promise<StorageHealth | undefined> {
    return healthOf(this.#client.bean)
  }

  /** `host:port` that Hadoop's own clients use. */
  rpcAddress(): Promise<string | undefined> {
    return rpcAddressOf(this.#client.bean)
  }
}

interface BlockLocation {
  readonly names: readonly string[]
  readonly corrupt: boolean
}

async function unreadable(response: IncomingMessage): Promise<Error> {
  const failure = await failureOf(response)
  return isUnreadable(failure) ? new ContentFault(failure.message, { cause: failure }) : failure
}

function undefinedIfMissing(error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}
