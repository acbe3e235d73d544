/** The micro-batches of one source, one after another, by statements that were planned for the first of them. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import type { BatchLines } from '../../archive/batch-lines.ts'
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { StreamRequest } from '../../ports/stream-engine.ts'
import { BlockLines } from './block-lines.ts'
import { ChunkParser } from './chunk-parser.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED } from './parsed-table.ts'
import { PreparedStatements } from './prepared-statements.ts'
import { type RecordCounts, RecordQueries } from './record-queries.ts'
import { REJECT_COUNTS, REJECTS_FILE, RejectTable, readRejectCounts } from './reject-table.ts'
import { type StagedMetric, stagedName, stageMetric } from './staged-metric.ts'

export type SessionRequest = Pick<StreamRequest, 'plan' | 'lateness'>

export class StreamSession {
  readonly #connection: DuckDBConnection
  readonly #statements: PreparedStatements
  readonly #plan: SourcePlan
  readonly #folder: string
  readonly #queries: RecordQueries
  readonly #rejects: RejectTable

  private constructor(connection: DuckDBConnection, { plan, lateness }: SessionRequest, folder: string) {
    this.#connection = connection
    this.#statements = new PreparedStatements(connection)
    this.#plan = plan
    this.#folder = folder
    // Lines are not in a block yet: their rejects stand under no name.
    const nowhere = { name: '', location: '', firstOffset: 0, lines: 0, rawBytes: 0 }
    this.#queries = new RecordQueries({ plan, range: {}, lateness })
    this.#rejects = new RejectTable(this.#statements, { plan, blocks: [nowhere], stagingDir: folder })
  }

  /** Takes over the connection. Files are written to `folder` first, since a planned statement keeps its path. */
  static async open(
    connection: DuckDBConnection,
    request: SessionRequest,
    folder: string,
  ): Promise<StreamSession> {
    const session = new StreamSession(connection, request, folder)
    const none = `(SELECT 0::BIGINT AS "offset", 0::BIGINT AS observed_ms, NULL::VARCHAR AS context, ''::BLOB AS raw)`
    const records = session.#queries.records(duckdbDialect, none)
    await connection.run(`CREATE TEMP TABLE ${PARSED} AS ${records} LIMIT 0`)
    await session.#rejects.prepare()
    return session
  }

  async compute(lines: BatchLines | BlockLines, stagingDir: string): Promise<StagedSource> {
    await this.#statements.run(`TRUNCATE ${PARSED}`)
    await new ChunkParser(this.#plan).parse((dialect) => this.#fill(dialect, lines))
    const counts = this.#queries.readCounts(await this.#statements.numbers(this.#queries.counts()))
    const metrics: StagedMetric[] = []
    for (const place of this.#plan.metrics.keys()) metrics.push(await this.#stage(place, counts, stagingDir))
    return {
      source: this.#plan.source,
      linesRead: counts.lines,
      parsed: counts.parsed,
      headers: counts.headers,
      rejected: counts.rejected,
      ...(await this.#stageRejects(counts, stagingDir)),
      metrics,
    }
  }

  close(): void {
    this.#statements.release()
    // Temporary tables go with it.
    this.#connection.closeSync()
  }

  /** Lines are parsed as they are split: to keep them between the two costs as much as a third of the parsing. */
  async #fill(dialect: EngineDialect, lines: BatchLines | BlockLines): Promise<void> {
    const sql = `INSERT INTO ${PARSED} ${this.#queries.records(dialect, lines.relation())}`
    // Each part of a block is read by a statement of its own.
    if (lines instanceof BlockLines) await this.#connection.run(sql)
    else await this.#statements.run(sql, (statement) => lines.bind(statement))
  }

  async #stage(place: number, source: RecordCounts, stagingDir: string): Promise<StagedMetric> {
    const plan = this.#plan.metrics[place]!
    const tallies: { id: string; path: string }[] = []
    for (const tally of plan.tallies) {
      const name = stagedName(place, tally)
      const rows = this.#queries.staged(place, tally, this.#queries.partials(place, tally))
      const file = duckdbDialect.quoteText(join(this.#folder, name))
      await this.#statements.run(`COPY (${rows}) TO ${file} (FORMAT parquet)`)
      tallies.push({ id: tally.id, path: await this.#handOver(name, stagingDir) })
    }
    const counts = source.metrics[place]!
    const late = new Map<number, number>()
    if (counts.late > 0)
      for (const [windowMs, lines] of await this.#statements.rows(this.#queries.late(place)))
        late.set(Number(windowMs), Number(lines))
    return stageMetric(
      { plan, counts, late: this.#queries.isTimed(place) ? late : undefined },
      source,
      tallies,
    )
  }

  async #stageRejects({ rejected, metrics }: RecordCounts, stagingDir: string) {
    const places = [...metrics.keys()].filter((place) => metrics[place]!.rejected > 0)
    for (const place of places) await this.#rejects.addMetric(place)
    if (rejected > 0) await this.#rejects.addSource()
    await this.#rejects.stage()
    const hasAny = rejected > 0 || places.length > 0
    const rejects = hasAny && readRejectCounts(await this.#statements.rows(REJECT_COUNTS))
    if (hasAny) await this.#rejects.clear()
    return { rejectsPath: await this.#handOver(REJECTS_FILE, stagingDir), ...(rejects && { rejects }) }
  }

  async #handOver(name: string, stagingDir: string): Promise<string> {
    const path = join(stagingDir, name)
    await rename(join(this.#folder, name), path)
    return path
  }
}
