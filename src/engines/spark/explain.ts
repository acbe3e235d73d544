/** The SQL of an application, statement by statement, for people to read. */
import { printParse } from '../../compile/parse-source.ts'
import { TallyPrinter } from '../../compile/print-tally.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { sparkDialect } from './dialect.ts'
import { recordColumns } from './job.ts'

/** First the parse of raw lines (`lines`), then each tally over its records. */
export function explainSource(plan: SourcePlan): Statement[] {
  const parse = { title: `parse ${plan.source}`, sql: printParse(plan, sparkDialect, 'lines') }
  const tallies = plan.metrics.flatMap((metric) => {
    const printer = new TallyPrinter(sparkDialect, metric, recordColumns(plan))
    return metric.tallies.map((tally) => ({
      title: `tally ${tally.id} of ${metric.metric}`,
      sql: printer.partials(tally, 'parsed', { range: {} }),
    }))
  })
  return [parse, ...tallies]
}
