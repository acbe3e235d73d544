/** The batch engine's role: read every block, compute every tally of a source in one parse, stage the partials. */
import type { SourcePlan } from '../core/plan.ts'
import type { TimeRange } from '../core/run-record.ts'

export interface BatchRequest {
  readonly plan: SourcePlan
  /** Verified local paths in offset order, with the block's name and number of lines. */
  readonly blocks: readonly {
    readonly path: string
    readonly name: string
    readonly lines: number
    readonly rawBytes: number
  }[]
  readonly range: TimeRange
  /** An empty folder that the engine may fill; the caller removes it. */
  readonly stagingDir: string
  onProgress?(progress: { linesRead: number }): void
  readonly signal?: AbortSignal
}

/**
 * Staged partials. Each tally is a Parquet file with the columns
 * `window_ms` BIGINT, `series_key` VARCHAR (32 hex digits), `d0`…`dn` (dimension values in plan order),
 * `key` BIGINT (keyed tallies only), then the tally's columns: counts BIGINT; sum, min, max of exact values
 * DECIMAL(38,0) as scaled integers, of floats DOUBLE. One row per group.
 *
 * `rejectsPath` is a Parquet file: `block` VARCHAR, `offset` BIGINT, `metric` VARCHAR (null when the record is
 * rejected for the whole source), `reason` VARCHAR, `field` VARCHAR (null unless a field is at fault).
 */
export interface StagedSource {
  readonly source: string
  readonly linesRead: number
  /** Lines that parsed with a valid time / header lines / rejected lines; their sum is linesRead. */
  readonly parsed: number
  readonly headers: number
  readonly rejected: number
  readonly rejectsPath: string
  readonly metrics: readonly {
    readonly metric: string
    readonly counted: number
    /** Where not true, window outside the range, or a header line. */
    readonly filtered: number
    readonly rejected: number
    readonly tallies: readonly { readonly id: string; readonly path: string }[]
  }[]
}

export interface BatchEngine {
  readonly name: string
  compute(request: BatchRequest): Promise<StagedSource>
  close(): Promise<void>
}

/** One statement that an engine runs, as shown by `explain`. */
export interface Statement {
  readonly title: string
  readonly sql: string
}
