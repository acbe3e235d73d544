/**
 * Spark and Flink take seconds to plan a query, so a run has some of the conformance cases and dialect probes on them, by
 * turns: three commits run all. `npm run test:cluster:full` and the printed page have all of them.
 */
import { isWriting } from '../conformance/check-page.ts'
import { shareOf } from '../turn.ts'

const TURNS = 3

/** A third, which it prints; all in a full run. */
export function sample<Item>(what: string, all: readonly Item[]): readonly Item[] {
  return isWriting ? all : shareOf(what, all, TURNS)
}
