/** `millrace query --as-of`: the same answer from totals that are computed for it, of the lines that were known at a time. */
import { buildPlans } from '../compile/build-plan.ts'
import type { Definition } from '../core/definition.ts'
import { formatInstant } from '../core/timestamp.ts'
import type { QueryAnswer, QueryRequest } from '../run/query-metric.ts'
import type { KnownLines } from '../run/report-as-of.ts'
import { say } from './output.ts'
import { recomputing } from './recompute.ts'
import { sha256 } from './sha256.ts'
import { countOf, formatCount } from './text-table.ts'
import type { Workspace } from './workspace.ts'

export interface AsOf {
  readonly observedBeforeMs: number
  /** That of the definition when absent. */
  readonly engine: string | undefined
}

/** Says on stderr what was counted. */
export async function queryAsOf(
  workspace: Workspace,
  definition: Definition,
  request: QueryRequest,
  { observedBeforeMs, engine }: AsOf,
): Promise<QueryAnswer> {
  const { queryMetric } = await import('../run/query-metric.ts')
  const { reportAsOf } = await import('../run/report-as-of.ts')
  const { metric, range } = request
  let counted: readonly KnownLines[] = []
  const answer = await recomputing(workspace, definition, engine, async (roles) => {
    const plans = buildPlans(definition, sha256, [metric])
    // Computed only for a request that is sound.
    const openReport = async () => {
      const { report, known } = await reportAsOf({ ...roles, plans, range, observedBeforeMs })
      counted = known
      return report
    }
    return queryMetric({ definition, digest: sha256, openReport }, request)
  })
  for (const one of counted) say(describe(one, observedBeforeMs))
  return { ...answer, warnings: [...warnAhead(observedBeforeMs), ...answer.warnings] }
}

function describe({ source, lines, archived }: KnownLines, observedBeforeMs: number): string {
  const time = formatInstant(observedBeforeMs)
  const all = `${countOf(archived, 'line')} of ${source}`
  return `As known at ${time}: of ${all} ${formatCount(lines)} had been observed. All of them count, late ones too, as in a batch run at that time.`
}

function warnAhead(observedBeforeMs: number): string[] {
  if (observedBeforeMs <= Date.now()) return []
  return [`${formatInstant(observedBeforeMs)} lies ahead: lines that are still to come are not counted.`]
}
