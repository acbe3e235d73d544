/**
 * Blocks of lines through the SQL of a job, run by the real engine on a list of lines in place of a topic; lines that it
 * passes on are counted by the embedded engine, as `millrace serve` does.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { MillraceError } from '../../src/core/error.ts'
import type { SourcePlan } from '../../src/core/plan.ts'
import { rowStager } from '../../src/engines/duckdb/stage-rows.ts'
import { DuckdbStreamEngine } from '../../src/engines/duckdb/stream.ts'
import { GatewaySession } from '../../src/engines/flink/gateway.ts'
import { PartialRows } from '../../src/engines/flink/partial-rows.ts'
import { printRows, requireExact } from '../../src/engines/flink/print-job.ts'
import { layOut, rowColumns } from '../../src/engines/flink/row-layout.ts'
import { stageChunks } from '../../src/engines/flink/stage-chunks.ts'
import type { BatchEngine, BatchRequest, StagedSource } from '../../src/ports/batch-engine.ts'
import type { StoredBatch } from '../../src/ports/log.ts'
import { clusterAddress } from './cluster-addresses.ts'

/** Longer than all time, so that all lines are of one chunk. */
const CHUNK_MS = 10 ** 15
const ID = 'test'
/** Of the cluster's TaskManager. */
const SLOTS = 2
const LONGEST_BYTES = 4 * 65_536
const SETTINGS = {
  'execution.runtime-mode': 'streaming',
  'parallelism.default': '1',
  'table.local-time-zone': 'UTC',
}

interface Line {
  readonly offset: number
  readonly observedMs: number
  readonly raw: Buffer
  readonly context: string | null
}

/** How many lines Flink tallied, and how many it passed on. */
export const seen = { ours: 0, passed: 0, sources: 0, refused: 0 }

export class FlinkRowsEngine implements BatchEngine {
  readonly name = 'flink'
  readonly reads = 'paths'

  async compute(requests: readonly BatchRequest[]): Promise<StagedSource[]> {
    const staged: StagedSource[] = []
    const left = [...requests.entries()]
    const work = async () => {
      for (let next = left.shift(); next; next = left.shift()) staged[next[0]] = await computeOne(next[1])
    }
    await Promise.all(Array.from({ length: SLOTS }, work))
    return staged
  }

  async close(): Promise<void> {}
}

async function computeOne(request: BatchRequest): Promise<StagedSource> {
  const { plan, stagingDir } = request
  const lines = await readLines(request)
  // A statement cannot hold lines of megabytes.
  const short = lines.filter(({ raw }) => raw.length <= LONGEST_BYTES)
  const chunk =
    isRefused(plan) || short.length === 0
      ? undefined
      : await GatewaySession.use(clusterAddress('flink').gateway, SETTINGS, (session) =>
          tallyLines(session, plan, short),
        )
  const isOurs = ({ offset, raw }: Line) => chunk && raw.length <= LONGEST_BYTES && !chunk.passed.has(offset)
  const left = lines.filter((line) => !isOurs(line))
  seen.sources += 1
  seen.passed += left.length
  seen.ours += chunk?.ours(layOut(plan)) ?? 0
  if (chunk && !chunk.isWhole({ lines: short.length, firstRecord: 0, endRecord: lines.length }, plan))
    throw new Error(`rows of source ${plan.source} do not add up`)
  const besideDir = join(stagingDir, 'passed')
  mkdirSync(besideDir)
  const embedded = new DuckdbStreamEngine({ stagingRoot: stagingDir })
  const stager = rowStager(stagingDir, join(stagingDir, 'spill-rows'))
  try {
    const beside = await embedded.compute({
      ...{ plan, batches: left.map(batchOf), fromOffset: 0, endOffset: lines.length },
      ...{ lateness: new Map(), stagingDir: besideDir },
    })
    const parts = chunk ? [chunk] : []
    return await stageChunks({ plan, parts, beside, stagingDir, lines: lines.length }, stager.stage)
  } finally {
    await embedded.close()
    stager.close()
  }
}

/** No job would be started. */
function isRefused(plan: SourcePlan): boolean {
  try {
    requireExact(plan)
    return false
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'JOBS_CANNOT') throw error
    seen.refused += 1
    return true
  }
}

async function tallyLines(session: GatewaySession, plan: SourcePlan, lines: readonly Line[]) {
  // Of several rows the planner would make a task each.
  const text = lines
    .map(({ offset, observedMs, raw }) => `${offset}:${observedMs}:${raw.toString('hex')}`)
    .join()
  const part = (place: number) => `SPLIT_INDEX(item, ':', ${place})`
  const columns = [
    'CAST(0 AS INT) AS p',
    `CAST(${part(0)} AS BIGINT) AS r`,
    `TO_TIMESTAMP_LTZ(CAST(${part(1)} AS BIGINT), 3) AS observed`,
    `UNHEX(${part(2)}) AS line`,
  ]
  await session.run(
    `CREATE TEMPORARY VIEW topic AS SELECT ${columns.join(', ')}
      FROM (VALUES ('${text}')) AS v(items) CROSS JOIN UNNEST(SPLIT(items, ',')) AS u(item)`,
    'take lines',
  )
  await session.run(printRows({ plan, latenessMs: new Map(), chunkMs: CHUNK_MS }), 'plan rows')
  const names = rowColumns(layOut(plan))
  const found = await session.run(`SELECT ${names.join(', ')} FROM found`, `tally source ${plan.source}`)
  const partials = new PartialRows(ID)
  for (const fields of found.rows) {
    const row = Object.fromEntries(names.map((name, index) => [name, fields[index]]))
    partials.add(Buffer.from(JSON.stringify({ e: ID, ...row })))
  }
  return partials.chunk(0, 0)!
}

async function readLines({ blocks }: BatchRequest): Promise<Line[]> {
  if (blocks.length === 0) return []
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const files = blocks.map(({ location }) => `'${location.replaceAll("'", "''")}'`).join(', ')
  const reader = await connection.runAndReadAll(
    `SELECT "offset", observed_ms, hex(raw), context FROM read_parquet([${files}]) ORDER BY 1`,
  )
  const lines = reader.getRows().map(([offset, observedMs, hex, context]) => ({
    ...{ offset: Number(offset), observedMs: Number(observedMs) },
    raw: Buffer.from(String(hex), 'hex'),
    context: context === null ? null : String(context),
  }))
  connection.closeSync()
  instance.closeSync()
  return lines
}

function batchOf({ offset, observedMs, raw, context }: Line): StoredBatch {
  const bytes = Buffer.concat([raw, Buffer.from('\n')])
  const place = { firstOffset: offset, endOffset: offset + 1, observedMs }
  return { ...place, bytes, ...(context !== null && { context }) }
}
