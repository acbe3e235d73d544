/** The SQL of a batch run, statement by statement, for people to read. */
import type { SourcePlan } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { RecordQueries } from './record-queries.ts'

/** First the parse of one chunk of raw lines (`lines`), then each tally over its records. */
export function explainSource(plan: SourcePlan): Statement[] {
  const queries = new RecordQueries({ plan, range: {} })
  const parse = { title: `parse ${plan.source}`, sql: queries.records(duckdbDialect, 'lines') }
  const tallies = plan.metrics.flatMap(({ metric, tallies }, place) =>
    tallies.map((tally) => ({
      title: `tally ${tally.id} of ${metric}`,
      sql: queries.partials(place, tally),
    })),
  )
  return [parse, ...tallies]
}
