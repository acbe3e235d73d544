/** Partials that came as rows of text are staged as files, as if an engine had written them. */
import type { SourcePlan } from '../core/plan.ts'
import type { StagedSource } from './batch-engine.ts'

/** `d` are the dimensions' values, `v` those of the tally's columns; exact numbers by their digits, `key` where the tally has one. */
export interface TallyRow {
  readonly windowMs: number
  readonly d: readonly (string | null)[]
  readonly key?: number
  readonly v: readonly (string | null)[]
}

export interface RowStaging {
  readonly plan: SourcePlan
  /** By place of the metric, then of the tally in its plan. Groups may recur. */
  readonly rows: readonly (readonly (readonly TallyRow[])[])[]
  /** Partials of other lines, which are merged with the rows. */
  readonly beside: StagedSource
  /** An empty local folder; the caller removes it. */
  readonly stagingDir: string
}

/** The files of each metric's tallies, one row for each group. */
export type StageRows = (staging: RowStaging) => Promise<StagedSource['metrics'][number]['tallies'][]>
