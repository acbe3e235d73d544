/** The SQL of an application, statement by statement, for people to read. */
import { TallyPrinter } from '../../compile/print-tally.ts'
import type { SourcePlan } from '../../core/plan.ts'
import type { Statement } from '../../ports/batch-engine.ts'
import { sparkDialect } from './dialect.ts'
import { recordColumns } from './job.ts'
import { parseStatements } from './parse-statements.ts'

/** First the parse of raw lines (`lines`) into the table `parsed`, then each tally over its records. */
export function explainSource(plan: SourcePlan): Statement[] {
  const { make } = parseStatements(plan, sparkDialect, 'parsed', 'lines')
  const parse = make.map((sql) => ({ title: `parse ${plan.source}`, sql }))
  const tallies = plan.metrics.flatMap((metric) => {
    const printer = new TallyPrinter(sparkDialect, metric, recordColumns(plan))
    return metric.tallies.map((tally) => ({
      title: `tally ${tally.id} of ${metric.metric}`,
      sql: printer.partials(tally, 'parsed', { range: {} }),
    }))
  })
  return [...parse, ...tallies]
}
