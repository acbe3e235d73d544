/** The embedded stream engine: each micro-batch is parsed and tallied as a small batch run would. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { StreamEngine, StreamRequest } from '../../ports/stream-engine.ts'
import { loadBatches } from './batch-lines.ts'
import { ChunkParser } from './chunk-parser.ts'
import { openConfined } from './open-confined.ts'
import { SourceTallies } from './source-tallies.ts'

export interface DuckdbStreamOptions {
  /** Staging folders lie below it. */
  readonly stagingRoot: string
  readonly memoryLimit?: string
  readonly threads?: number
}

export class DuckdbStreamEngine implements StreamEngine {
  readonly name = 'duckdb'
  readonly #options: DuckdbStreamOptions
  #opening: Promise<DuckDBInstance> | undefined
  /** Micro-batches take turns, so that memory is that of one. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: DuckdbStreamOptions) {
    this.#options = options
  }

  compute(request: StreamRequest): Promise<StagedSource> {
    const computed = this.#last.then(() => this.#compute(request))
    this.#last = computed.catch(() => undefined)
    return computed
  }

  async close(): Promise<void> {
    await this.#last
    const instance = await this.#opening
    this.#opening = undefined
    instance?.closeSync()
    await rm(this.#spillFolder(), { recursive: true, force: true })
  }

  async #compute(request: StreamRequest): Promise<StagedSource> {
    this.#opening ??= this.#open()
    // Temporary tables go with the connection.
    const connection = await (await this.#opening).connect()
    try {
      return await computeBatches(connection, request)
    } finally {
      connection.closeSync()
    }
  }

  #open(): Promise<DuckDBInstance> {
    return openConfined(':memory:', {
      folders: [this.#options.stagingRoot],
      tempFolder: this.#spillFolder(),
      memoryLimit: this.#options.memoryLimit ?? '400MB',
      keepsOrder: true,
      ...(this.#options.threads && { threads: this.#options.threads }),
    })
  }

  #spillFolder(): string {
    return join(this.#options.stagingRoot, 'spill')
  }
}

async function computeBatches(
  connection: DuckDBConnection,
  { plan, batches, fromOffset, latenessMs, stagingDir }: StreamRequest,
): Promise<StagedSource> {
  const lines = await loadBatches(connection, plan.source, batches, fromOffset)
  // Lines are not in a block yet: their rejects stand under no name.
  const from = { name: '', location: '', lines: 0, rawBytes: 0 }
  const request = { plan, range: {}, blocks: [from], stagingDir, latenessMs }
  const tallies = new SourceTallies(connection, request)
  await tallies.prepare()
  await new ChunkParser(connection, plan).parse(lines)
  await tallies.addChunk()
  return tallies.stage()
}
