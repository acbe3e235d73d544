/** The batch engine's role: read every block, compute every tally of a source in one parse, stage the partials. */
import type { ClockRepair } from '../core/clock-repair.ts'
import type { LatenessSteps } from '../core/lateness.ts'
import type { MetricRanges, PublishedRange } from '../core/metric-ranges.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { SharedFolder } from './archive.ts'

/** A block that was checked: where the engine finds it, its name and the lines it holds. */
export interface BlockLocation {
  /** A local path, or a URI for an engine that reads those. */
  readonly location: string
  readonly name: string
  readonly firstOffset: number
  readonly lines: number
  readonly rawBytes: number
}

export interface BatchRequest extends MetricRanges {
  readonly plan: SourcePlan
  /** In offset order. */
  readonly blocks: readonly BlockLocation[]
  /** An empty local folder that is to hold the staged files; the caller removes it. */
  readonly stagingDir: string
  /** By metric: records observed so long after their window's end are late and do not count. All count when absent. */
  readonly lateness?: ReadonlyMap<string, LatenessSteps>
  /** By metric: in these windows records count below the cut, late or not; the first range that holds a window decides. */
  readonly published?: ReadonlyMap<string, readonly PublishedRange[]>
  /** Of the source: the observed times of some lines are other ones than their blocks say. */
  readonly clockRepairs?: readonly ClockRepair[]
  /** By metric: records at this offset or later are late. */
  readonly ends?: ReadonlyMap<string, number>
  /** Lines observed at this time or later are passed over, as if they had not come yet. */
  readonly observedBeforeMs?: number
  /** Lines of the blocks below the first and from the second on are not read. */
  readonly fromOffset?: number
  readonly endOffset?: number
  /** Given to engines that read URIs: where their machines may write what is staged. The caller removes it. */
  readonly shared?: SharedFolder
}

export interface BatchOptions {
  onProgress?(progress: { source: string; linesRead: number }): void
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
  /** Of a stream engine, where it rejected any: the lines, whoever cannot use them, and of these those of each reason. */
  readonly rejects?: RejectCounts
  /** Time spent on this source alone; absent where the engine computes sources side by side. */
  readonly computeMs?: number
  readonly metrics: readonly {
    readonly metric: string
    readonly counted: number
    /** Where not true, or a header line. */
    readonly filtered: number
    /** Records of windows outside the range; absent where there is none. */
    readonly outside?: number
    readonly rejected: number
    /** Records that would have counted but for their lateness, by the start of their window. */
    readonly late?: readonly { readonly windowMs: number; readonly lines: number }[]
    readonly tallies: readonly { readonly id: string; readonly path: string }[]
  }[]
}

export interface RejectCounts {
  readonly lines: number
  readonly reasons: readonly { readonly reason: string; readonly lines: number }[]
}

/** What the machines of an engine do, by the account of whoever gives them out. */
export interface ClusterState {
  /** Those that can take work. */
  readonly workers: number
  readonly cores: number
  readonly freeCores: number
  readonly memoryBytes: number
  readonly freeMemoryBytes: number
  /** Of Millrace, whoever started them. */
  readonly applications: readonly {
    readonly name: string
    readonly state: 'running' | 'waiting'
    readonly cores: number
    readonly startedMs: number
  }[]
  readonly otherApplications: number
}

export interface BatchEngine {
  readonly name: string
  /** How the engine's machines get at blocks: local paths of this machine, or URIs that they open themselves. */
  readonly reads: 'paths' | 'uris'
  /** One result per request, in the same order; all of them in one start of the engine. */
  compute(requests: readonly BatchRequest[], options?: BatchOptions): Promise<StagedSource[]>
  /** Of an engine on other machines; undefined where nobody gives an account of them. Asks nothing else to be installed. */
  state?(): Promise<ClusterState | undefined>
  close(): Promise<void>
}

/** One statement that an engine runs, as shown by `explain`. */
export interface Statement {
  readonly title: string
  readonly sql: string
}
