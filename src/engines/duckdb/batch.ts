/** The embedded batch engine: DuckDB parses blocks chunk by chunk, tallies each chunk, and merges at the end. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { MillraceError } from '../../core/error.ts'
import type { BatchEngine, BatchOptions, BatchRequest, StagedSource } from '../../ports/batch-engine.ts'
import { printBlockLines } from './block-lines.ts'
import { chunkBlocks } from './chunk-blocks.ts'
import { ChunkParser } from './chunk-parser.ts'
import { openConfined } from './open-confined.ts'
import { SourceTallies } from './source-tallies.ts'

/** Raw bytes parsed at a time: large enough to keep every core busy, small enough to keep memory flat. */
const CHUNK_BYTES = 256 * 1024 * 1024

export interface DuckdbBatchOptions {
  /** Folders that hold the archive's blocks; nothing else outside the staging folder may be opened. */
  readonly readableFolders: readonly string[]
  readonly memoryLimit?: string
  readonly threads?: number
}

export class DuckdbBatchEngine implements BatchEngine {
  readonly name = 'duckdb'
  readonly reads = 'paths'
  readonly #options: DuckdbBatchOptions

  constructor(options: DuckdbBatchOptions) {
    this.#options = options
  }

  async compute(requests: readonly BatchRequest[], options: BatchOptions = {}): Promise<StagedSource[]> {
    const staged: StagedSource[] = []
    for (const request of requests) {
      const started = performance.now()
      const source = await this.#computeSource(request, options)
      staged.push({ ...source, computeMs: Math.round(performance.now() - started) })
    }
    return staged
  }

  async close(): Promise<void> {}

  async #computeSource(request: BatchRequest, options: BatchOptions): Promise<StagedSource> {
    const instance = await this.#open(request.stagingDir)
    const connection = await instance.connect()
    const interrupt = () => connection.interrupt()
    options.signal?.addEventListener('abort', interrupt)
    try {
      return await computeSource(connection, request, options)
    } catch (error) {
      throw options.signal?.aborted ? new MillraceError('BATCH_CANCELLED') : nameCause(error, request)
    } finally {
      options.signal?.removeEventListener('abort', interrupt)
      connection.closeSync()
      instance.closeSync()
    }
  }

  #open(stagingDir: string): Promise<DuckDBInstance> {
    return openConfined(':memory:', {
      folders: [...this.#options.readableFolders, stagingDir],
      tempFolder: stagingDir,
      memoryLimit: this.#options.memoryLimit ?? '600MB',
      ...(this.#options.threads && { threads: this.#options.threads }),
    })
  }
}

async function computeSource(
  connection: DuckDBConnection,
  request: BatchRequest,
  { signal, onProgress }: BatchOptions,
): Promise<StagedSource> {
  const tallies = new SourceTallies(connection, request)
  const parser = new ChunkParser(request.plan)
  await tallies.prepare()
  let linesRead = 0
  for (const chunk of chunkBlocks(request.blocks, CHUNK_BYTES)) {
    signal?.throwIfAborted()
    const paths = chunk.map(({ location }) => location)
    const lines = printBlockLines(paths, request)
    await parser.parse((dialect) => tallies.parse(dialect, lines))
    await tallies.addChunk()
    linesRead += chunk.reduce((sum, block) => sum + block.lines, 0)
    onProgress?.({ source: request.plan.source, linesRead })
  }
  return tallies.stage()
}

function nameCause(error: unknown, request: BatchRequest): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error
  const source = request.plan.source
  if (/overflow|out of range/i.test(error.message)) {
    return new MillraceError('BATCH_SUM_OVERFLOW', { source, why: firstLine(error) }, { cause: error })
  }
  if (/out of memory|failed to (allocate|offload)/i.test(error.message)) {
    return new MillraceError('BATCH_OUT_OF_MEMORY', { source, why: firstLine(error) }, { cause: error })
  }
  return new MillraceError('BATCH_ENGINE_FAILED', { source, why: firstLine(error) }, { cause: error })
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? error.message
}
