/** The stream engine's role: tally a few batches of a log as they come, with the plan and the rules of batch. */
import type { ClockRepair } from '../core/clock-repair.ts'
import type { LatenessSteps } from '../core/lateness.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { BlockLocation, StagedSource } from './batch-engine.ts'
import type { StoredBatch } from './log.ts'

export interface StreamRequest {
  readonly plan: SourcePlan
  /** Each begins where the one before it ends; the first may begin below `fromOffset`, which is then passed over. */
  readonly batches: readonly StoredBatch[]
  /** In place of batches, the block of the archive that holds the lines, at a path of this machine. */
  readonly block?: BlockLocation
  /** Of the block: the observed times of some lines are other ones than it says. */
  readonly clockRepairs?: readonly ClockRepair[]
  readonly fromOffset: number
  /** The offset after the last line to compute. */
  readonly endOffset: number
  /** By metric, for how long after its end a window takes records: a single step, since a change begins a request. */
  readonly lateness: ReadonlyMap<string, LatenessSteps>
  /** An empty local folder that is to hold the staged files; the caller removes it. */
  readonly stagingDir: string
}

export type ReachRequest = Pick<StreamRequest, 'plan' | 'fromOffset' | 'lateness'>

export interface Reach {
  readonly endOffset: number
  /** When the first of the lines was observed. */
  readonly observedMs: number
  /** The engine was meant to have these lines from elsewhere, and counts them itself. */
  readonly isTakenOver?: boolean
}

export interface StreamEngine {
  readonly name: string
  /**
   * How far it could compute at this moment, of an engine that gets lines itself and wants no batches: undefined when
   * there is nothing new that it could.
   */
  reach?(request: ReachRequest): Promise<Reach | undefined>
  /** What a batch engine would stage of these lines, with late records told apart. */
  compute(request: StreamRequest): Promise<StagedSource>
  close(): Promise<void>
}
