/** What is recorded of a batch run, and the ledger that must balance before a run may publish. */

import type { HeldSource } from './held-source.ts'

/** appended = counted + filtered + late + rejected + outside + lost; `appended` is counted by archive or log, the rest by the engine. */
export interface Ledger {
  readonly source: string
  /** Absent in the source's own line, where `counted` are the records that parsed with a valid time. */
  readonly metric?: string
  readonly appended: number
  readonly counted: number
  readonly filtered: number
  /** Absent where late records count. */
  readonly late?: number
  readonly rejected: number
  /** Records of windows that were not asked for; absent where all were. */
  readonly outside?: number
  /** Offsets whose lines are gone for good; absent where none is. */
  readonly lost?: number
}

/** Event-time range `[fromMs, toMs)` on window starts; an absent end is open. */
export interface TimeRange {
  readonly fromMs?: number
  readonly toMs?: number
}

export interface RunRecord {
  readonly revision: number
  readonly startedMs: number
  readonly finishedMs: number
  readonly range: TimeRange
  readonly engine: string
  /** SHA-256 over the plans that ran, hex. */
  readonly fingerprint: string
  readonly sources: readonly {
    readonly source: string
    /** The cut: every offset below it was read. */
    readonly cut: number
    readonly incarnation: string
    readonly blocks: number
    readonly linesRead: number
    /** Offsets below the cut whose lines are lost; absent where none is. */
    readonly lost?: number
    readonly rejected: number
    readonly computeMs: number
  }[]
  readonly metrics: readonly {
    readonly metric: string
    readonly version: string
    readonly rows: number
    /** Where it is another one than that of the run. */
    readonly range?: TimeRange
  }[]
  /** Sources that were left as they were, and why; absent where there is none. */
  readonly held?: readonly HeldSource[]
  readonly publishMs: number
  readonly ledger: readonly Ledger[]
}
