/** Totals that hold lines which were lost after they were counted: no run may count their windows again without a word. */
import type { Manifest } from '../core/block.ts'
import { MillraceError } from '../core/error.ts'
import { countLost } from '../core/lost-lines.ts'
import type { SourcePlan } from '../core/plan.ts'
import type { StreamState } from '../ports/report.ts'

/** Undefined where the archive can give all that the report has counted. */
export function heldLost(
  { source, metrics }: SourcePlan,
  state: StreamState | undefined,
  manifest: Manifest | undefined,
): MillraceError | undefined {
  for (const { metric, version, startOffset, endOffset, ledger } of state?.metrics ?? []) {
    if (!metrics.some((plan) => plan.metric === metric && plan.version === version)) continue
    const lost = countLost(manifest?.lost, { fromOffset: startOffset, endOffset })
    const lines = lost - (ledger.lost ?? 0)
    if (lines > 0) return new MillraceError('REPORT_HOLDS_LOST', { source, metric, lines })
  }
  return undefined
}
