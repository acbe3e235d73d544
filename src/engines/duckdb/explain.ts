/** The SQL of a batch run, statement by statement, for people to read. */
import { printParse } from '../../compile/parse-source.ts'
import { TallyPrinter } from '../../compile/print-tally.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { duckdbDialect } from './dialect.ts'
import { PARSED, recordColumns } from './record-columns.ts'

/** First the parse of one chunk of raw lines (`lines`), then each tally over its records. */
export function explainSource(plan: SourcePlan): Statement[] {
  const parse = { title: `parse ${plan.source}`, sql: printParse(plan, duckdbDialect, 'lines') }
  const tallies = plan.metrics.flatMap((metric) => {
    const printer = new TallyPrinter(duckdbDialect, metric, recordColumns(plan))
    return metric.tallies.map((tally) => ({
      title: `tally ${tally.id} of ${metric.metric}`,
      sql: printer.partials(tally, PARSED, { range: {} }),
    }))
  })
  return [parse, ...tallies]
}
