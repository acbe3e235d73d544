/** Whether a source's job counts as the report judges its next lines, and from which chunk on. */
import { greatestOf } from '../../core/extremes.ts'
import type { LatenessSteps } from '../../core/lateness.ts'
import type { ReachRequest } from '../../ports/stream-engine.ts'
import type { FlinkDeployment } from './deployment.ts'
import { meaningOf } from './print-job.ts'

/** Undefined where the job is of another meaning, another allowance included. */
export function ownDeployment(
  found: FlinkDeployment,
  { plan, lateness }: Pick<ReachRequest, 'plan' | 'lateness'>,
): FlinkDeployment | undefined {
  const { jobId, meaning, chunkMs } = found
  const latenessMs = new Map([...lateness].map(([metric, steps]) => [metric, steps.at(-1)!.latenessMs]))
  if (!jobId || meaning !== meaningOf({ plan, latenessMs, chunkMs })) return undefined
  const sinceChunk = Math.max(found.sinceChunk, Math.ceil(judgesAloneFrom(lateness) / chunkMs))
  return { ...found, sinceChunk }
}

/**
 * The observed time from which the allowance alone decides what is late, as it does in a job. Before it, where the
 * allowance has grown, it would take records of windows that were final already.
 */
function judgesAloneFrom(lateness: ReadonlyMap<string, LatenessSteps>): number {
  const times = [...lateness.values()].map((steps) => {
    const { finalBeforeMs, latenessMs } = steps.at(-1)!
    return finalBeforeMs === undefined ? 0 : finalBeforeMs + latenessMs
  })
  return greatestOf([0, ...times])
}
