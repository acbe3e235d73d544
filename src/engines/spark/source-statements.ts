/** How a source is read: in groups at once where it has one tally, else into a table of records that each tally reads. */
import type { EngineDialect } from '../../compile/format/parse-dialect.ts'
import { filterOf, TallyPrinter } from '../../compile/print-tally.ts'
import { recordColumns } from '../../compile/record-columns.ts'
import type { Tally } from '../../core/plan.ts'
import type { BatchRequest } from '../../ports/batch-engine.ts'
import { type GroupStatements, groupStatements } from './group-statements.ts'
import { type ParseStatements, parseStatements } from './parse-statements.ts'

export interface SourceStatements extends ParseStatements {
  /** Lines that are in no table of records. */
  readonly grouped?: GroupStatements['grouped']
  /** A query of all partials of a tally, of the metric at a place of the plan. */
  partials(metric: number, tally: Tally): string
}

export type SourceRequest = Pick<
  BatchRequest,
  'plan' | 'range' | 'ranges' | 'lateness' | 'published' | 'ends'
>

/** `table` gets the records that are not in groups. */
export function sourceStatements(
  request: SourceRequest,
  dialect: EngineDialect,
  table: string,
  lines: string,
): SourceStatements {
  const { plan } = request
  const passed = ['"offset"', ...(request.lateness?.size ? ['observed_ms'] : [])]
  const filters = plan.metrics.map(({ metric }) => filterOf(request, metric))
  const inGroups = filters[0] && groupStatements(plan, dialect, table, lines, passed, filters[0])
  const statements = inGroups ?? parseStatements(plan, dialect, table, lines, passed)
  return {
    ...statements,
    partials(metric, tally) {
      const printer = new TallyPrinter(dialect, plan.metrics[metric]!, recordColumns(plan))
      const ofRecords = printer.partials(tally, table, filters[metric]!)
      if (!inGroups) return ofRecords
      return printer.mergePartials(tally, `(${inGroups.grouped.partials} UNION ALL ${ofRecords})`)
    },
  }
}
