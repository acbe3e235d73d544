/** The SQL of an application, statement by statement, for people to read. */
import type { SourcePlan } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { sparkDialect } from './dialect.ts'
import { sourceStatements } from './source-statements.ts'

/** First what reads the raw lines (`lines`), then each tally. */
export function explainSource(plan: SourcePlan): Statement[] {
  const { make, partials } = sourceStatements({ plan, range: {} }, sparkDialect, 'parsed', 'lines')
  const parse = make.map(({ sql }) => ({ title: `parse ${plan.source}`, sql }))
  const tallies = plan.metrics.flatMap(({ metric, tallies: own }, index) =>
    own.map((tally) => ({ title: `tally ${tally.id} of ${metric}`, sql: partials(index, tally) })),
  )
  return [...parse, ...tallies]
}
