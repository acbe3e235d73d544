/** The embedded stream engine: each micro-batch is parsed and tallied as a small batch run would. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBInstance } from '@duckdb/node-api'
import { BatchLines } from '../../archive/batch-lines.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { StreamEngine, StreamRequest } from '../../ports/stream-engine.ts'
import { BlockLines } from './block-lines.ts'
import { openConfined } from './open-confined.ts'
import { StreamSession } from './stream-session.ts'

export interface DuckdbStreamOptions {
  /** Staging folders lie below it. */
  readonly stagingRoot: string
  /** Folders that hold the archive's blocks. */
  readonly readableFolders?: readonly string[]
  readonly memoryLimit?: string
}

/** Temporary tables keep the room of rows that are deleted until their connection ends. */
const SESSION_BYTES = 128 * 1024 * 1024

/** Lines come out of one list, which one thread splits; others would cost as much again as they save. */
const THREADS = 1

interface OpenSession {
  readonly session: StreamSession
  /** What its statements were planned for. */
  readonly plan: StreamRequest['plan']
  readonly rule: string
}

export class DuckdbStreamEngine implements StreamEngine {
  readonly name = 'duckdb'
  readonly #options: DuckdbStreamOptions
  #opening: Promise<DuckDBInstance> | undefined
  /** By source. */
  readonly #sessions = new Map<string, OpenSession>()
  /** Raw bytes that the sessions have taken, together. */
  #taken = 0
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
    this.#closeSessions()
    const instance = await this.#opening
    this.#opening = undefined
    instance?.closeSync()
    for (const folder of [this.#spillFolder(), this.#writeFolder()])
      await rm(folder, { recursive: true, force: true })
  }

  async #compute(request: StreamRequest): Promise<StagedSource> {
    const { plan, block, clockRepairs, batches, fromOffset, endOffset } = request
    const lines = block
      ? new BlockLines(block, { plan, fromOffset, endOffset, ...(clockRepairs && { clockRepairs }) })
      : new BatchLines(batches, fromOffset)
    const session = await this.#session(request)
    this.#taken += lines.bytes
    try {
      const staged = await session.compute(lines, request.stagingDir)
      if (this.#taken > SESSION_BYTES) this.#closeSessions()
      return staged
    } catch (error) {
      this.#closeSessions()
      throw error
    }
  }

  async #session({ plan, lateness }: StreamRequest): Promise<StreamSession> {
    const rule = JSON.stringify([...lateness])
    const open = this.#sessions.get(plan.source)
    if (open?.plan === plan && open.rule === rule) return open.session
    open?.session.close()
    this.#sessions.delete(plan.source)
    this.#opening ??= this.#open()
    const connection = await (await this.#opening).connect()
    const folder = this.#writeFolder()
    await mkdir(folder, { recursive: true })
    const session = await StreamSession.open(connection, { plan, lateness }, folder)
    this.#sessions.set(plan.source, { session, plan, rule })
    return session
  }

  #closeSessions(): void {
    for (const { session } of this.#sessions.values()) session.close()
    this.#sessions.clear()
    this.#taken = 0
  }

  #open(): Promise<DuckDBInstance> {
    return openConfined(':memory:', {
      folders: [this.#options.stagingRoot, ...(this.#options.readableFolders ?? [])],
      tempFolder: this.#spillFolder(),
      memoryLimit: this.#options.memoryLimit ?? '400MB',
      keepsPlans: true,
      threads: THREADS,
    })
  }

  #writeFolder(): string {
    return join(this.#options.stagingRoot, 'writing')
  }

  #spillFolder(): string {
    return join(this.#options.stagingRoot, 'spill')
  }
}
