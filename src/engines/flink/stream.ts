/** The stream engine that takes what a job of Flink has tallied, chunk by chunk, and counts the rest itself. See ADR 0013. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { appendAll } from '../../core/append-all.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { Log, StoredBatch } from '../../ports/log.ts'
import type { StageRows } from '../../ports/stage-rows.ts'
import type { Reach, ReachRequest, StreamEngine, StreamRequest } from '../../ports/stream-engine.ts'
import type { Deployments, FlinkDeployment } from './deployment.ts'
import { ownDeployment } from './own-deployment.ts'
import { PartialRows } from './partial-rows.ts'
import { linesBetween, linesOfRecords } from './passed-lines.ts'
import { closedChunks, expectedByPartition, hasLineARecord, type SourceChunk } from './read-chunks.ts'
import { stageChunks } from './stage-chunks.ts'

/** Reads the job's rows until told to stop. */
export type ReadRows = (
  topic: string,
  sinceMs: number,
  onValues: (values: readonly Buffer[]) => Promise<void>,
  signal: AbortSignal,
) => Promise<void>

export interface FlinkStreamOptions {
  readonly log: Log
  /** Counts lines that the job passes on, and those of chunks that do not balance. */
  readonly embedded: StreamEngine
  readonly deployments: Deployments
  readonly readRows: ReadRows
  readonly stageRows: StageRows
  /** Where there is no job. */
  readonly chunkMs: number
  /** For how long after its end a chunk may wait for the job. */
  readonly patienceMs: number
  onTakenOver(source: string, lines: number): void
  /** The topic holds so many values that no job wrote. */
  onStrangeRows(source: string, rows: number): void
  close(): void
}

/** Brokers' and doors' clocks differ by less: rows of a chunk are written after it began. */
const CLOCK_SLACK_MS = 60_000
const LOOK_MS = 1000
/**
 * Rows of so many bytes are held; those that follow are read once chunks were added. Where a chunk alone has more, or
 * what it lacks comes after them, it is counted from the log, as any that does not balance in time.
 */
const MOST_ROW_BYTES = 64 * 1024 * 1024
const FULL_PAUSE_MS = 50

/** What a source's rows are read by, and what it was told last. */
interface Reading {
  readonly rows: PartialRows
  readonly stop: AbortController
}

interface Looked {
  readonly atMs: number
  /** What the definition said then. */
  readonly plan: SourcePlan
  readonly lateness: ReachRequest['lateness']
  readonly deployment: FlinkDeployment | undefined
}

export class FlinkStreamEngine implements StreamEngine {
  readonly name = 'flink'
  readonly #options: FlinkStreamOptions
  readonly #readings = new Map<string, Reading>()
  readonly #looked = new Map<string, Looked>()
  /** By source: the chunks that the job has whole, up to the end of a reach. */
  readonly #whole = new Map<string, readonly SourceChunk[]>()

  /** Sources whose job is not counting in time. */
  readonly #behind = new Set<string>()

  constructor(options: FlinkStreamOptions) {
    this.#options = options
  }

  async reach({ plan, fromOffset, lateness }: ReachRequest): Promise<Reach | undefined> {
    const { source } = plan
    const deployment = await this.#deployment({ plan, lateness })
    const chunkMs = deployment?.chunkMs ?? this.#options.chunkMs
    const { clockMs } = this.#options.log.end(source)
    const chunks = closedChunks(this.#options.log, source, fromOffset, chunkMs)
    const whole = deployment ? this.#wholeChunks(plan, deployment, chunks) : []
    this.#whole.set(source, whole)
    const reached = whole.length > 0 ? whole : this.#ownChunks(deployment, chunks, { chunkMs, clockMs })
    const last = reached.at(-1)
    if (!last) return undefined
    const isTakenOver =
      whole.length === 0 && last.number >= (deployment?.sinceChunk ?? Number.POSITIVE_INFINITY)
    this.#tell(source, isTakenOver, last.endOffset - fromOffset)
    return { endOffset: last.endOffset, observedMs: reached[0]!.observedMs, isTakenOver }
  }

  /** Once, until the job counts again. */
  #tell(source: string, isTakenOver: boolean, lines: number): void {
    if (isTakenOver && !this.#behind.has(source)) this.#options.onTakenOver(source, lines)
    if (isTakenOver) this.#behind.add(source)
    else this.#behind.delete(source)
  }

  async compute(request: StreamRequest): Promise<StagedSource> {
    const { plan, batches, block, fromOffset, endOffset } = request
    // Such lines come before those that a job counts.
    if (block || batches.length > 0) return this.#options.embedded.compute(request)
    const whole = this.#whole.get(plan.source) ?? []
    const isWhole = whole.at(-1)?.endOffset === endOffset && endOffset > fromOffset
    if (isWhole) return this.#stage(request, whole)
    const { log, embedded } = this.#options
    return embedded.compute({
      ...request,
      batches: await linesBetween(log, plan.source, fromOffset, endOffset),
    })
  }

  async close(): Promise<void> {
    for (const { stop } of this.#readings.values()) stop.abort()
    await this.#options.embedded.close()
    this.#options.close()
  }

  /** Undefined where no job counts what the definition says now. */
  async #deployment({ plan, lateness }: Pick<ReachRequest, 'plan' | 'lateness'>) {
    const { source } = plan
    const known = this.#looked.get(source)
    const isSame = known?.plan === plan && known.lateness === lateness
    if (isSame && Date.now() - known.atMs < LOOK_MS) return known.deployment
    const found = await this.#options.deployments.read(source)
    const deployment = found && ownDeployment(found, { plan, lateness })
    this.#looked.set(source, { atMs: Date.now(), plan, lateness, deployment })
    return deployment
  }

  /** From the first on, as many as balance. */
  #wholeChunks(plan: SourcePlan, deployment: FlinkDeployment, chunks: readonly SourceChunk[]): SourceChunk[] {
    const [first] = chunks
    if (!first) return []
    const rows = this.#rowsOf(plan.source, deployment, first)
    rows.drop(first.number)
    const isWhole = (chunk: SourceChunk) =>
      chunk.number >= deployment.sinceChunk &&
      [...expectedByPartition(chunk)].every(([partition, expected]) => {
        const part = rows.chunk(partition, chunk.number)
        return part?.isWhole(expected, plan) && (part.passed.size === 0 || hasLineARecord(chunk))
      })
    const end = chunks.findIndex((chunk) => !isWhole(chunk))
    return chunks.slice(0, end < 0 ? chunks.length : end)
  }

  /** What the embedded engine is to count now: everything without a job, and what was before it; else what waited long. */
  #ownChunks(
    deployment: FlinkDeployment | undefined,
    chunks: readonly SourceChunk[],
    { chunkMs, clockMs }: { readonly chunkMs: number; readonly clockMs: number },
  ): readonly SourceChunk[] {
    if (!deployment) return chunks
    // Chunks are of the log's clock, which may be ahead of ours.
    const latestEnd = Math.max(Date.now(), clockMs) - this.#options.patienceMs
    const isOwn = ({ number }: SourceChunk) =>
      number < deployment.sinceChunk || (number + 1) * chunkMs <= latestEnd
    const end = chunks.findIndex((chunk) => !isOwn(chunk))
    return chunks.slice(0, end < 0 ? chunks.length : end)
  }

  #rowsOf(source: string, { id, partialsTopic, chunkMs }: FlinkDeployment, first: SourceChunk): PartialRows {
    const known = this.#readings.get(source)
    if (known?.rows.id === id) return known.rows
    known?.stop.abort()
    const reading = { rows: new PartialRows(id), stop: new AbortController() }
    this.#readings.set(source, reading)
    const sinceMs = first.number * chunkMs - CLOCK_SLACK_MS
    const { signal } = reading.stop
    void this.#options.readRows(
      partialsTopic,
      sinceMs,
      (values) => this.#take(source, reading, values),
      signal,
    )
    return reading.rows
  }

  async #take(source: string, { rows, stop }: Reading, values: readonly Buffer[]): Promise<void> {
    const known = rows.strange
    for (const value of values) rows.add(value)
    // Seldom, however many there are.
    if (rows.strange > known && rows.strange >= 2 * known) this.#options.onStrangeRows(source, rows.strange)
    while (rows.bytes > MOST_ROW_BYTES && !stop.signal.aborted) await sleep(FULL_PAUSE_MS)
  }

  async #passedLines(source: string, chunks: readonly SourceChunk[]): Promise<StoredBatch[]> {
    const { rows } = this.#readings.get(source)!
    const batches: StoredBatch[] = []
    for (const { number, runs } of chunks) {
      const isPassed = (partition: number, record: number) =>
        rows.chunk(partition, number)!.passed.has(record)
      appendAll(batches, await linesOfRecords(this.#options.log, source, runs, isPassed))
    }
    return batches
  }

  async #stage(request: StreamRequest, chunks: readonly SourceChunk[]): Promise<StagedSource> {
    const { plan, fromOffset, endOffset, stagingDir } = request
    const { embedded, stageRows } = this.#options
    const { rows } = this.#readings.get(plan.source)!
    const parts = chunks.flatMap((chunk) =>
      [...expectedByPartition(chunk).keys()].map((partition) => rows.chunk(partition, chunk.number)!),
    )
    const batches = await this.#passedLines(plan.source, chunks)
    const besideDir = join(stagingDir, 'passed')
    await mkdir(besideDir)
    const beside = await embedded.compute({ ...request, batches, stagingDir: besideDir })
    return stageChunks({ plan, parts, beside, stagingDir, lines: endOffset - fromOffset }, stageRows)
  }
}
