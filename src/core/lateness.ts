/** For how long after its end a window takes records, by the offset of the record: the definition may change it. */

/** What lines from an offset on are judged by. */
export interface LatenessStep {
  readonly fromOffset: number
  readonly latenessMs: number
  /** Windows that start before this were final when the step began, and stay so though the allowance has grown. */
  readonly finalBeforeMs?: number
}

/** Of one metric, in order of offset. The first step also holds below its offset. */
export type LatenessSteps = readonly LatenessStep[]

/** The same allowance for every line, by metric. */
export function constantLateness(
  latenessMs: ReadonlyMap<string, number>,
): ReadonlyMap<string, LatenessSteps> {
  return new Map([...latenessMs].map(([metric, ms]) => [metric, [{ fromOffset: 0, latenessMs: ms }]]))
}
