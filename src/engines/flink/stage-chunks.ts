/** Whole chunks of a job, and what the embedded engine has of the lines that were passed on, as one staged source. */
import type { SourcePlan } from '../../core/plan.ts'
import type { StagedSource } from '../../ports/batch-engine.ts'
import type { StageRows } from '../../ports/stage-rows.ts'
import { type Chunk, stagedRow } from './partial-rows.ts'
import { tallyTag } from './row-layout.ts'

export interface ChunkStaging {
  readonly plan: SourcePlan
  /** Each of one partition. */
  readonly parts: readonly Chunk[]
  readonly beside: StagedSource
  readonly stagingDir: string
  /** Of all chunks. */
  readonly lines: number
}

export async function stageChunks(staging: ChunkStaging, stageRows: StageRows): Promise<StagedSource> {
  const { plan, parts, beside, stagingDir, lines } = staging
  const rows = plan.metrics.map(({ tallies }, place) =>
    tallies.map((tally) =>
      parts.flatMap((part) => part.rowsOf(tallyTag(place, tally.id))).map((row) => stagedRow(row, tally)),
    ),
  )
  const files = await stageRows({ plan, rows, beside, stagingDir })
  const ours = sum(parts, (part) => part.ours)
  const metrics = beside.metrics.map((metric, place) => {
    const base = plan.metrics[place]!.tallies.find(({ key }) => !key)!
    const counted = sum(parts, (part) => part.recordsOf(tallyTag(place, base.id)))
    const filtered = metric.filtered + ours - counted
    return { ...metric, counted: metric.counted + counted, filtered, tallies: files[place]! }
  })
  return { ...beside, linesRead: lines, parsed: beside.parsed + ours, metrics }
}

function sum(parts: readonly Chunk[], value: (part: Chunk) => number): number {
  return parts.reduce((total, part) => total + value(part), 0)
}
