/**
 * Spark and Flink take seconds to plan a query, so CI runs some of the conformance cases and dialect probes on them, the
 * same each time; `npm run test:cluster:full` and the printed page have all of them.
 */
import { isWriting } from '../conformance/check-page.ts'

const EVERY = isWriting ? 1 : Number(process.env.MILLRACE_EVERY ?? 6)

/** Every sixth; all in a full run. */
export function sample<Item>(all: readonly Item[]): Item[] {
  return all.filter((_, place) => place % EVERY === 0)
}
